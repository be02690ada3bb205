"""Names and formulas in a picture: typeset where matplotlib can, else as text."""

from __future__ import annotations

import re
from dataclasses import dataclass

from matplotlib.font_manager import FontProperties
from matplotlib.mathtext import MathTextParser
from matplotlib.text import Text

from diffcli.output.latex import scientific
from diffcli.output.plots.style import FONT_SIZE

WIDTH = 0.44
"""Of a character, as a part of its size."""
_APART = re.compile(
    r"(?<=[\w})]) (?=\\(?:operatorname|ln|log|exp|[a-z]*(?:sin|cos|tan|cot|sec|csc)))"
)
"""Between a factor and a function's name TeX leaves a thin space, and matplotlib none."""
_BARS = re.compile(r"\\left\|((?:(?!\\left|\\d?frac|\|).)*?)\\right\|")
"""Bars around what is no taller than a letter, which matplotlib would make as low as that."""


_CASES = re.compile(r"\\begin\{cases\}(.*?)\\end\{cases\}", re.DOTALL)
"""A formula by cases, for which matplotlib has no layout."""
_EXPONENT = re.compile(r"\^\{(- ?)?\\frac(?=\{)")
"""An exponent that begins with a fraction."""
_SIMPLE = re.compile(r"-?[\w.\\ ]+")


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
    level = _level_exponents(_CASES.sub(_in_line, scientific(latex)))
    display = _APART.sub(r"\\, ", _BARS.sub(r"|\1|", level).replace(r"\frac", r"\dfrac"))
    try:
        box = MathTextParser("path").parse(f"${display}$", prop=FontProperties(size=FONT_SIZE))
    except ValueError:  # what it raises on a command that it doesn't know
        return None
    return Label(f"${display}$", True, box.width)


def _in_line(cases: re.Match[str]) -> str:
    """Return a formula by cases in one line: 2x for x < 0, cos(x) otherwise."""
    rows = [row.split("&") for row in re.split(r"\\\\", cases[1])]
    texts = [" \\ ".join(part.strip() for part in row) for row in rows]
    return ",\\quad ".join(text.replace(r"\text", r"\mathrm") for text in texts)


def _level_exponents(latex: str) -> str:
    """Return a formula with a slash in an exponent that is one fraction.

    With a line it would be so tall that the bracket around it seems to be raised.
    """
    for match in reversed(list(_EXPONENT.finditer(latex))):
        above, middle = _group(latex, match.end())
        below, end = _group(latex, middle)
        if latex[end : end + 1] != "}":
            continue
        is_one = _SIMPLE.fullmatch(below) and " " not in below
        parts = [f"({above})" if _is_sum(above) else above, below if is_one else f"({below})"]
        latex = f"{latex[: match.start()]}^{{{match[1] or ''}{'/'.join(parts)}{latex[end:]}"
    return latex


def _is_sum(latex: str) -> bool:
    """Whether a formula is a sum outside of all its brackets and braces."""
    depth = 0
    for place, sign in enumerate(latex):
        depth += (sign in "({") - (sign in ")}")
        if place and not depth and sign in "+-":
            return True
    return False


def _group(latex: str, start: int) -> tuple[str, int]:
    """Return what stands in the braces that open at a place, and where they have ended."""
    depth = 0
    for place in range(start, len(latex)):
        depth += {"{": 1, "}": -1}.get(latex[place], 0)
        if not depth:
            return latex[start + 1 : place], place + 1
    return latex[start + 1 :], len(latex)


def named(latex: str | None, text: str) -> Label:
    """Return a name or a formula typeset, or as text."""
    return (latex and typeset(latex)) or plain(text)
