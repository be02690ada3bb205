"""Text → Function: tokens, names, the parser, the table of functions, points.

- ``tokens`` (``latex`` for LaTeX), then ``pratt``: tokens → nodes, with ``cursor``, ``names``,
  ``powers``, ``products``, ``application``, ``indexing``, ``binders``, ``differentials`` and
  ``borrowed``, a habit of writing each; ``builder`` makes the nodes. ``parser``: the whole;
  ``skeletons`` and ``repetition``: where it is very long.
- ``expression``: the DAG; ``printer``: back to text; ``algebra`` and ``derivative``: its own rules
  for a derivative inside a formula; ``integrals``: inside one too.
- ``rows``, ``functions``, ``special_functions``: the table; ``tensors``: of tensor operations;
  ``vocabulary`` and ``catalogue``: every name, and what it means; ``limits``: of all that is typed;
  ``remedies``: what to type instead.
- ``points``, ``bounds``, ``uncertain``, ``equations``: what else is typed.
"""
