"""Derivatives in complex variables."""
