"""Many points from a file, streamed: read in chunks, evaluated, written, resumed."""
