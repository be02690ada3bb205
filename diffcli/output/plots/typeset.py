"""Names and formulas in a picture: typeset where matplotlib can, else as text."""

from __future__ import annotations

import re
from dataclasses import dataclass

from matplotlib.font_manager import FontProperties
from matplotlib.mathtext import MathTextParser
from matplotlib.text import Text

from diffcli.output.plots.style import FONT_SIZE

WIDTH = 0.44
"""Of a character, as a part of its size."""
_APART = re.compile(
    r"(?<=[\w})]) (?=\\(?:operatorname|ln|log|exp|[a-z]*(?:sin|cos|tan|cot|sec|csc)))"
)
"""Between a factor and a function's name TeX leaves a thin space, and matplotlib none."""
_BARS = re.compile(r"\\left\|((?:(?!\\left|\\d?frac|\|).)*?)\\right\|")
"""Bars around what is no taller than a letter, which matplotlib would make as low as that."""


@dataclass(frozen=True)
class Label:
    """A text, whether matplotlib is to typeset it, and about how wide it is in points."""

    text: str
    math: bool
    width: float

    def write(self, text: Text) -> None:
        """Put it in the place of a picture's text."""
        text.set_text(self.text)
        text.set_parse_math(self.math)


def plain(text: str) -> Label:
    """Return a text as it is."""
    return Label(text, False, len(text) * WIDTH * FONT_SIZE)


def typeset(latex: str) -> Label | None:
    """Return a formula typeset, its fractions in full size; None where matplotlib can't."""
    display = _APART.sub(r"\\, ", _BARS.sub(r"|\1|", latex).replace(r"\frac", r"\dfrac"))
    try:
        box = MathTextParser("path").parse(f"${display}$", prop=FontProperties(size=FONT_SIZE))
    except ValueError:  # what it raises on a command that it doesn't know
        return None
    return Label(f"${display}$", True, box.width)


def named(latex: str | None, text: str) -> Label:
    """Return a name or a formula typeset, or as text."""
    return (latex and typeset(latex)) or plain(text)
