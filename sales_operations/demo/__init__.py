"""The demonstration company: rows made from a seed alone, with nothing read, written or looked up."""
