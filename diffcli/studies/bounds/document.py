"""Bounds as an answer: a table of ranges, and what they say."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from diffcli.engines.balls.decimals import outward
from diffcli.engines.boxes.arb import interval_ball
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
MOST_SHOWN = 4
"""Points of an extremum that a table shows; JSON has them all."""


def bounds_answer(found: Statement, facts: Facts) -> Answer:
    """Return what is proved of a function over a box."""

    def document(digits: int | None) -> Document:
        lines = (*function_lines(facts), Line("box", box_text(found.ranges)))
        rows = tuple(
            row
            for name, each in _quantities(found, facts)
            for row in _rows(name, each, facts.variables, digits)
        )
        table = Table("bounds", ("of", "", "value", "near"), rows)
        return Document((Formulas(lines), table, Remarks(tuple(_remarks(found, digits)))))

    return Answer(facts, 0, lambda: {**facts.data, **_data(found, facts)}, document)


def _quantities(found: Statement, facts: Facts) -> Iterator[tuple[str, Range]]:
    yield facts.name, found.value
    for each in found.partials:
        yield f"∂{facts.name}/∂{each.quantity}", each


def _rows(
    name: str, each: Range, variables: tuple[str, ...], digits: int | None
) -> Iterator[tuple[str, str, str, str]]:
    for word, extremum in (("minimum", each.minimum), ("maximum", each.maximum)):
        yield name, word, _value(extremum, word, digits), _where(extremum, variables, digits)


def _where(extremum: Extremum, variables: tuple[str, ...], digits: int | None) -> str:
    """Return the points next to which an extremum lies; many with a coordinate alike as a line."""
    if extremum.towards is not None:
        return "towards " + ", ".join(f"{n} = {text}" for n, text in extremum.towards.items())
    # Of an extremum that isn't settled, the points are only the best ones met.
    points = list(extremum.points) if extremum.is_settled else []
    shown = []
    for place, name in enumerate(variables):
        for value, count in Counter(point[place] for point in points).most_common():
            if count < LEAST_OF_A_LINE or len(variables) < 2:
                break
            shown.append(f"along {name} = {number(value, digits)}")
            points = [point for point in points if point[place] != value]
    shown += [
        ", ".join(f"{n} = {number(x, digits)}" for n, x in zip(variables, point, strict=True))
        for point in points
    ]
    return "; ".join(shown[:MOST_SHOWN]) + ("; …" if len(shown) > MOST_SHOWN else "")


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
        yield "not proved to be defined on all of the box: the bounds hold where f has a value"
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


def _data(found: Statement, facts: Facts) -> dict[str, Any]:
    results = []
    for quantity, each in [
        (facts.name, found.value),
        *((e.quantity, e) for e in found.partials),
    ]:
        result: dict[str, Any] = {"quantity": quantity}
        for word, extremum in (("minimum", each.minimum), ("maximum", each.maximum)):
            points = named(extremum.points, facts.variables)
            result[word] = None if extremum.text is None else list(extremum.text)
            result[f"at_{word}"] = points[0] if points else None
            result[f"{word}_points"] = points
            result[f"{word}_settled"] = extremum.is_settled
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
