"""Derivatives of what equations define.

``formulas`` writes them, ``points`` computes and encloses them, ``derivatives`` gives the answer.
At a singular point ``germs`` makes a polynomial of the equation, ``puiseux`` finds its real
half-branches, ``local`` those of an equation with kinks, and ``described`` says what follows.
"""
