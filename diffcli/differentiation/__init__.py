"""The one flow: Function + points → engines → verdicts → Report.

``flow`` has ``derive``: the answers at points, and the symbolic formulas beside them. ``answers``
goes the way of one request, by ``settings``: a ``problem`` (the entries and formulas for variables
of certain shapes), ``numbers`` (autograd's, at the points), ``checks`` (what the proving engines
find, the verdicts), ``results``. ``forms``: closed forms of tensors; ``code``: derivatives of
people's own code.
"""

from diffcli.differentiation.flow import derive
from diffcli.differentiation.settings import DIGITS, ENGINES, Settings

__all__ = ["DIGITS", "ENGINES", "Settings", "derive"]
