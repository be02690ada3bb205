"""The table of commands: each is imported, and its options are made, when it is first named."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from importlib import import_module
from types import MappingProxyType
from typing import Any, NamedTuple

from typer import Typer
from typer.main import get_command

from diffcli.cli.help import Command, Group

MAX_CACHED = 128
"""Commands that are kept: all that there are."""

HELP_NAMES = ["-h", "--help"]


class Entry(NamedTuple):
    """Where a command is: ``module:function`` in diffcli.cli; the module's EXAMPLES head its help.

    With ``common`` it has the options that all derivative commands share.
    """

    reference: str
    common: bool = True
    hidden: bool = False


COMMANDS: Mapping[str, Entry] = MappingProxyType(
    {
        "functions": Entry("functions:functions", common=False),
        "plot": Entry("plot:plot", common=False),
        "check": Entry("check:check"),
        "descend": Entry("descend:descend"),
        "graph": Entry("graph:graph"),
        "uncertainty": Entry("uncertainty:uncertainty"),
        "profile": Entry("profile:profile"),
        "export": Entry("export:export", common=False),
        "implicit": Entry("implicit:implicit"),
        "prove": Entry("prove:prove"),
        "bounds": Entry("bounds:bounds"),
        "steps": Entry("steps:steps"),
        "critical": Entry("critical:critical"),
        "batch": Entry("batch:batch"),
        "repl": Entry("repl:repl", common=False),
        "warm": Entry("warm.commands:warm", common=False),
        "analyze": Entry("critical:critical", hidden=True),
    }
)
"""Every command but the operators', which follow from their own registry."""


def names() -> list[str]:
    """Return the names of all commands, as help lists them."""
    from diffcli.operators import OPERATORS

    return [*OPERATORS, *COMMANDS]


@lru_cache(MAX_CACHED)
def command(name: str) -> Any:
    """Return the command of a name, as typer has it."""
    app = Typer(add_completion=False, rich_markup_mode=None)
    if name in COMMANDS:
        _register(app, name, COMMANDS[name])
    else:
        from diffcli.cli.derivatives import register

        register(app, name)
    return get_command(app)


def options(name: str) -> dict[str, bool]:
    """Return a command's options, and whether each takes a value."""
    found = dict.fromkeys(HELP_NAMES, False)
    for param in command(name).params:
        if param.param_type_name == "option":
            found |= dict.fromkeys(param.opts, not param.is_flag)
    return found


class Program(Group):
    """The program, which has a command by name."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002  (typer's interface)
        """Return the names of all commands."""
        return names()

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002  (typer's interface)
        """Return a command, or None where there is none of the name."""
        return command(cmd_name) if cmd_name in names() else None


def _register(app: Typer, name: str, entry: Entry) -> None:
    module, _, function = entry.reference.partition(":")
    home = import_module(f"diffcli.cli.{module}")
    run = getattr(home, function)
    if entry.common:
        from diffcli.cli.options import with_common

        run = with_common(run)
    app.command(name, cls=Command, epilog=home.EXAMPLES, hidden=entry.hidden)(run)
