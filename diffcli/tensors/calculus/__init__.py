"""Matrix calculus: derivatives of formulas of tensors, as formulas of tensors.

- ``networks``: products of tensors in index notation; ``opening``: nodes of the language as such
  products; ``differentials``: the rule of each operation, ``along_lines`` those of reductions,
  softmax and sums.
- ``simplifying``: exact identities, and which products are equal; ``contraction`` and ``sums``:
  products and their sums written in the language.
- ``sweeps``: the derivative of a whole formula, forward and backward; ``forms``: gradients,
  Jacobians, Hessians and products with vectors.
"""
