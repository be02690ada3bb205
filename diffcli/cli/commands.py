"""The commands as typer has them: made from their records when they are first named."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from functools import lru_cache
from importlib import import_module
from types import MappingProxyType
from typing import Any

from typer import Typer
from typer.main import get_command

from diffcli.cli.help import Command as Page
from diffcli.cli.help import Group
from diffcli.cli.options import function_of
from diffcli.commands import registry
from diffcli.commands.record import Command
from diffcli.operators import OPERATORS
from diffcli.options import Option

HELP_NAMES = ["-h", "--help"]

LOCAL: Mapping[str, str] = MappingProxyType(
    {
        "functions": "functions",
        "plot": "plot",
        "batch": "batch",
        "repl": "repl",
        "warm": "warm.commands",
    }
)
"""The commands of the command line alone: their modules in diffcli.cli."""
ALIASES: Mapping[str, str] = MappingProxyType({"analyze": "critical"})
"""Other names of commands, which help doesn't list."""


def names() -> list[str]:
    """Return the names of all commands, as help lists them."""
    return list(
        dict.fromkeys([*OPERATORS, "functions", "plot", *registry.STUDIES, *LOCAL, *ALIASES])
    )


def record(name: str) -> Command | None:
    """Return the record of a command; None of one that is a function of typer's alone."""
    return _found(ALIASES.get(name, name))[0]


@lru_cache(registry.MAX_CACHED)
def command(name: str) -> Any:
    """Return the command of a name, as typer has it."""
    app = Typer(add_completion=False, rich_markup_mode=None)
    hidden = name in ALIASES
    known, run = _found(ALIASES.get(name, name))
    if known is None:
        home = import_module(f"diffcli.cli.{LOCAL[name]}")
        short = (run.__doc__ or "").partition("\n")[0]
        app.command(name, cls=Page, short_help=short, epilog=home.EXAMPLES)(run)
    else:
        app.command(
            name,
            cls=Page,
            help=known.help,
            short_help=known.short,
            epilog=known.examples,
            hidden=hidden,
        )(function_of(known, run))
    return get_command(app)


def _found(name: str) -> tuple[Command | None, Callable[..., int]]:
    """Return the record of a command, and what runs it; some have a function of typer's alone."""
    if name not in LOCAL:
        from diffcli.cli.answer import answer

        known = registry.command(name)
        return known, lambda formulas, options: answer(known, formulas, options)
    home = import_module(f"diffcli.cli.{LOCAL[name]}")
    return getattr(home, "COMMAND", None), getattr(home, name)


def options(name: str) -> dict[str, bool]:
    """Return a command's options, and whether each takes a value."""
    takes_value = dict.fromkeys(HELP_NAMES, False)
    for param in command(name).params:
        if param.param_type_name == "option":
            takes_value |= dict.fromkeys(param.opts, not param.is_flag)
    return takes_value


def single_options(name: str) -> dict[str, str]:
    """Return the first spelling of every option that takes one value, by all its spellings."""
    return {
        spelling: param.opts[0]
        for param in command(name).params
        if param.param_type_name == "option" and not param.is_flag and not param.multiple
        for spelling in param.opts
    }


def bare_options(name: str) -> dict[str, Option]:
    """Return the options of a command that may be typed without a value, by their spellings."""
    known = record(name)
    chosen = [option for option in known.all_options if option.bare] if known else []
    return {spelling: option for option in chosen for spelling in option.spellings}


def choices(flag: str) -> Collection[str]:
    """Return the values of an option, where they are few."""
    for name in names():
        known = record(name)
        for option in known.all_options if known else ():
            if flag in option.spellings and option.choices:
                return option.values()
    return ()


class Program(Group):
    """The program, which has a command by name."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002  (typer's interface)
        """Return the names of all commands."""
        return names()

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002  (typer's interface)
        """Return a command, or None where there is none of the name."""
        return command(cmd_name) if cmd_name in names() else None
