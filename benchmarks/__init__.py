"""Measures how fast the product is, as ratios to what a plain program does with the same rows in the same run."""
