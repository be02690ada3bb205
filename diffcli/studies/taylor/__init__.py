"""The Taylor polynomial about a point."""
