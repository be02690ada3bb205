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
    shows a plot beside the answer.
    """

    reference: str
    is_data: bool = False
    is_illustrated: bool = False


FORMATS: Mapping[str, Format] = MappingProxyType(
    {
        "table": Format("table:render"),
        "plain": Format("plain:render"),
        "json": Format("data:render", is_data=True),
        "jsonl": Format("data:render_lines", is_data=True),
        "csv": Format("sheet:render"),
        "markdown": Format("markdown:render"),
        "latex": Format("latex:render"),
        "html": Format("html:render", is_illustrated=True),
    }
)
"""Every format by its name."""


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
