"""Help pages: what it does, examples, then the options by group, in short lines."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from typer.core import TyperCommand, TyperGroup

if TYPE_CHECKING:
    Context = Any
    Formatter = Any

_OTHERS = "Options"


class Command(TyperCommand):
    """A command whose epilog is a list of examples, shown first."""

    def get_params(self, ctx: Context) -> list[Any]:
        """Return the parameters."""
        return list(map(_quick, super().get_params(ctx)))

    def format_help(self, ctx: Context, formatter: Formatter) -> None:
        """Write the page."""
        self.format_usage(ctx, formatter)
        _paragraphs(formatter, self.help, self.epilog)
        _options(formatter, self.get_params(ctx), ctx)


class Group(TyperGroup):
    """The program: its epilog is a list of examples, shown first."""

    def get_params(self, ctx: Context) -> list[Any]:
        """Return the parameters."""
        return list(map(_quick, super().get_params(ctx)))

    def format_help(self, ctx: Context, formatter: Formatter) -> None:
        """Write the page."""
        self.format_usage(ctx, formatter)
        _paragraphs(formatter, self.help, self.epilog)
        self.format_commands(ctx, formatter)
        _options(formatter, self.get_params(ctx), ctx)


def _options(formatter: Formatter, params: Iterable[Any], ctx: Context) -> None:
    groups: dict[str, list[tuple[str, str]]] = {}
    for param in params:
        if getattr(param, "hidden", False):
            continue
        if param.param_type_name == "argument":
            written = param.metavar or param.name.upper()
        else:
            written = param.get_help_record(ctx)[0]
        groups.setdefault(param.rich_help_panel or _OTHERS, []).append((written, param.help or ""))
    for group in (*(name for name in groups if name != _OTHERS), _OTHERS):
        with formatter.section(group):
            formatter.write_dl(groups[group])


def _paragraphs(formatter: Formatter, text: str | None, examples: str | None) -> None:
    formatter.write_paragraph()
    formatter.write_text(text or "")
    if examples:
        with formatter.section("Examples"):
            for line in examples.splitlines():
                formatter.write(f"  {line}\n")


def _quick(param: Any) -> Any:
    """Let a parameter of typer's convert only what was typed and isn't wanted as text.

    Typer loads a library of validators, which takes as long as typer itself, to turn text into
    text and what wasn't typed into itself.
    """
    if "process_value" not in vars(param):
        param.process_value = _processing(param)
    return param


def _processing(param: Any) -> Callable[[Any, Any], Any]:
    """Return what makes a parameter's value of what was typed, if anything was."""
    descriptor = getattr(param, "type_descriptor", None)
    is_text = descriptor is not None and descriptor.annotation in (str, list[str])
    convert: Callable[[Any, Any], Any] = param.process_value

    def process(ctx: Any, value: Any) -> Any:
        is_typed = isinstance(value, str | tuple | list)
        if param.required or (is_typed and not is_text):
            return convert(ctx, value)
        return param.callback(ctx, param, value) if param.callback else value

    return process
