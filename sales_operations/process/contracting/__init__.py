"""Contracts as papers: drafted from templates, with terms, versions and redlines."""
