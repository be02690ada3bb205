"""The enclosure's arithmetic: what each operation and function does to balls and series.

- ``guards``: what a rule may decide; ``decimals``: balls read as floats and digits.
- ``elementary``, ``special``, then ``gamma``, ``integrals``, ``elliptic``, ``bessel`` and
  ``polynomials``: the rules, a family each; ``analytic``: series from values on a circle.
- ``rules``: all of them by the names of the table's rows; ``walk``: a formula's passes over them.
- ``field``, ``forms``, ``values`` and ``separation``: exact constants, and when two are equal.
- ``branches``, ``pieces``, ``integrands`` and ``quadrature``: proved integrals.
- ``holomorphic``: formulas of complex numbers; ``cuts`` and ``sums``: the sides of branch cuts.
"""
