"""Three ways to differentiate one Function; the enclosure shares no rule with the other two.

- autograd (torch): ``lambdify`` lowers sympy's graph of the formula to a ``tape``, on which
  ``guards`` keep branches apart; ``writing`` makes code of it, a ``program`` over ``tensors`` and
  ``kernels``, which ``autograd`` differentiates. Other ways to the same numbers:
  ``taylor`` at high orders, ``matrices`` by their structure, ``templates`` of many terms,
  ``throughput`` of many points. ``differences`` stand in where there is no formula. ``devices``
  chooses where, ``callable`` is for torch's own programs.
- symbolic (sympy): ``terms``, and ``symbolic`` over them; ``worker`` and ``remote`` say in which
  process.
- enclosure (Arb): ``balls``, and ``enclosure`` over them; ``difficult``, by the expansions of
  ``one_sided``, where there is no ball; ``rounding`` bounds torch's errors; ``evidence`` is what
  all of these found. ``quotients`` suggest a number and prove none.

``exact`` and ``coordinates`` read points, ``margins`` says where an operation is difficult,
``touching`` whether a point is there.
"""
