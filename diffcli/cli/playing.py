"""Pictures as text that follow one another on a terminal."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from time import sleep


def play(texts: Iterable[str]) -> None:
    """Show texts one after the other on the terminal, each where the last one stood."""
    from diffcli.output.plots.movie import LASTING

    back = ""
    for text in texts:
        lines = text.splitlines()
        # What is left of a longer line is cleared.
        sys.stdout.write(back + "".join(f"{line}\x1b[K\n" for line in lines) + "\x1b[J")
        sys.stdout.flush()
        back = f"\x1b[{len(lines)}A"
        sleep(LASTING / 1000)
