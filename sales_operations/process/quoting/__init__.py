"""Quotes: content, prices, versions, approvals, and what is decided about them."""
