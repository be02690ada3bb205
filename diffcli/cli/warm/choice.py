"""Whether a command may be handed over to the warm process, by its options and the environment."""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False  # typing is slow to import
if TYPE_CHECKING:
    from collections.abc import Sequence

COLD = "--cold"
"""The option that runs a command without the warm process."""
SWITCH = "DIFFCLI_WARM"
"""The environment variable: 0 never uses a warm process, 1 starts one where there is none."""

_ASKS_THE_SHELL = ("--install-completion", "--show-completion")
"""Options for which this process's parents are searched for the shell."""


def may_be_handed_over(typed: Sequence[str]) -> bool:
    """Return whether a warm process may run this command."""
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
