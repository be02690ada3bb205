"""The one flow: Function + points → engines → verdicts → Report.

- ``settings``; ``cases``: what is computed for which shapes; ``numbers`` and ``places``: results,
  and the points that they are of.
- ``evaluation``: autograd's numbers; ``checker``: a verdict for each, as time allows; ``normwise``:
  where LAPACK is in them.
- ``selection``: which of many points are checked.
- ``large`` and ``samples``, ``by_shape``, ``columns``, ``stacked``, ``vectors``: what is
  too much to check in full.
- ``analysis``: what is said beside; ``answers``: all of it at points; ``flow``: ``derive``, with
  the symbolic formulas.
"""

from diffcli.differentiation.flow import derive
from diffcli.differentiation.settings import DIGITS, ENGINES, Settings

__all__ = ["DIGITS", "ENGINES", "Settings", "derive"]
