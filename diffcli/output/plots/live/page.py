"""A picture of lines, of curves or of a surface → one file that any browser opens, offline.

The numbers of lines and surfaces are computed in the page by the formula's exported JavaScript,
which has been tried.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from html import escape
from pathlib import Path
from types import MappingProxyType
from typing import Any

from diffcli.errors import UsageError
from diffcli.export.caveats import Caveat, said
from diffcli.export.code import Code, code_of
from diffcli.export.routines import Routine
from diffcli.export.trial import examined
from diffcli.language.function import Function
from diffcli.output.plots.kinds.relation import RelationPicture
from diffcli.output.plots.labels import equation_of
from diffcli.output.plots.live.drawn import Drawn, drawn
from diffcli.output.plots.pictures import Picture
from diffcli.output.plots.style import OWN, STYLES, Canvas
from diffcli.studies.curves.parameters import Slider

NUMBERS = "numbers"
"""The exported function that returns the numbers of all lines."""
REACH = 10.0
"""How many times as far out as the first view a number is wrong that is told of."""
COMPUTED = "the page computes in floating point; diffcli proves the numbers of any point"
FIXED = "the picture is as diffcli found it, over this range; the page computes none of it"
_CODE: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "lines": ("sampling.js", "lines.js"),
        "plane": ("plane.js",),
        "surface": ("surface.js",),
    }
)
"""The files beside this one that draw a picture of each kind."""
REGION = 'stroke-width="10" stroke-opacity="0.4"'
"""The pen of a region in the legend."""
CLOSING = re.compile("</(?=script)", re.IGNORECASE)
_HINTS: Mapping[str, str] = MappingProxyType(
    {
        "lines": "drag to pan, wheel or pinch to zoom, arrow keys move the crosshair",
        "plane": "drag to pan, wheel to zoom, arrow keys move along the curve",
        "surface": "drag or arrow keys to turn, wheel to zoom, click a point for its tangent plane",
    }
)


@dataclass(frozen=True)
class Page:
    """A page, and what is to be said of it."""

    text: str
    notes: tuple[str, ...] = ()


class Numbers(Routine):
    """The exported function of a page."""

    @property
    def meaning(self) -> str:
        """What it returns, in words."""
        return "the numbers of every line at a point"


def live_page(
    function: Function,
    picture: Picture,
    orders: Sequence[int],
    sliders: Sequence[Slider],
    canvas: Canvas,
) -> Page:
    """Return a picture as a page.

    ``function`` has the sliders' variables, ``picture`` is that of the function where they stand at
    first. Raises UsageError where a page has no such picture, where JavaScript can't compute the
    formula, or in a style that a page hasn't.
    """
    if canvas.style not in STYLES:
        raise UsageError(
            f"a page has no style {canvas.style!r}", hint=f"--style {' or '.join(STYLES)}"
        )
    shown = drawn(function, picture, orders, sliders)
    data = {
        **shown.data,
        "arguments": function.variables if shown.indices else (),
        "parameters": [vars(slider) for slider in sliders],
        "dark": None if canvas.style == OWN else True,
    }
    if not shown.indices:
        said_of = picture.notes if isinstance(picture, RelationPicture) else ()
        return Page(_filled("", shown.fields["text"], data, (FIXED, *said_of), canvas.title))
    code, notes = _computing(function, shown, sliders)
    equation = equation_of(code.function)[0].replace("**", "^")
    body = code.text.rpartition("\n\nexport {")[0]
    computed = f"const computed = (() => {{\n{body}\n\nreturn {{ {NUMBERS} }};\n}})();"
    text = _filled(computed, equation, data, (COMPUTED, *notes), canvas.title)
    return Page(text, tuple(notes))


def _computing(
    function: Function, shown: Drawn, sliders: Sequence[Slider]
) -> tuple[Code, list[str]]:
    """Return the code of a page, which has been tried, and what is to be said of it."""
    routine = Numbers("value", NUMBERS, shown.indices, (len(shown.indices),), function.variables)
    try:
        code = code_of(function, "javascript", (routine,), function.called)
    except UsageError as error:
        raise UsageError(f"no page can compute it: {error.message}", hint="-o plot.svg") from None
    code, trial = examined(code)
    notes = [f"not run: {trial.reason}"] if trial.reason else []
    notes += list(said([*_within_reach(trial.caveats, shown, sliders)]))
    return code, notes


def _within_reach(
    caveats: Sequence[Caveat], shown: Drawn, sliders: Sequence[Slider]
) -> Iterator[Caveat]:
    """Yield what the page computes wrong near what it shows."""
    ends = dict(zip(shown.coordinates, (shown.fields["x"], shown.fields["y"]), strict=False))
    ends |= {slider.name: (slider.low, slider.high) for slider in sliders}
    reach = {name: REACH * max(map(abs, pair)) for name, pair in ends.items()}
    for caveat in caveats:
        if all(abs(value) <= reach[name] for name, value in caveat.at.items()):
            yield replace(caveat, function="the page")


# -- the file ------------------------------------------------------------------------------------


@cache
def _file(name: str) -> str:
    """Return the text of a file beside this one."""
    return Path(__file__).with_name(name).read_text(encoding="utf-8").strip()


def _library(name: str) -> str:
    return Path(__file__).with_name("uplot").joinpath(name).read_text(encoding="utf-8").strip()


def _filled(
    computed: str,
    equation: str,
    data: Mapping[str, Any],
    notes: Sequence[str],
    title: str | None,
) -> str:
    """Return the page with everything in its place; ``computed`` is the code of its numbers."""
    kind, names = data["kind"], ("controls.js", "redrawing.js", *_CODE[data["kind"]])
    own = CLOSING.sub("< /", "\n\n".join([computed, *map(_file, names)]))
    licence = _library("LICENSE").replace("--", "- -")
    library = (
        f"<!--\nuPlot:\n{licence}\n-->\n<script>\n{_library('uPlot.iife.min.js')}\n</script>\n"
    )
    is_lines = kind == "lines"
    fields = "\n".join(
        f'<label>{escape(name)} = <input type="number" step="any" id="at-{escape(name)}"></label>'
        for name in data["coordinates"]
    )
    parts = {
        "title": escape(title or equation),
        "heading": escape(title or equation),
        "heading_class": "" if title else "unseen",
        "style": (_library("uPlot.min.css") + "\n" if is_lines else "") + _file("page.css"),
        "legend": "\n".join(_legend(data["lines"])) if "lines" in data else data["label"],
        "kind": "turns" if kind == "surface" else "",
        "label": escape(f"Plot of {equation}: {_HINTS[kind]}"),
        "fields": fields,
        "buttons": '<button type="button" id="fit">Fit the height</button>' if is_lines else "",
        "notes": "\n".join(f"<p>{escape(note)}</p>" for note in _notes(kind, notes)),
        "data": json.dumps(data).replace("<", "\\u003c"),
        "scripts": (library if is_lines else "") + f'<script type="module">\n{own}\n</script>',
    }
    return re.sub(r"\{\{(\w+)\}\}", lambda match: parts[match[1]], _file("page.html")) + "\n"


def _legend(lines: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    stroke = '<svg viewBox="0 0 32 12" aria-hidden="true"><line x1="0" y1="6" x2="32" y2="6"'
    for line in lines:
        pen = 'stroke-width="2.5"' if line.get("inside") is None else REGION
        yield (
            f'<button type="button" aria-pressed="true">{stroke} {pen}/></svg>'
            f"{line['label']}</button>"
        )


def _notes(kind: str, notes: Sequence[str]) -> Iterator[str]:
    yield from (f"{note[0].upper()}{note[1:]}." for note in (_HINTS[kind], *notes))
