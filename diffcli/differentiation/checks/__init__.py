"""From numbers to verdicts.

``selection``: which of many numbers are checked, suspects first, then a sample; ``examination``:
the one loop of the checks, for ``checker`` (a function of numbers at positions) and for ``samples``
(a formula for each component of a large answer); ``normwise``: the errors where LAPACK is in the
numbers; ``judge``: numbers against balls, the verdict.
"""
