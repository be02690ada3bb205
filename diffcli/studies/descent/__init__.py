"""Gradient descent, step by step."""
