"""What goes to stderr: errors with a caret, warnings, readings."""

from __future__ import annotations

import sys
import unicodedata
from collections.abc import Iterator

from diffcli.errors import DiffcliError
from diffcli.output.text import safe

_WIDTH = 76
_LONGEST = 4000


def say(line: str) -> None:
    """Write one line to stderr, control characters escaped; of a very long one, both ends."""
    if len(line) > _LONGEST:
        line = f"{line[: _LONGEST // 2]} … {line[-_LONGEST // 2 :]}"
    sys.stderr.write(safe(line) + "\n")


def show_error(error: DiffcliError) -> None:
    """Write an error: its cause, the place in what was typed, the remedy."""
    for line in error_lines(error):
        say(line)


def error_lines(error: DiffcliError) -> Iterator[str]:
    """Yield the lines of an error's message."""
    yield f"error: {error.message}"
    if error.text is not None and error.column is not None:
        yield from _caret(error.text, error.column, error.width)
    if error.hint:
        yield f"hint: {error.hint}"


def _caret(text: str, column: int, width: int) -> Iterator[str]:
    """Yield the typed text, shortened around the place, and carets under the place."""
    start = max(0, min(column - _WIDTH // 2, len(text) - _WIDTH))
    stop = start + _WIDTH
    before = ("…" if start else "") + safe(text[start:column])
    marked = safe(text[column : min(column + width, stop)])
    after = safe(text[column + width : stop]) + ("…" if stop < len(text) else "")
    yield f"  {before}{marked}{after}"
    yield f"  {' ' * _columns(before)}{'^' * max(_columns(marked), 1)}"


def _columns(text: str) -> int:
    """Count the columns that text takes on a terminal."""
    wide = sum(unicodedata.east_asian_width(char) in "WF" for char in text)
    return len(text) + wide - sum(unicodedata.combining(char) > 0 for char in text)
