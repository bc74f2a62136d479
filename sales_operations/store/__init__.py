"""Where everything is kept: tables, transactions, history, audit, and columns for analysis."""
