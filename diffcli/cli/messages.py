"""Messages on stderr: errors with a caret, warnings, readings, progress bars."""

from __future__ import annotations

import shutil
import sys
import textwrap
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic
from typing import Protocol

from diffcli.errors import DiffcliError
from diffcli.output.text import safe

_WIDTH = 76
_NARROWEST = 40
"""Columns of a terminal below which nothing is cut any further."""
_LONGEST = 4000
_INDENT = "  "
PATIENCE = 0.5
"""Seconds after which a progress bar appears, on a terminal."""


def say(line: str) -> None:
    """Write a remark to stderr, control characters escaped; of a very long one, both ends.

    On a terminal it is cut into lines of its width, at blanks.
    """
    line = _safe(line)
    if sys.stderr.isatty():
        line = _wrapped(line, shutil.get_terminal_size().columns)
    sys.stderr.write(line + "\n")


def _safe(line: str) -> str:
    if len(line) > _LONGEST:
        line = f"{line[: _LONGEST // 2]} … {line[-_LONGEST // 2 :]}"
    return safe(line)


def _wrapped(line: str, width: int) -> str:
    """Return a remark in lines of a width; those after the first stand two columns further in."""
    start = " " * (len(line) - len(line.lstrip()))
    return textwrap.fill(
        line.lstrip(),
        max(width, _NARROWEST),
        initial_indent=start,
        subsequent_indent=start + _INDENT,
        break_long_words=False,
        break_on_hyphens=False,
    )


def show_error(error: DiffcliError) -> None:
    """Write an error: its cause, the place in what was typed, the remedy."""
    for line in error_lines(error):
        if line.startswith(_INDENT):  # what was typed, above its carets
            sys.stderr.write(_safe(line) + "\n")
        else:
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
    yield f"{_INDENT}{before}{marked}{after}"
    yield f"{_INDENT}{' ' * _columns(before)}{'^' * max(_columns(marked), 1)}"


def _columns(text: str) -> int:
    """Count the columns that text takes on a terminal."""
    wide = sum(unicodedata.east_asian_width(char) in "WF" for char in text)
    return len(text) + wide - sum(unicodedata.combining(char) > 0 for char in text)


class Watch(Protocol):
    """A callback that shows how much is done, and a note beside the bar."""

    def __call__(self, done: int, note: str = "") -> None:
        """Show the progress."""


@contextmanager
def progress(what: str, total: int | None, *, quiet: bool) -> Iterator[Watch]:
    """Give a callback for the count of what is done; without a total the bar has no end."""
    if quiet or not sys.stderr.isatty():
        yield lambda done, note="": None  # noqa: ARG005  nobody looks
        return
    from rich.console import Console
    from rich.progress import Progress, TextColumn

    begun = monotonic()
    columns = (*Progress.get_default_columns(), TextColumn("{task.fields[note]}"))
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=total, visible=False, note="")

        def watch(done: int, note: str = "") -> None:
            visible = monotonic() - begun > PATIENCE
            bar.update(task, completed=done, note=note, visible=visible)

        yield watch


@contextmanager
def points_done(what: str, total: int, *, quiet: bool) -> Iterator[Callable[[int], None]]:
    """Give a callback for the count of points; where the work is interrupted, say how many."""
    begun, done = monotonic(), 0
    with progress(what, total, quiet=quiet) as bar:

        def watch(count: int) -> None:
            nonlocal done
            done = count
            bar(count, f"{count / max(monotonic() - begun, 1e-9):,.0f} points a second")

        try:
            yield watch
        except KeyboardInterrupt:
            say(f"stopped after {done:,} of {total:,} points")
            raise
