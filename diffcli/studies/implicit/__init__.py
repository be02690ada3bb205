"""Derivatives of what equations define."""
