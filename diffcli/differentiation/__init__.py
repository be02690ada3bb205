"""The one flow: Function + points → engines → verdicts → Report.

- ``settings``; ``problem``: the entries and formulas for variables of certain shapes; ``numbers``
  and ``places``: autograd's numbers with their checks, and the points that they are of.
- ``evaluation``: autograd's numbers, by ``columns``, ``vectors`` and ``by_shape`` where they are
  many; ``closed`` and ``assumed``: formulas of tensors.
- ``selection``: which of many numbers are checked, suspects first, then a sample.
- ``examination``: the one loop of the checks, for ``checker`` (a function of numbers at positions)
  and for ``samples`` (a formula for each component of a large answer); ``normwise``: where LAPACK
  is in them; ``judge``: numbers against balls, the verdict.
- ``results``: the one builder of a result, for ``answers`` (a point), ``stacked`` (many points) and
  ``large`` (too many numbers to check each); ``analysis``: what the numbers say together.
- ``flow``: ``derive``, with the symbolic formulas; ``code``: derivatives of people's own code.
"""

from diffcli.differentiation.flow import derive
from diffcli.differentiation.settings import DIGITS, ENGINES, Settings

__all__ = ["DIGITS", "ENGINES", "Settings", "derive"]
