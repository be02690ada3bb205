"""On a terminal what is proved first stands there first, until the whole answer takes its place.

The enclosure needs neither torch nor sympy, which take a second to load; the formula comes from a
process of its own; torch loads meanwhile in a thread.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from importlib import import_module
from threading import Thread

from diffcli.differentiation import Settings, derive
from diffcli.errors import DiffcliError
from diffcli.language.expression import Node
from diffcli.language.function import Function
from diffcli.language.points import Point
from diffcli.operators import Operator
from diffcli.output.answers import answer_of
from diffcli.output.formats import View, render
from diffcli.verdict import Verdict

_UP, _CLEAR = "\x1b[{}A", "\x1b[J"
MOST_POINTS = 8
BUDGET = 0.1
"""Seconds for the first proof; where it takes longer, the whole answer isn't delayed further."""
_FIRST, _SECOND = ("enclosure",), ("symbolic", "enclosure")


@contextmanager
def preview(
    operator: Operator,
    function: Function,
    points: Sequence[Point],
    chosen: Settings,
    *,
    view: View | None,
) -> Iterator[None]:
    """Show what the quicker engines prove, and take it away when the answer is there.

    ``view`` is how the answer will be shown; None where it isn't a table on this screen.
    """
    engines, rows = set(chosen.engines), 0
    if view is None or not set(_FIRST) < engines or not _is_small(points) or not _is_wanted():
        yield
        return
    try:
        first = replace(chosen, engines=_FIRST, budget=min(chosen.budget, BUDGET))
        if text := _proved(operator, function, points, first, view):
            rows = _replace(rows, text)
            if set(_SECOND) < engines:
                Thread(target=_load_torch, daemon=True).start()
                second = replace(chosen, engines=_SECOND)
                if text := _proved(operator, function, points, second, view):
                    rows = _replace(rows, text)
        yield
    finally:
        _replace(rows, "")


def _is_small(points: Sequence[Point]) -> bool:
    values = [value for point in points for value in point.values.values()]
    return 0 < len(points) <= MOST_POINTS and all(isinstance(value, Node) for value in values)


def _is_wanted() -> bool:
    is_screen = sys.stdout.isatty() and os.environ.get("TERM", "dumb") != "dumb"
    is_awaited = "torch" not in sys.modules
    return is_awaited and is_screen


def _proved(
    operator: Operator,
    function: Function,
    points: Sequence[Point],
    chosen: Settings,
    view: View,
) -> str:
    """Return the answer of some engines where it is proved, and fits the screen."""
    try:
        report = derive(operator, function, points, chosen)
    except DiffcliError:  # the whole answer will say so
        return ""
    if any(result.verdict is Verdict.UNVERIFIED for result in report.results):
        return ""
    text = render("table", answer_of(report), view)
    return text if text.count("\n") + 2 < shutil.get_terminal_size().lines else ""


def _replace(rows: int, text: str) -> int:
    """Write a text over the last so many rows of the screen; return how many it takes."""
    shown = f"{text}\n" if text else ""
    sys.stdout.write((_UP.format(rows) + _CLEAR if rows else "") + shown)
    sys.stdout.flush()
    return shown.count("\n")


def _load_torch() -> None:
    with suppress(ImportError):  # whoever needs it will say so
        import_module("torch")
