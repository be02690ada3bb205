"""Autograd's backward graph."""
