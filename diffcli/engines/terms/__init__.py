"""The Function as sympy terms: the functions' meanings, partials, values and readable forms.

- ``dag``: terms made once and walked by loops; ``chain``: their partials.
- ``meanings``, ``functions`` and ``definitions``: what a function is; ``special``, ``symbols``,
  ``operations`` and ``integrals``: those that sympy lacks; ``stated``: the formulas of the table.
- ``numeric``: values at a point; ``formulas``, with ``rewriting``: the form to read;
  ``identity``: whether two are one.
"""
