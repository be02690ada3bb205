"""A picture that matplotlib paints, as a figure of HTML: an SVG with its alternative text."""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import escape
from typing import TYPE_CHECKING

from diffcli.output.plots.inline import STYLE
from diffcli.output.plots.style import FAINT, FAINTER, INK, PALETTE, Canvas

if TYPE_CHECKING:
    from diffcli.output.plots.canvas import Paint

SIZE = (6.8, 4.4)
"""Width and height in inches."""
_LEAD = re.compile(r".*?(?=<svg)", re.DOTALL)
_HEAD = re.compile(r'<svg [^>]*?(viewBox="[^"]*")[^>]*>\s*<metadata>.*?</metadata>', re.DOTALL)
_COLOUR = re.compile(r"#[0-9a-f]{6}\b")
_INKS: Mapping[str, str] = {
    **{colour.lower(): f"var(--ink{place})" for place, colour in enumerate(PALETTE)},
    INK: "currentColor",
    FAINT: "var(--faint)",
    FAINTER: "var(--grid)",
    "#ffffff": "var(--ground)",
}
"""The page's own colours for those of a picture's lines, names and ground."""


def svg_figure(paint: Paint, words: str, *, is_filled: bool = False) -> str:
    """Return a picture as a figure of HTML, ``words`` being its alternative text.

    It has the page's ink and ground, or where it ``is_filled`` with colours a light ground anyway.
    """
    from diffcli.output.plots.canvas import render

    text = _LEAD.sub("", render(paint, Canvas("svg", SIZE)).decode(), count=1)
    head = rf'<svg \1 role="img" aria-label="{escape(words)}">'
    text = _HEAD.sub(head.replace("\\", r"\\").replace(r"\\1", r"\1"), text, count=1)
    if not is_filled:
        text = _COLOUR.sub(lambda match: _INKS.get(match[0], match[0]), text)
    kind = "dc-plot dc-painted" + " dc-light" * is_filled
    return f'<figure class="{kind}"><style>{STYLE}</style>\n{text.strip()}\n</figure>'
