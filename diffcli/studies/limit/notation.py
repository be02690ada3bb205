r"""A limit as it is written: ``\lim_{x \to 0} f``, ``lim x->0 f``, ``limit(f, x, 0)``."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from diffcli.errors import FormulaError, UsageError

_NAME = r"(?P<name>\\?[^\W\d]\w*)"
_ARROW = r"(?:->|→|=>|\\to\b|\\(?:long)?rightarrow\b|(?:approaches|tends\s+to|goes\s+to)\b)"
_UP_TO = re.compile(
    rf"""
    \\?\blim(?:it)? (?:\\limits)? \s* (?:as\s+)? _? \s* (?P<opener>[{{(]?) \s*
    {_NAME} \s* {_ARROW} \s*
    """,
    re.VERBOSE,
)
"""A sign of a limit up to the arrow; in brackets the point ends with them, else at a blank."""
_BARE_POINT = re.compile(r"(?P<point>[+-]?\s*[^\s,:]+)(?:[,:]|\s|$)\s*(?:of\s+)?")
_CALL = re.compile(r"\s*[Ll]im(?:it)?\s*(?P<opener>[(\[])")
_CALLED_POINT = re.compile(rf"\s*{_NAME}\s*(?:,|=|{_ARROW})\s*(?P<point>.+?)\s*", re.DOTALL)
_BEHIND = re.compile(
    r"(?:(?:the\s+)?limit\s+of\s+)?"
    rf"(?P<formula>.*\S)(?:\s*,\s*|\s+)(?:as|for|when)\s+{_NAME}\s*{_ARROW}\s*(?P<point>.+)",
    re.DOTALL,
)
_OPENING, _CLOSING = "([{", ")]}"
_EXAMPLE = r'diffcli limit "\lim_{x \to 0} sin(x)/x", or diffcli limit "sin(x)/x" --at 0'


class Written(NamedTuple):
    """A formula without the sign of its limit; the variable that moves, and where to."""

    formula: str
    name: str
    point: str


def written_limit(text: str) -> Written | None:
    """Return the parts of a limit that a text says; None where it is a formula alone.

    Raises FormulaError where there is a sign of a limit without a formula.
    """
    found = _in_front(text) or _called(text) or _behind(text)
    if found is None:
        return None
    if not found.formula.strip(r" $\[]()"):
        raise FormulaError("a limit of no formula", text=text, column=0, hint=_EXAMPLE)
    return found


def asked_limit(formulas: Sequence[str], wrt: str | None) -> Written | None:
    """Return the limit that the only formula says. Raises UsageError where ``wrt`` contradicts."""
    written = written_limit(formulas[0]) if len(formulas) == 1 else None
    if written is not None and wrt not in (None, written.name):
        raise UsageError(
            f"the formula says that {written.name} moves, and --wrt that {wrt} does",
            hint="leave out --wrt",
        )
    return written


def _in_front(text: str) -> Written | None:
    r"""Return the limit of ``\lim_{x \to 0} f`` and ``lim x->0 f``."""
    sign = _UP_TO.search(text)
    if sign is None or text[: sign.start()].strip(r" $\[({").removeprefix("displaystyle").strip():
        return None
    if sign["opener"]:
        end = _end_of_bracket(text, sign.end())
        point, rest = text[sign.end() : end], end + 1
    else:
        bare = _BARE_POINT.match(text, sign.end())
        if bare is None:
            return None
        point, rest = bare["point"], bare.end()
    return Written(text[: sign.start()] + text[rest:], _plain(sign["name"]), point)


def _called(text: str) -> Written | None:
    """Return the limit of ``limit(f, x, 0)``, ``limit(f, x=0)`` and ``Limit[f, x -> 0]``."""
    sign = _CALL.match(text)
    if sign is None or _end_of_bracket(text, sign.end()) != len(text.rstrip()) - 1:
        return None
    inner = text[sign.end() : len(text.rstrip()) - 1]
    commas = [column for column in _outside(inner) if inner[column] == ","]
    where = _CALLED_POINT.fullmatch(inner, commas[0] + 1) if commas else None
    return Written(inner[: commas[0]], _plain(where["name"]), where["point"]) if where else None


def _behind(text: str) -> Written | None:
    """Return the limit of ``sin(x)/x as x -> 0``."""
    found = _BEHIND.fullmatch(text.strip())
    if found is None:
        return None
    return Written(found["formula"], _plain(found["name"]), found["point"])


def _end_of_bracket(text: str, start: int) -> int:
    """Return where the bracket closes whose inside begins here; the text's end where none does."""
    columns = [start, *_outside(text, start)]
    return columns[-1] if text[columns[-1] : columns[-1] + 1] in (*_CLOSING,) else len(text)


def _outside(text: str, start: int = 0) -> list[int]:
    """Return the columns outside inner brackets, up to a closing one that none there opens."""
    depth, columns = 0, []
    for column in range(start, len(text)):
        if depth == 0:
            columns.append(column)
        depth += (text[column] in _OPENING) - (text[column] in _CLOSING)
        if depth < 0:
            break
    return columns


def _plain(name: str) -> str:
    return name.removeprefix("\\")
