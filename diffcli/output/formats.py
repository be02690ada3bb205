"""The output formats: one registry, an entry each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from types import MappingProxyType
from typing import TYPE_CHECKING

from diffcli.output.listing import Listing, Source

if TYPE_CHECKING:
    from diffcli.output.report import Report


@dataclass(frozen=True)
class View:
    """How a report is shown: significant digits, columns, rows at most, colours.

    ``width`` and ``rows`` of None cut nothing: that is how a pipe and a file get a table.
    """

    digits: int | None = None
    width: int | None = None
    rows: int | None = None
    colour: bool = False


FORMATS: Mapping[str, str] = MappingProxyType(
    {
        "table": "diffcli.output.table:render",
        "plain": "diffcli.output.plain:render",
        "json": "diffcli.output.documents:render",
        "jsonl": "diffcli.output.documents:render_lines",
        "csv": "diffcli.output.sheet:render",
        "markdown": "diffcli.output.markdown:render",
        "latex": "diffcli.output.latex:render",
    }
)
"""Every format by its name; its renderer, by reference, takes a Report and a View to text.

The same module's ``render_listing`` does that for a Listing.
"""
_DOCUMENTS = frozenset({"json", "jsonl"})


def render(name: str, report: Report | Listing | Source, view: View) -> str:
    """Return a report as text in the named format, without a newline at the end."""
    if isinstance(report, Source) and name not in _DOCUMENTS:
        return report.text
    module, _, function = FORMATS[name].partition(":")
    renderer = "render_listing" if isinstance(report, Listing | Source) else function
    text: str = getattr(import_module(module), renderer)(report, view)
    return text
