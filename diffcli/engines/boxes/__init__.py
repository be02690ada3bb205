"""Bounds of formulas over many boxes at once: outward-rounded intervals of float64, in numpy.

``arithmetic`` has the operations that IEEE 754 rounds correctly, ``elementary`` the functions made
of these, with proven error bounds, ``rules`` the first two derivatives of functions of one number,
``jets`` the arithmetic of values, gradients and Hessians, ``arb`` the functions that Arb encloses
box by box, ``bounds`` the walk over a formula.
"""
