"""The warnings about open deals: which deals have them, and how often they have been right."""
