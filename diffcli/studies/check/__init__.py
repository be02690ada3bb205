"""A derivative held against a claim, or against every engine.

- ``claim``: what is claimed, as typed; ``tensor_claim``: of tensors, by components.
- ``places``: random points, and what is certain there; ``mistakes``: which slip explains a claim;
  ``judgement``: proved, equal at many points, or wrong; ``decision``: of numbers or tensors.
- ``evidence``: every engine's word without a claim. ``code``: a derivative written as code.
- ``document`` and ``code_document``: what is shown of these.
"""
