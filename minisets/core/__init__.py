"""Pure decisions: values in, values out; no Docker, files, clock, randomness or output."""
