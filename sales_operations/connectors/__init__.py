"""From a file to typed columns of records: reading, recognising, mapping, parsing. Nothing here writes to the store."""
