"""Options as typer has them, made from their records."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any

from typer import Argument
from typer import Option as TyperOption

from diffcli.commands.record import Command
from diffcli.options import JSON, Kind, Option

_TYPES: Mapping[Kind, Any] = MappingProxyType(
    {
        Kind.TEXT: str | None,
        Kind.NAMES: str | None,
        Kind.TEXTS: list[str] | None,
        Kind.POINTS: list[str] | None,
        Kind.VECTOR: str | None,
        Kind.WHOLE: int | None,
        Kind.REAL: float | None,
        Kind.FLAG: bool,
        Kind.FILE: Path | None,
    }
)
"""The type that typer reads each kind of option as."""


def function_of(record: Command, run: Callable[..., int]) -> Callable[..., int]:
    """Return a function whose parameters are the options of a command, as typer reads them."""
    options = {_parameter(option.name): option for option in record.all_options}

    def typed(**given: Any) -> int:
        formulas = given.pop("formulas") or ()
        return run(formulas, {options[name].name: value for name, value in given.items()})

    formulas = Annotated[
        list[str] | None,
        Argument(metavar=record.arguments, help=record.about, show_default=False),
    ]
    positional, keyword = inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY
    parameters = [inspect.Parameter("formulas", positional, default=None, annotation=formulas)]
    parameters += (
        inspect.Parameter(
            name,
            keyword,
            default=option.default,
            annotation=Annotated[_TYPES[option.kind], as_typed(option)],
        )
        for name, option in options.items()
    )
    vars(typed)["__signature__"] = inspect.Signature(parameters, return_annotation=int)
    return typed


def _parameter(name: str) -> str:
    return f"{name}_"  # from is a word of Python's


def as_typed(option: Option) -> Any:
    """Return an option as typer has it, without its default in the help."""
    bounds: dict[str, Any] = {"min": option.least, "max": option.most}
    return TyperOption(
        *option.spellings,
        help=option.described,
        metavar=option.metavar,
        rich_help_panel=option.group,
        show_default=False,
        hidden=option.is_hidden,
        envvar=option.environment,
        autocompletion=(lambda: [*option.values()]) if option.choices else None,
        **{name: bound for name, bound in bounds.items() if bound is not None},
    )


Json = Annotated[bool, as_typed(JSON)]
"""``--json``, for a command that is written as a function of typer's."""
