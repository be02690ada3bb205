"""A formula and its derivatives as code that runs without diffcli, tried before it is shown.

- ``routines``: what is to be written, with ``partials`` over the typed DAG.
- ``targets``: how each language writes an operation; ``lowering``: what it lacks, by others;
  ``names``: those that it takes.
- ``demand``, ``schedule``, then ``emitter``: a function's body; ``writers``: the file around it.
- ``code``: the whole; ``formulas``: as LaTeX. ``runners``, ``trial`` and ``tensor_trial`` run it.
"""
