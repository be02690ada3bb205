"""``prove``: whether a claim holds on all of a box.

``claims`` reads a claim, ``question`` is one with its region and effort. ``comparison`` decides by
branch and bound, ``logic`` where comparisons are joined by ``or``, ``touching`` where both sides
are equal, ``exactness`` at single points, ``domain`` where a formula has a value, ``reduction``
in fewer variables. ``growth`` has monotonicity, convexity and Lipschitz bounds, ``curvature`` rules
of composition. ``answers`` and ``document`` say what was proved.
"""
