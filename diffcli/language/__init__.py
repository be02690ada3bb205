"""Text → Function: tokens, names, the grammar, the table of functions, points.

From the bottom up, as they import each other:

- ``limits`` of what is typed; ``remedies``: what to type instead; ``spellings`` of other systems.
- ``rows``, ``functions``, ``special_functions``: the table of functions; ``tensors``: the table of
  tensor operations; ``vocabulary`` and ``catalogue``: every name, and its meaning.
- ``expression``: the DAG; ``printer``: back to text; ``integrals``; ``repetition``: rows of a few
  shapes; ``function``: what a text is read as.
- ``tokens``, ``cursor``, ``occurrences``, ``names``, ``builder``: what a parser
  needs. ``pratt``: the parser, with the tables of its grammar left open; ``products``,
  ``application``, ``indexing`` and ``borrowed`` read the formulas of the tables, which ``rules``
  gathers.
- ``algebra`` and ``derivative``: derivatives inside a formula, by the table's partials;
  ``differentials``, ``binders``, ``evaluations``: how they, sums and integrals are written;
  ``linear`` and ``matrices``: products of matrices. ``grammar`` registers all of them.
- ``skeletons``: long texts whose rows repeat; ``parser``: the whole; ``latex``: its tokens.
- ``points``, ``given``, ``ranges``, ``uncertain``, ``equations``: what else is typed.
"""
