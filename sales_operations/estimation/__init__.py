"""Statistics that several rooms share: arrays in, arrays out, numpy alone."""
