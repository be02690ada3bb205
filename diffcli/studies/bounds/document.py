"""Bounds as an answer: a table of ranges, and what they say."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from diffcli.engines.balls.decimals import outward
from diffcli.engines.boxes.arb import interval_ball
from diffcli.engines.boxes.region import Region
from diffcli.language.printer import text_of
from diffcli.output.answers import function_lines
from diffcli.output.document import Answer, Document, Formulas, Line, Remarks, Table
from diffcli.output.text import number, proved
from diffcli.studies.bounds.ranges import named
from diffcli.studies.prove.document import box_data, box_text

if TYPE_CHECKING:
    from diffcli.output.report import Facts
    from diffcli.studies.bounds.ranges import Extremum, Range
    from diffcli.studies.bounds.statement import Statement

LEAST_OF_A_LINE = 4
"""Points of one coordinate that are told as a line."""
Point = tuple[float, ...]
MOST_SHOWN = 4
"""Points of an extremum that a table shows; JSON has them all."""


def bounds_answer(found: Statement, facts: Facts) -> Answer:
    """Return what is proved of a function over a box."""

    def document(digits: int | None) -> Document:
        shown = _Shown(Region(found.ranges), digits)
        lines = (*function_lines(facts), Line("box", box_text(found.ranges)))
        rows = tuple(
            row
            for name, each in _quantities(found, facts)
            for row in _rows(name, each, shown, digits)
        )
        table = Table("bounds", ("of", "", "value", "near"), rows)
        return Document((Formulas(lines), table, Remarks(tuple(_remarks(found, digits)))))

    return Answer(facts, 0, lambda: {**facts.data, **_data(found, facts)}, document)


def _quantities(found: Statement, facts: Facts) -> Iterator[tuple[str, Range]]:
    yield facts.name, found.value
    for partial in found.partials:
        yield f"∂{facts.name}/∂{partial.quantity}", partial


@dataclass(frozen=True)
class _Shown:
    """How points of a box are written: an end of the box as it was typed."""

    region: Region
    digits: int | None

    def coordinate(self, index: int, x: float) -> str:
        """Return one coordinate of a point with its name."""
        name, ends = list(self.region.ranges.items())[index]
        floats = self.region.low, self.region.high
        typed = [
            text_of(end)
            for end, near in zip(ends, floats, strict=True)
            if near.lo[index, 0] <= x <= near.hi[index, 0]
        ]
        return f"{name} = {typed[0] if typed else number(x, self.digits)}"

    def point(self, point: Sequence[float]) -> str:
        """Return all coordinates of a point."""
        return ", ".join(self.coordinate(index, x) for index, x in enumerate(point))

    def line(self, points: Sequence[Sequence[float]]) -> str:
        """Return what all of some points have alike."""
        alike = [i for i, x in enumerate(points[0]) if all(point[i] == x for point in points)]
        return "along " + ", ".join(self.coordinate(i, points[0][i]) for i in alike)


def _rows(
    name: str, each: Range, shown: _Shown, digits: int | None
) -> Iterator[tuple[str, str, str, str]]:
    for word, extremum in (("minimum", each.minimum), ("maximum", each.maximum)):
        said = word if extremum.is_attained else _UNATTAINED[word]
        yield name, said, _value(extremum, word, digits), _where(extremum, shown)


_UNATTAINED = {"minimum": "infimum", "maximum": "supremum"}
"""What a bound is called that no point is proved to have."""


def _where(extremum: Extremum, shown: _Shown) -> str:
    """Return the points next to which an extremum lies; many with a coordinate alike as a line."""
    if extremum.towards is not None:
        return "towards " + ", ".join(f"{n} = {text}" for n, text in extremum.towards.items())
    # Of an extremum that isn't settled, the points are only the best ones met.
    points = extremum.points if extremum.is_settled else ()
    lines = _lines(points) if len(shown.region.names) > 1 else []
    apart = [point for point in points if not any(point in line for line in lines)]
    told = [*map(shown.line, lines), *map(shown.point, apart)]
    return "; ".join(told[:MOST_SHOWN]) + ("; …" if len(told) > MOST_SHOWN else "")


def _lines(points: Sequence[Point]) -> list[list[Point]]:
    """Return the points of each line: those that have a coordinate alike, where they are many."""
    lines: list[list[Point]] = []
    left = set(points)
    counts = Counter((index, x) for point in points for index, x in enumerate(point))
    for (index, x), count in counts.most_common():
        line = [point for point in points if point[index] == x]
        if count < LEAST_OF_A_LINE or left.isdisjoint(line):
            continue
        left.difference_update(line)
        lines.append(line)
    return lines


def _value(extremum: Extremum, word: str, digits: int | None) -> str:
    if extremum.is_unbounded:
        return "unbounded below" if word == "minimum" else "unbounded above"
    if extremum.text is None:
        return "no bound known"
    text = proved(extremum.text, digits or 7)
    if extremum.is_settled:
        return text
    ends = outward(interval_ball(extremum.low, extremum.high), digits or 7)
    return f"[{', '.join(ends)}]"


def _remarks(found: Statement, digits: int | None) -> Iterator[str]:
    if not found.value.is_defined:
        proved = "" if found.value.is_defined is False else "proved to be "
        yield f"not {proved}defined on all of the box: the bounds hold where f has a value"
    yield from _unattained(found)
    for name, growth in found.monotone.items():
        if growth != "undecided":
            word = "neither increasing nor decreasing" if growth == "neither" else growth
            yield f"{word} in {name}"
    if found.convex != "undecided":
        yield ("neither convex nor concave" if found.convex == "neither" else found.convex)
    known = {norm: ends for norm, ends in found.lipschitz.items() if ends is not None}
    if known:
        said = ", ".join(
            f"{number(float(high), digits)} ({norm})" for norm, (_, high) in known.items()
        )
        yield f"Lipschitz constant at most, by norm: {said}"


def _unattained(found: Statement) -> Iterator[str]:
    """Yield of which bounds it is proved that no point has them, and of which that isn't known."""
    settled = [
        (word, extremum.is_attained)
        for word, extremum in (("infimum", found.value.minimum), ("supremum", found.value.maximum))
        if extremum.is_settled and not extremum.is_attained
    ]
    for state, said in (
        (False, "no point has the value"),
        (None, "whether a point has the value isn't known"),
    ):
        words = [word for word, attained in settled if attained is state]
        if words:
            yield f"{' and '.join(words)} of f: {said}"


def _data(found: Statement, facts: Facts) -> dict[str, Any]:
    results = []
    for quantity, each in [
        (facts.name, found.value),
        *((e.quantity, e) for e in found.partials),
    ]:
        result: dict[str, Any] = {"quantity": quantity}
        for word, extremum in (("minimum", each.minimum), ("maximum", each.maximum)):
            points = named(extremum.points, found.function.variables)
            result[word] = None if extremum.text is None else list(extremum.text)
            result[f"at_{word}"] = points[0] if points else None
            result[f"{word}_points"] = points
            result[f"{word}_settled"] = extremum.is_settled
            result[f"{word}_attained"] = extremum.is_attained
            result[f"{word}_unbounded"] = extremum.is_unbounded
            result[f"{word}_towards"] = extremum.towards
        results.append({**result, "defined": each.is_defined})
    return {
        "in": box_data(found.ranges),
        "results": results,
        "lipschitz": found.lipschitz,
        "monotone": found.monotone,
        "convex": found.convex,
        "boxes": found.boxes,
    }
