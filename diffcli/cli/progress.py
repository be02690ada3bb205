"""Progress bars: on stderr, on a terminal, and only where there is time to see one."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic
from typing import Protocol

from diffcli.cli.messages import say

PATIENCE = 0.5
"""Seconds after which a bar appears."""


class Watch(Protocol):
    """Is told how much is done, and what to show beside the bar."""

    def __call__(self, done: int, note: str = "") -> None:
        """Show it."""


@contextmanager
def progress(what: str, total: int | None, *, quiet: bool) -> Iterator[Watch]:
    """Give what is to be told how much is done; without a total the bar has no end."""
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
    """Give what is to be told how many points are done; where it is interrupted, say how many."""
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
