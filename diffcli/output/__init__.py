"""Report → table, plain, JSON, CSV, Markdown, LaTeX."""
