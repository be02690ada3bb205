"""The installed ``diffcli``: hands the command over to the warm process, or runs it here.

A command that is handed over takes milliseconds, so nothing heavy is imported before that is
decided.
"""

from __future__ import annotations

import os
import sys

from diffcli.cli.warm.choice import SWITCH, may_be_handed_over, options_of

TYPE_CHECKING = False  # typing is slow to import
if TYPE_CHECKING:
    from typing import NoReturn


def main() -> NoReturn:
    """Run the command line on what was typed, and exit."""
    typed = sys.argv[1:]
    starts_one = os.environ.get(SWITCH) == "1"
    if may_be_handed_over(typed) and (starts_one or not _is_alone()):
        from diffcli.cli.warm.client import hand_over

        hand_over(typed, options_of(typed), starts_one=starts_one)
    from diffcli.cli.main import main as run_here

    run_here()


def _is_alone() -> bool:
    """Return whether there is no warm process, before the client is imported for nothing."""
    from diffcli.cli.warm.address import is_free

    return is_free()
