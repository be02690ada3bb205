"""``diffcli plot``: functions and their derivatives as lines, curves, fields and surfaces."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Mapping, Sequence
from math import isnan
from typing import TYPE_CHECKING, Any

from diffcli.cli.answer import has_colour
from diffcli.cli.messages import say
from diffcli.cli.watchdog import limit_time
from diffcli.commands.record import Command
from diffcli.errors import LimitError, PointError, UsageError
from diffcli.language.builder import CONDITION
from diffcli.language.equations import is_implicit, read_equations
from diffcli.language.expression import Node
from diffcli.language.function import Function
from diffcli.language.parser import parse
from diffcli.language.points import Tensor, read_points
from diffcli.language.ranges import read_ranges
from diffcli.options import (
    DEBUG,
    LET,
    QUIET,
    TIMEOUT,
    VARS,
    Kind,
    Option,
    names,
    one_of,
    variables,
)
from diffcli.output.files import check_different, check_writable, ending, write_whole
from diffcli.output.plots.kinds import KINDS
from diffcli.output.text import safe

if TYPE_CHECKING:
    from diffcli.output.plots.pictures import Picture
    from diffcli.output.plots.style import Canvas
    from diffcli.studies.curves.features import Feature
    from diffcli.studies.relations.notable import NotableKind

_EXAMPLES = """\
diffcli plot "sin(x)"
diffcli plot "tan(x)" --range=-pi:pi -o tan.pdf
diffcli plot "x^5-5x^3+4x" --range=-2.5:2.5 --mark zeros,extrema,inflections
diffcli plot "exp(-x^2)" --orders 0,1,2 --tangent 1 -o bell.svg
diffcli plot "x^2" "x^3" --range=-2:2 --data powers.csv
diffcli plot "x^2 - y^2" --range x=-2:2,y=-2:2 --kind surface -o saddle.png
diffcli plot "[cos t, sin 2t]" -o figure.svg
diffcli plot "x^3 + y^3 = 3x*y" --mark horizontal,vertical,crossings
diffcli plot "x^2 + y^2 <= 25 and y >= x" -o sector.svg"""

FORMATS = ("png", "svg", "pdf")
MARKS = ("zeros", "extrema", "inflections", "poles", "kinks")
CURVE_MARKS = ("horizontal", "vertical", "crossings", "cusps", "isolated")
HIGHEST_ORDER = 8
MOST_PIXELS = 20_000
MOST_WIDE = 1e100

_PLOT, _ON, _FILE = "What is drawn", "On the lines", "Where it goes"


RANGE = Option(
    "range", Kind.TEXT, "Range to plot over: -pi:pi, or x=-1:1,y=0:2.", metavar="A:B", group=_PLOT
)
Y_RANGE = Option(
    "y_range", Kind.TEXT, "Range of the values that are shown.", metavar="A:B", group=_PLOT
)
ORDERS = Option(
    "orders",
    Kind.NAMES,
    "Orders of the derivatives to draw (default 0,1).",
    default="0,1",
    metavar="LIST",
    group=_PLOT,
)
KIND = Option(
    "kind", Kind.TEXT, "Kind of plot: {choices}.", metavar="KIND", group=_PLOT, choices=tuple(KINDS)
)
EQUAL = Option(
    "equal",
    Kind.FLAG,
    "Draw lines with the same scale on both axes, as curves are anyway.",
    default=False,
    group=_PLOT,
)
LOG = Option("log", Kind.FLAG, "Draw the values on a logarithmic axis.", default=False, group=_PLOT)
TITLE = Option("title", Kind.TEXT, "Title above the plot.", metavar="TEXT", group=_PLOT)
MARK = Option(
    "mark",
    Kind.NAMES,
    f"What to mark: {','.join(MARKS)}; of an equation {','.join(CURVE_MARKS)}; or none.",
    metavar="LIST",
    group=_ON,
)
TANGENT = Option(
    "tangent",
    Kind.TEXT,
    "Draw the tangents there: 1,2; of an equation at its points: 3,4;-3,4.",
    metavar="X,..",
    group=_ON,
)
NORMAL = Option("normal", Kind.TEXT, "Draw the normals there.", metavar="X,..", group=_ON)
DOTS = Option("at", Kind.TEXT, "Draw dots at these points.", metavar="X,..", group=_ON)
FILL = Option("fill", Kind.FLAG, "Shade what lies between f and 0.", default=False, group=_ON)
PROVED = Option(
    "proved",
    Kind.FLAG,
    "Shade the proved enclosure of f: bounds that hold all of its values on every stretch.",
    default=False,
    group=_ON,
)
PICTURE = Option(
    "output",
    Kind.FILE,
    "Write the plot to this png, svg or pdf file.",
    metavar="FILE",
    group=_FILE,
    flags=("--output", "-o"),
)
DATA = Option("data", Kind.FILE, "Write the samples to this csv file.", metavar="FILE", group=_FILE)
TERM = Option("term", Kind.FLAG, "Draw in the terminal.", default=False, group=_FILE)
SHOW = Option("show", Kind.FLAG, "Draw in a window.", default=False, group=_FILE)
SIZE = Option(
    "size",
    Kind.TEXT,
    "Width and height in inches (default 8x5).",
    default="8x5",
    metavar="WxH",
    group=_FILE,
)
DPI = Option(
    "dpi",
    Kind.REAL,
    "Pixels an inch of a png (default 200).",
    default=200,
    metavar="N",
    group=_FILE,
)
STYLE = Option(
    "style",
    Kind.TEXT,
    "Style of the plot: diffcli (default), diffcli-dark, or one of matplotlib's.",
    default="diffcli",
    metavar="NAME",
    group=_FILE,
)


COMMAND = Command(
    "plot",
    help="""Plot a function and its derivative, broken at poles, jumps and the edges of the domain.

