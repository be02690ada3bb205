"""Help pages: what it does, examples, then the options by group, in short lines."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from typer.core import TyperCommand, TyperGroup

from diffcli.cli.parameters import quick

if TYPE_CHECKING:
    Context = Any
    Formatter = Any

_OTHERS = "Options"


class Command(TyperCommand):
    """A command whose epilog is a list of examples, shown first."""

    def get_params(self, ctx: Context) -> list[Any]:
        """Return the parameters."""
        return list(map(quick, super().get_params(ctx)))

    def format_help(self, ctx: Context, formatter: Formatter) -> None:
        """Write the page."""
        self.format_usage(ctx, formatter)
        _paragraphs(formatter, self.help, self.epilog)
        _options(formatter, self.get_params(ctx), ctx)


class Group(TyperGroup):
    """The program: its epilog is a list of examples, shown first."""

    def get_params(self, ctx: Context) -> list[Any]:
        """Return the parameters."""
        return list(map(quick, super().get_params(ctx)))

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
