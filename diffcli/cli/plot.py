"""``diffcli plot``: functions and their derivatives as lines, curves, fields and surfaces."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Sequence
from math import isnan
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from typer import Option

from diffcli.cli.messages import say
from diffcli.cli.options import (
    Common,
    Debug,
    Formulas,
    Let,
    Quiet,
    Timeout,
    Vars,
    names,
    one_of,
    variables,
)
from diffcli.cli.settings import view
from diffcli.cli.watchdog import limit_time
from diffcli.errors import LimitError, PointError, UsageError
from diffcli.language.expression import Node
from diffcli.language.function import Function
from diffcli.language.parser import parse
from diffcli.language.points import Tensor, read_points, read_ranges
from diffcli.output.files import check_different, check_writable, ending, write_whole
from diffcli.output.plots.kinds import KINDS
from diffcli.output.text import safe

if TYPE_CHECKING:
    from diffcli.output.plots.pictures import Picture
    from diffcli.output.plots.style import Canvas
    from diffcli.studies.curves.features import Feature

EXAMPLES = """\
diffcli plot "sin(x)"
diffcli plot "tan(x)" --range=-pi:pi -o tan.pdf
diffcli plot "x^5-5x^3+4x" --range=-2.5:2.5 --mark zeros,extrema,inflections
diffcli plot "exp(-x^2)" --orders 0,1,2 --tangent 1 -o bell.svg
diffcli plot "x^2" "x^3" --range=-2:2 --data powers.csv
diffcli plot "x^2 - y^2" --range x=-2:2,y=-2:2 --kind surface -o saddle.png
diffcli plot "[cos t, sin 2t]" -o figure.svg"""

FORMATS = ("png", "svg", "pdf")
MARKS = ("zeros", "extrema", "inflections", "poles", "kinks")
HIGHEST_ORDER = 8
MOST_PIXELS = 20_000
MOST_WIDE = 1e100

_PLOT, _ON, _FILE = "What is drawn", "On the lines", "Where it goes"


def _option(name: str, group: str, metavar: str | None, what: str) -> Any:
    return Option(
        *name.split(), metavar=metavar, help=what, rich_help_panel=group, show_default=False
    )


_STYLES = "diffcli, diffcli-dark, or one of matplotlib's."

Range = Annotated[str | None, _option("--range", _PLOT, "A:B", "-pi:pi, or x=-1:1,y=0:2.")]
YRange = Annotated[str | None, _option("--y-range", _PLOT, "A:B", "Of the values shown.")]
Orders = Annotated[str, _option("--orders", _PLOT, "LIST", "Which derivatives; 0,1.")]
Kind = Annotated[str | None, _option("--kind", _PLOT, "KIND", f"{', '.join(KINDS)}.")]
Log = Annotated[bool, _option("--log", _PLOT, None, "Values by their logarithm.")]
Title = Annotated[str | None, _option("--title", _PLOT, "TEXT", "Above the plot.")]
Mark = Annotated[str | None, _option("--mark", _ON, "LIST", f"{','.join(MARKS)}; none.")]
Tangent = Annotated[str | None, _option("--tangent", _ON, "X,..", "The tangents there.")]
Normal = Annotated[str | None, _option("--normal", _ON, "X,..", "The normals there.")]
At = Annotated[str | None, _option("--at", _ON, "X,..", "Dots at these points.")]
Fill = Annotated[bool, _option("--fill", _ON, None, "Shade what lies between f and 0.")]
Output = Annotated[Path | None, _option("--output -o", _FILE, "FILE", "A png, svg or pdf.")]
Data = Annotated[Path | None, _option("--data", _FILE, "FILE", "The samples, as csv.")]
Term = Annotated[bool, _option("--term", _FILE, None, "Draw in the terminal.")]
Show = Annotated[bool, _option("--show", _FILE, None, "Draw in a window.")]
Size = Annotated[str, _option("--size", _FILE, "WxH", "In inches; 8x5.")]
Dpi = Annotated[float, _option("--dpi", _FILE, "N", "Pixels an inch, of a png; 200.")]
Style = Annotated[str, _option("--style", _FILE, "NAME", _STYLES)]


def plot(
    formulas: Formulas = None,
    *,
    range_: Range = None,
    y_range: YRange = None,
    orders: Orders = "0,1",
    kind: Kind = None,
    log: Log = False,
    title: Title = None,
    mark: Mark = None,
    tangent: Tangent = None,
    normal: Normal = None,
    at: At = None,
    fill: Fill = False,
    output: Output = None,
    data: Data = None,
    term: Term = False,
    show: Show = False,
    size: Size = "8x5",
    dpi: Dpi = 200,
    style: Style = "diffcli",
    vars_: Vars = None,
    let: Let = None,
    quiet: Quiet = False,
    timeout: Timeout = None,
    debug: Debug = False,  # noqa: ARG001  (read before any command runs)
) -> int:
    """Plot a function and its derivative, broken at poles, jumps and the edges of the domain.

    Two variables make contours with the gradient, [x(t), y(t)] a curve, [u(x,y), v(x,y)] a field
    of arrows. Without -o, --show, --term or --data it is drawn in a window if there is a screen,
    else in the terminal.
    """
    if timeout is not None:
        limit_time(timeout)
    title = safe(title) if title else None
    wanted, inches = _orders(orders), _size(size, dpi)
    file_kind = one_of(ending(output), FORMATS, "-o") if output else FORMATS[0]
    if kind:
        one_of(kind, KINDS, "--kind")
    marks = (
        None if mark is None else [one_of(each, (*MARKS, "none"), "--mark") for each in names(mark)]
    )
    for path in (output, data):
        if path:
            check_writable(path)
    check_different(output, data)
    if not formulas:
        raise UsageError("no formula", hint='diffcli plot "sin(x)"')
    function = parse(formulas, variables=variables(vars_), definitions=let or ())
    if not quiet:
        for reading in function.readings:
            say(f"read as {function.read_as}: {reading}")

    from diffcli.engines.exact import nearest
    from diffcli.output.plots.compose import compose
    from diffcli.output.plots.pictures import Request
    from diffcli.output.plots.style import Canvas

    composed = compose(
        function,
        Request(
            kind=kind,
            orders=wanted,
            ranges=_ranges(range_, function.variables or ("x",)),
            y_range=_ranges(y_range, ("y",)).get("y"),
            features=_features(marks),
            tangents=_places(tangent, function),
            normals=_places(normal, function),
            at=[nearest(place) for place in _places(at, function)],
            fill=fill,
            log=log,
        ),
    )
    picture, canvas = composed.picture, Canvas(file_kind, inches, dpi, _style(style), title)
    if composed.chosen and not quiet:
        say(f"range {composed.chosen}; choose another with --range")
    if data:
        write_whole(data, _csv(picture))
    if output:
        from diffcli.output.plots.canvas import render

        write_whole(output, render(picture.paint, canvas))
    if show or not (output or data or term):
        term = not _in_window(picture, canvas, asked=show) or term
    if term:
        _in_terminal(picture, title)
    return 0


def _orders(text: str) -> tuple[int, ...]:
    parts = names(text)
    if not parts or not all(part.isdecimal() and int(part) <= HIGHEST_ORDER for part in parts):
        raise UsageError(
            f"{text!r} can't be given to --orders",
            hint=f"orders of derivatives from 0 to {HIGHEST_ORDER}: 0,1,2",
        )
    return tuple(sorted({int(part) for part in parts}))


def _size(text: str, dpi: float) -> tuple[float, float]:
    try:
        width, height = (float(part) for part in text.lower().split("x"))
    except ValueError:
        raise UsageError(
            f"{text!r} can't be given to --size", hint="width and height in inches: 8x5"
        ) from None
    if not (min(width, height) >= 1 and dpi >= 1 and max(width, height) * dpi <= MOST_PIXELS):
        raise UsageError(
            f"a plot of {text} inches at {dpi:g} dpi can't be drawn",
            hint=f"from 1x1 inches to {MOST_PIXELS:,} pixels a side",
        )
    return width, height


def _ranges(text: str | None, variables: Sequence[str]) -> dict[str, tuple[float, float]]:
    from diffcli.engines.exact import nearest

    found: dict[str, tuple[float, float]] = {}
    for name, ends in (read_ranges(text, variables) if text else {}).items():
        low, high = map(nearest, ends)
        if not low < high:
            raise PointError(
                f"the range {low:g}:{high:g} is empty", hint="the lower end comes first"
            )
        if max(-low, high) > MOST_WIDE or high - low < 1 / MOST_WIDE:
            raise LimitError(
                f"the range {low:g}:{high:g} can't be drawn",
                hint=f"ends within ±{MOST_WIDE:g}, at least {1 / MOST_WIDE:g} apart",
            )
        found[name] = low, high
    return found


def _places(text: str | None, function: Function) -> list[Node]:
    """Read points of the one variable: ``1,2``, ``x=1;x=2`` or ``[1,2]``."""
    variable = function.variables[0] if function.variables else "x"
    places: list[Node] = []
    for point in read_points([text]) if text else ():
        foreign = point.named.keys() - {variable}
        if foreign or len(function.variables) > 1:
            raise PointError("points on a line are values of its variable", hint="1,2,pi/4")
        for value in (*point.named.values(), *point.ordered):
            entries = value.entries if isinstance(value, Tensor) else (value,)
            if not all(isinstance(entry, Node) for entry in entries):
                raise PointError("points on a line are typed one by one", hint="1,2,pi/4")
            places += [entry for entry in entries if isinstance(entry, Node)]
    return places


def _features(marks: Sequence[str] | None) -> list[Feature] | None:
    from diffcli.studies.curves.features import Feature

    return None if marks is None else [each for each in Feature if each.value in marks]


def _style(name: str) -> str:
    from diffcli.output.plots.style import STYLES

    if name not in STYLES:
        from diffcli.output.plots.canvas import styles

        one_of(name, styles(), "--style")
    return name


def _csv(picture: Picture) -> str:
    """Return a row a sample; no value is an empty cell."""
    headings, columns = zip(*picture.columns(), strict=True)
    rows = zip(*(column.tolist() for column in columns), strict=True)
    body = (",".join("" if isnan(cell) else repr(cell) for cell in row) for row in rows)
    return "\n".join([",".join(headings), *body]) + "\n"


def _in_window(picture: Picture, canvas: Canvas, *, asked: bool) -> bool:
    """Draw in a window, if there can be one; raises UsageError if it was asked for."""
    if os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"):
        from diffcli.output.plots.canvas import has_windows, show

        if has_windows():
            show(picture.paint, canvas)
            return True
    if asked:
        raise UsageError("no window can be opened here", hint="-o plot.png, or --term")
    return False


def _in_terminal(picture: Picture, title: str | None) -> None:
    columns, rows = shutil.get_terminal_size()
    text = picture.text(columns, rows - bool(title), colour=view(Common()).colour)
    sys.stdout.write("\n".join([*([title] if title else []), text]) + "\n")
