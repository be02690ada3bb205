"""Derivatives of people's own Python code, in place of a formula: what ``--py`` and the API take.

- ``functions``: the function of a user's file, which is run; ``modules``: a torch module as a
  function of its parameters.
- ``proofs``: proved derivatives of what a call recorded; ``weighing``: the verdicts on autograd's
  numbers beside them.
- ``reports``: an operator of such a function at points, as a report.
"""
