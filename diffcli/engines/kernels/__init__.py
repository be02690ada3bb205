"""The functions of the table in torch, and how each is differentiated.

- ``rules``: a value and its partials under autograd; ``closed``: both from scipy, mpmath and the
  table.
- ``elementary`` and ``special``, then ``activation``, ``integrals``, ``bessel`` and
  ``hypergeometric``: the functions, a family each.
- ``table``: all of them by the names of the table's rows. ``quadrature``: integrals.
"""
