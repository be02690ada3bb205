"""Extrema under constraints: the points of Lagrange, of Karush, Kuhn and Tucker, and of Fritz John.

``problem`` reads constraints. ``cells`` discards boxes in which the condition of Fritz John fails,
``multipliers`` proves one point in what is left, for each set of active constraints, ``singular``
finds points where their gradients are dependent, and ``blowup`` proves these to be alone.
``second_order`` says what a point is, ``search`` puts it together, ``extremes`` has the least and
the greatest value, ``document`` shows it.
"""
