"""Derivatives of what equations define.

``formulas`` writes them, ``points`` computes and encloses them, ``derivatives`` gives the answer.
"""
