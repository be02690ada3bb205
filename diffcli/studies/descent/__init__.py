"""Gradient descent, step by step.

``objective`` is what is minimised, ``optimizers`` how it moves, ``descend`` the way and its end.
"""
