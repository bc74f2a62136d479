"""Moves of deals: the ways that are open, the move itself, what it brings about, and what went past a gate."""
