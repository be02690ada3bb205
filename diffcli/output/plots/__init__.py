"""Samples → pictures."""
