"""How each report is read: which of its parts are tables, which figures are facts, and what is drawn."""
