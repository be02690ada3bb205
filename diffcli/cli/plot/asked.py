"""What was typed for a plot → what its request holds: orders, sizes, ranges, points and marks."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from diffcli.cli.plot.options import CURVE_MARKS, LAYOUTS, LOG_AXES, MARKS
from diffcli.errors import LimitError, PointError, UsageError
from diffcli.language.expression import Node
from diffcli.language.function import Function
from diffcli.language.points import Tensor, Typed, read_points
from diffcli.language.printer import text_of
from diffcli.language.ranges import read_ranges
from diffcli.options import names, one_of

if TYPE_CHECKING:
    from diffcli.output.plots.pictures import Request
    from diffcli.studies.curves.features import Feature
    from diffcli.studies.curves.parameters import Slider
    from diffcli.studies.relations.notable import NotableKind

HIGHEST_ORDER = 8
MOST_PIXELS = 20_000
MOST_WIDE = 1e100
MOST_MEMBERS = 20
"""Lines of a family."""


@dataclass(frozen=True)
class Parameters:
    """What was said of variables that aren't drawn along: sliders, and the values that some hold.

    ``dots`` are the points of ``--at`` that are left for the lines, ``family`` the values of the
    variable of which each makes a line, ``along`` is where a tangent travels.
    """

    sliders: tuple[Slider, ...] = ()
    held: Mapping[str, Node] = field(default_factory=dict)
    dots: tuple[Typed, ...] = ()
    family: Mapping[str, tuple[Node, ...]] = field(default_factory=dict)
    along: Slider | None = None


def parameters_of(options: Mapping[str, Any], function: Function) -> Parameters:
    """Read ``--slider`` and ``--at``: in a formula of several variables a named value is held."""
    from diffcli.engines.exact import nearest
    from diffcli.studies.curves.parameters import Slider, free

    texts = [*(options["slider"] or ()), *([options["animate"]] if options["animate"] else ())]
    ends = ranges(",".join(texts), function.variables)
    # What moves along the line itself is the place of a tangent.
    along = {name: ends.pop(name) for name in [*ends] if (name,) == function.variables}
    points = read_points([options["at"]]) if options["at"] else ()
    family = _family(options["family"], function)
    left = free(function, (*ends, *family))
    held = _held(points, ends, left)
    if function.variables and not free(function, (*ends, *held, *family)):
        raise PointError(
            f"{' and '.join(left)} hold a value, and nothing is left to be drawn along",
            hint=f"leave one out of --at, as {left[-1]}",
        )
    sliders = tuple(
        Slider(name, low, high, _start(low, high, nearest(held[name]) if name in held else None))
        for name, (low, high) in ends.items()
    )
    rest = tuple(
        Typed({k: v for k, v in point.named.items() if k not in held}, point.ordered)
        for point in points
    )
    return Parameters(
        sliders,
        {name: value for name, value in held.items() if name not in ends},
        tuple(point for point in rest if point.named or point.ordered),
        family,
        next((Slider(name, *pair, sum(pair) / 2) for name, pair in along.items()), None),
    )


def _family(text: str | None, function: Function) -> dict[str, tuple[Node, ...]]:
    """Read ``a=0.5,1,2``: a variable and the values of which each makes a line."""
    if not text:
        return {}
    name, _, listed = text.partition("=")
    name = name.strip()
    if name not in function.variables or len(function.variables) < 2 or not function.is_scalar:
        raise PointError(
            f"{text!r} makes no family of this formula",
            hint="a variable of one formula beside the one that is drawn along: a=0.5,1,2",
        )
    (point,) = read_points([listed])
    values = [each for each in point.ordered if isinstance(each, Node)]
    if not 0 < len(values) == len(point.ordered) <= MOST_MEMBERS or point.named:
        raise PointError(f"{text!r} can't be given to --family", hint="a=0.5,1,2")
    return {name: tuple(values)}


def _held(
    points: Sequence[Typed], sliders: Collection[str], left: Sequence[str]
) -> dict[str, Node]:
    """Return the values of ``--at`` that aren't points of lines."""
    if len(points) != 1:
        return {}
    known = (*sliders, *(left if len(left) > 1 else ()))
    named = points[0].named.items()
    return {name: each for name, each in named if name in known and isinstance(each, Node)}


def _start(low: float, high: float, typed: float | None) -> float:
    if typed is None:
        return (low + high) / 2
    if not low <= typed <= high:
        raise PointError(
            f"a slider from {low:g} to {high:g} can't stand at {typed:g}",
            hint="a value of --at within the range of --slider",
        )
    return typed


