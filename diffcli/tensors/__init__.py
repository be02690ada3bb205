"""The tensor operations, a record each, and what walks over a formula of tensors by them.

- ``rules``: the record, :class:`TensorRule`; ``reductions``, ``lines`` and ``linear`` hold one for
  every row of the table of tensor operations.
- ``shapes``: the shapes of a formula's terms; ``components``: the formula written out number by
  number, and ``pieces`` one of its numbers; ``sparsity``: which of its derivatives may differ from
  0; ``calculus``: its derivatives as formulas of tensors.
"""
