"""Who is who: duplicates of accounts, contacts and leads, found and merged."""
