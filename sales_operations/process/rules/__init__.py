"""Automation written in files: read and checked, tried on the history, applied, and carried out once for each cause."""
