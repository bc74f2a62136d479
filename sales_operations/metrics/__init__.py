"""What the figures mean: one definition each, as Narwhals expressions over a frame of deals; no input, no output."""
