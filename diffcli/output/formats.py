"""The output formats: one registry, an entry each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from diffcli.output.document import Answer, Document


@dataclass(frozen=True)
class View:
    """How an answer is shown: significant digits, columns, rows at most, colours.

    ``width`` and ``rows`` of None cut nothing: that is how a pipe and a file get a table.
    """

    digits: int | None = None
    width: int | None = None
    rows: int | None = None
    colour: bool = False


class Format(NamedTuple):
    """A renderer as ``module:function``: it draws the document, or with ``is_data`` all the data.

    It takes a Document, or an Answer, and a View, and returns text. One that ``is_illustrated``
    shows a plot beside the answer. ``endings`` are those of the files that have this format unless
    another is asked for.
    """

    reference: str
    is_data: bool = False
    is_illustrated: bool = False
    endings: tuple[str, ...] = ()


FORMATS: Mapping[str, Format] = MappingProxyType(
    {
        "table": Format("table:render", endings=("", "txt", "log", "out")),
        "plain": Format("plain:render"),
        "json": Format("data:render", is_data=True, endings=("json",)),
        "jsonl": Format("data:render_lines", is_data=True, endings=("jsonl", "ndjson")),
        "csv": Format("sheet:render", endings=("csv",)),
        "markdown": Format("markdown:render", endings=("md",)),
        "latex": Format("latex:render", endings=("tex",)),
        "html": Format("html:render", is_illustrated=True, endings=("html", "htm")),
    }
)
"""Every format by its name."""
BY_ENDING: Mapping[str, str] = MappingProxyType(
    {ending: name for name, each in FORMATS.items() for ending in each.endings}
)
"""The format of a file by the ending of its name."""


def render(name: str, answer: Answer, view: View) -> str:
    """Return an answer as text in the named format, without a newline at the end."""
    module, _, function = FORMATS[name].reference.partition(":")
    renderer = getattr(import_module(f"diffcli.output.{module}"), function)
    text: str = renderer(_subject(FORMATS[name], answer, view), view)
    return text


def _subject(form: Format, answer: Answer, view: View) -> Answer | Document:
    if form.is_data:
        return answer
    return (answer.illustrated if form.is_illustrated else answer.document)(view.digits)