def request_of(
    options: Mapping[str, Any], function: Function, parameters: Parameters, kind: str | None
) -> Request:
    """Return what a plot of a Function is to show."""
    from diffcli.engines.exact import nearest
    from diffcli.output.plots.compose import kinds_of
    from diffcli.output.plots.pictures import Request

    marks = _marks(options["mark"])
    is_curve = (kind or kinds_of(function)[0]) == "relation"
    touched = read_points([options["tangent"]]) if options["tangent"] else ()
    normal = read_points([options["normal"]]) if options["normal"] else ()
    return Request(
        kind=kind,
        orders=orders(options["orders"]),
        ranges=ranges(options["range"], function.variables or ("x",)),
        y_range=ranges(options["y_range"], ("y",)).get("y"),
        features=_features(marks),
        tangents=() if is_curve else _places(touched, function),
        touching=_curve_points(touched, function) if is_curve else (),
        notable=_notable(marks),
        normals=_places(normal, function),
        at=[nearest(place) for place in _places(parameters.dots, function)],
        fill=options["fill"],
        proved=options["proved"],
        log=one_of(options["log"], LOG_AXES, "--log") if options["log"] else "",
        symlog=options["symlog"],
        layout=one_of(options["layout"], LAYOUTS, "--layout"),
        family=[f"{n} = {text_of(v)}" for n, each in parameters.family.items() for v in each],
        equal=options["equal"],
    )


def orders(text: str) -> tuple[int, ...]:
    """Read the orders of the derivatives that are drawn."""
    parts = names(text)
    if not parts or not all(part.isdecimal() and int(part) <= HIGHEST_ORDER for part in parts):
        raise UsageError(
            f"{text!r} can't be given to --orders",
            hint=f"orders of derivatives from 0 to {HIGHEST_ORDER}: 0,1,2",
        )
    return tuple(sorted({int(part) for part in parts}))


def size(text: str, dpi: float) -> tuple[float, float]:
    """Read a width and a height in inches, which make a picture of a size that can be drawn."""
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


def ranges(text: str | None, variables: Sequence[str]) -> dict[str, tuple[float, float]]:
    """Read the ranges of variables, none of which is empty or too wide to be drawn."""
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


def style(name: str) -> str:
    """Return the name of a style, of the project's or of matplotlib's."""
    from diffcli.output.plots.style import STYLES

    if name not in STYLES:
        from diffcli.output.plots.canvas import styles

        one_of(name, styles(), "--style")
    return name


def _places(points: Sequence[Typed], function: Function) -> list[Node]:
    """Return points of the one variable: ``1,2``, ``x=1;x=2`` or ``[1,2]``."""
    variable = function.variables[0] if function.variables else "x"
    places: list[Node] = []
    for point in points:
        foreign = point.named.keys() - {variable}
        if foreign or len(function.variables) > 1:
            raise PointError("points on a line are values of its variable", hint="1,2,pi/4")
        for value in (*point.named.values(), *point.ordered):
            entries = value.entries if isinstance(value, Tensor) else (value,)
            if not all(isinstance(entry, Node) for entry in entries):
                raise PointError("points on a line are typed one by one", hint="1,2,pi/4")
            places += [entry for entry in entries if isinstance(entry, Node)]
    return places


def _curve_points(points: Sequence[Typed], function: Function) -> list[dict[str, Node]]:
    """Return points of the plane: ``3,4`` or ``x=3,y=4``, several with ``;`` between them."""
    touched = []
    for point in points:
        left = [name for name in function.variables if name not in point.named]
        values = {**point.named, **dict(zip(left, point.ordered, strict=False))}
        numbers = {name: each for name, each in values.items() if isinstance(each, Node)}
        if set(numbers) != set(function.variables) or len(point.ordered) > len(left):
            raise PointError("a point of a curve has two coordinates", hint="--tangent 3,4")
        touched.append(numbers)
    return touched


def _marks(text: str | None) -> list[str] | None:
    if text is None:
        return None
    return [one_of(each, (*MARKS, *CURVE_MARKS, "none"), "--mark") for each in names(text)]


def _notable(marks: Sequence[str] | None) -> list[NotableKind]:
    from diffcli.studies.relations.notable import NotableKind

    return [each for each in NotableKind if each.value in (marks or ())]


def _features(marks: Sequence[str] | None) -> list[Feature] | None:
    from diffcli.studies.curves.features import Feature

    if marks is None or (marks and all(mark in CURVE_MARKS for mark in marks)):
        return None
    return [each for each in Feature if each.value in marks]
