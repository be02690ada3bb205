"""``bounds``: the proved range of a function over a box, of its partials, and what follows.

``ranges`` finds the least and the greatest values, ``statement`` what they say of growth, of
convexity and of Lipschitz constants, ``document`` lays it out.
"""
