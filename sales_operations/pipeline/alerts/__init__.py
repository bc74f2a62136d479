"""The warnings about open deals: what each one means, which deals have it, and how often it has been right."""
