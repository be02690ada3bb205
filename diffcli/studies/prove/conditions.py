"""Comparisons as typed: an equals sign between formulas, and the condition that a text states."""

from __future__ import annotations

import re
from collections.abc import Sequence

from diffcli.language.expression import NUMBER, Node
from diffcli.language.functions import TABLE

_EQUALS = re.compile(r"(?<![<>=!:])=(?!=)")


def with_equality(text: str) -> str:
    """Return a text in which a single equals sign compares, as in ``x^2 + y^2 = 1``."""
    return _EQUALS.sub("==", text)


def condition_of(output: Node) -> Node | None:
    """Return the condition that was typed where a formula stands; None for a formula."""
    states = (
        output.op == "piecewise"
        and len(output.args) == 4
        and output.args[0].op == NUMBER
        and output.args[1].op in TABLE
        and TABLE[output.args[1].op].boolean
        and output.args[2].value == 0
    )
    return output.args[1] if states else None


def spoken(readings: Sequence[str]) -> tuple[str, ...]:
    """Return the readings without the remark that a condition counts as a number."""
    return tuple(each for each in readings if not each.startswith("a condition counts"))
