"""The commands by name: one for each operator, and a line for each study."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from importlib import import_module
from types import MappingProxyType

from diffcli.commands.record import Command
from diffcli.operators import OPERATORS

MAX_CACHED = 128
"""Commands that are kept: all that there are."""

STUDIES: Mapping[str, str] = MappingProxyType(
    {
        "taylor": "diffcli.studies.taylor",
        "check": "diffcli.studies.check",
        "descend": "diffcli.studies.descent",
        "graph": "diffcli.studies.graph",
        "uncertainty": "diffcli.studies.uncertainty",
        "profile": "diffcli.studies.profile",
        "export": "diffcli.commands.export",
        "implicit": "diffcli.studies.implicit",
        "prove": "diffcli.studies.prove",
        "bounds": "diffcli.studies.bounds",
        "limit": "diffcli.studies.limit",
        "steps": "diffcli.studies.steps",
        "critical": "diffcli.studies.critical",
    }
)
"""The module of each command that is more than an operator; its ``COMMAND`` is the record."""


def names() -> tuple[str, ...]:
    """Return the names of the commands that answer requests."""
    return tuple(dict.fromkeys((*OPERATORS, *STUDIES)))


@lru_cache(MAX_CACHED)
def command(name: str) -> Command:
    """Return the command of a name; its module is imported when it is first asked for."""
    if name in STUDIES:
        known: Command = import_module(STUDIES[name]).COMMAND
        return known
    from diffcli.commands.derivatives import command_of

    return command_of(name)
