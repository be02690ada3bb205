"""``diffcli plot``: functions and their derivatives as lines, curves, fields and surfaces.

``options`` is what can be asked, ``reading`` makes numbers of what was typed, ``drawing`` writes,
shows or prints the picture.
"""

from __future__ import annotations

from diffcli.cli.plot.drawing import plot
from diffcli.cli.plot.options import COMMAND

__all__ = ["COMMAND", "plot"]
