"""A formula and its derivatives as code that runs without diffcli, tried before it is shown.

- ``routines``: what is to be written, with ``partials`` over the typed DAG; ``rewriting`` and
  ``stable`` keep the digits.
- ``target``: what a language says of itself; ``targets``: a file a language.
- ``lowering``: what a language lacks, by others; ``schedule``, then ``emitter``: a function's body;
  ``writers``: the file around it; ``code``: the whole.
- ``trial`` and ``tensor_trial`` run it, at the difficult points of ``caveats`` too.
"""
