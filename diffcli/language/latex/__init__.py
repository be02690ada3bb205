"""LaTeX, read and written."""
