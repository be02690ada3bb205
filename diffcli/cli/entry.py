"""The installed ``diffcli``: hands the command over to the warm process, or runs it here.

A command that is handed over takes milliseconds, so nothing heavy is imported before that is
decided.
"""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False  # typing is slow to import
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import NoReturn

COLD = "--cold"
"""The option that runs a command without the warm process."""
SWITCH = "DIFFCLI_WARM"
"""The environment variable: 0 never uses a warm process, 1 starts one where there is none."""

_ASKS_THE_SHELL = ("--install-completion", "--show-completion")
"""Options for which this process's parents are searched for the shell."""


def main() -> NoReturn:
    """Run the command line on what was typed, and exit."""
    typed = sys.argv[1:]
    if _may_be_handed_over(typed):
        from diffcli.cli.warm.client import hand_over

        hand_over(typed, options_of(typed), starts_one=os.environ.get(SWITCH) == "1")
    from diffcli.cli.main import main as run_here

    run_here()


def _may_be_handed_over(typed: Sequence[str]) -> bool:
    options = options_of(typed)
    return (
        sys.platform == "linux"
        and os.environ.get(SWITCH) != "0"
        and typed[:1] != ["warm"]
        and COLD not in options
        and not any(option.startswith(_ASKS_THE_SHELL) for option in options)
    )


def options_of(typed: Sequence[str]) -> Sequence[str]:
    """Return the arguments before ``--``, behind which nothing is an option."""
    return typed[: typed.index("--")] if "--" in typed else typed