Two variables make contours with the gradient, [x(t), y(t)] a curve as do [x(t), y(t), z(t)] in
space and r = r(theta) in polar coordinates, [u(x,y), v(x,y)] a field
of arrows; an equation makes a curve, and a condition a region, each cell proved. Without -o,
--show, --term or --data it is drawn in a window if there is a screen, else in the terminal.""",
    examples=_EXAMPLES,
    options=(
        *(RANGE, Y_RANGE, ORDERS, KIND, EQUAL, LOG, TITLE, MARK, TANGENT, NORMAL, DOTS, FILL),
        *(PROVED, PICTURE, DATA, TERM, SHOW, SIZE, DPI, STYLE),
        *(VARS, LET, QUIET, TIMEOUT, DEBUG),
    ),
    common=(),
)


def plot(formulas: Sequence[str], options: Mapping[str, Any]) -> int:
    """Plot formulas; return the exit code."""
    if options["timeout"] is not None:
        limit_time(options["timeout"])
    kind, mark, quiet = options["kind"], options["mark"], options["quiet"]
    output, data, term, show = (options[name] for name in ("output", "data", "term", "show"))
    title = safe(options["title"]) if options["title"] else None
    wanted, inches = _orders(options["orders"]), _size(options["size"], options["dpi"])
    file_kind = one_of(ending(output), FORMATS, "-o") if output else FORMATS[0]
    if kind:
        one_of(kind, KINDS, "--kind")
    marks = (
        None
        if mark is None
        else [one_of(each, (*MARKS, *CURVE_MARKS, "none"), "--mark") for each in names(mark)]
    )
    for path in (output, data):
        if path:
            check_writable(path)
    check_different(output, data)
    if not formulas:
        raise UsageError("no formula", hint='diffcli plot "sin(x)"')
    reader = _read_equations if any(map(is_implicit, formulas)) else parse
    function = reader(
        formulas, variables=variables(options["vars"]), definitions=options["let"] or ()
    )
    if not quiet:
        for reading in _readings(function):
            say(f"read as {function.read_as}: {reading}")

    from diffcli.engines.exact import nearest
    from diffcli.output.plots.compose import compose, kinds_of
    from diffcli.output.plots.pictures import Request
    from diffcli.output.plots.style import Canvas

    is_curve = (kind or kinds_of(function)[0]) == "relation"
    composed = compose(
        function,
        Request(
            kind=kind,
            orders=wanted,
            ranges=_ranges(options["range"], function.variables or ("x",)),
            y_range=_ranges(options["y_range"], ("y",)).get("y"),
            features=_features(marks),
            tangents=() if is_curve else _places(options["tangent"], function),
            touching=_curve_points(options["tangent"], function) if is_curve else (),
            notable=_notable(marks),
            normals=_places(options["normal"], function),
            at=[nearest(place) for place in _places(options["at"], function)],
            fill=options["fill"],
            proved=options["proved"],
            log=options["log"],
            equal=options["equal"],
        ),
    )
    picture, canvas = (
        composed.picture,
        Canvas(file_kind, inches, options["dpi"], _style(options["style"]), title),
    )
    if composed.chosen and not quiet:
        say(f"range {composed.chosen}; choose another with --range")
    for note in composed.notes if not quiet else ():
        say(note)
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


def _read_equations(formulas: Sequence[str], **known: Any) -> Function:
    return read_equations(formulas, **known).function


def _readings(function: Function) -> list[str]:
    """Return how a Function was read; a condition that is drawn as a region counts as itself."""
    from diffcli.output.plots.compose import kinds_of

    is_region = CONDITION in function.readings and kinds_of(function)[0] == "relation"
    return [each for each in function.readings if not (is_region and each == CONDITION)]


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


def _curve_points(text: str | None, function: Function) -> list[dict[str, Node]]:
    """Read points of the plane: ``3,4`` or ``x=3,y=4``, several with ``;`` between them."""
    points = []
    for point in read_points([text]) if text else ():
        left = [name for name in function.variables if name not in point.named]
        values = {**point.named, **dict(zip(left, point.ordered, strict=False))}
        numbers = {name: each for name, each in values.items() if isinstance(each, Node)}
        if set(numbers) != set(function.variables) or len(point.ordered) > len(left):
            raise PointError("a point of a curve has two coordinates", hint="--tangent 3,4")
        points.append(numbers)
    return points


def _notable(marks: Sequence[str] | None) -> list[NotableKind]:
    from diffcli.studies.relations.notable import NotableKind

    return [each for each in NotableKind if each.value in (marks or ())]


def _features(marks: Sequence[str] | None) -> list[Feature] | None:
    from diffcli.studies.curves.features import Feature

    if marks is None or (marks and all(each in CURVE_MARKS for each in marks)):
        return None
    return [each for each in Feature if each.value in marks]


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
    text = picture.text(columns, rows - bool(title), colour=has_colour())
    sys.stdout.write("\n".join([*([title] if title else []), text]) + "\n")
