"""Critical points, zeros and all else of note, found and proved.

- ``boxes``, ``wide`` and ``systems``: enclosures over boxes, and roots proved alone in one;
  ``intervals``: every root in a box; ``factors`` and ``clearing``: next to poles and kinks.
- ``kinds``, ``exact`` and ``landmarks``: what was found, and its exact value.
- ``starts``, ``continua``, then ``points``: the critical points of any function.
- ``infinity``, ``asymptotes``, then ``analysis``: all of a function of one variable.
- ``proofs``: what is proved on an interval, and at a point, for the studies of ``curves``.
"""
