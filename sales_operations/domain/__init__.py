"""What the words of the business mean: values in, decisions and events out; standard library only."""
