"""The certificate of ``bounds``: a box cut into parts, on each of which the checker proves them."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from math import inf, isfinite, nextafter
from typing import TYPE_CHECKING, Any

from diffcli.engines.exact import nearest, rational
from diffcli.errors import PointError, UsageError
from diffcli.export.certificate import Operations, certificate_text, is_proved
from diffcli.language.expression import Node, number

if TYPE_CHECKING:
    from diffcli.studies.bounds.ranges import Extremum
    from diffcli.studies.bounds.statement import Statement

SLACKS = (1e-3, 0.05, 1.0)
"""How far the claimed bounds lie outside the proved ones, in widths of the range, tried in turn."""
MAX_PARTS = 512
"""Parts that a box is cut into."""

Sides = Mapping[str, tuple[Fraction, Fraction]]


def bounds_certificate(statement: Statement, expression: str) -> str:
    """Return the certificate of the range of a function over a box, as JSON.

    It claims bounds on the whole box, a little wider than those of the answer, and at points where
    they are nearly reached the value. Raises UsageError where the checker doesn't prove them.
    """
    below, above = statement.value.minimum, statement.value.maximum
    if not (isfinite(below.low) and isfinite(above.high)):
        raise UsageError("no certificate is written of what has no bounds")
    operations = Operations()
    root = operations.position(statement.function.outputs[0])
    reached = [(one, one.points[0]) for one in (below, above) if one.points]
    points = [
        {
            name: operations.position(number(x))
            for name, x in zip(statement.ranges, point, strict=True)
        }
        for _, point in reached
    ]
    read = {"operations": operations.records, "outputs": [root], "points": points}
    width = above.high - below.low
    values = [_value(index, one, width) for index, (one, _) in enumerate(reached)]
    box = {name: _rational(*ends) for name, ends in statement.ranges.items()}
    for slack in SLACKS:
        margin = slack * width or abs(above.high) * 1e-9
        interval = [repr(below.low - margin), repr(above.high + margin)]
        claim = {"kind": "bounds", "point": 0, "output": 0, "interval": interval}
        if (cuts := _cuts(read, claim, box)) is not None:
            written = {name: [str(end) for end in ends] for name, ends in box.items()}
            claims = [claim | {"box": written, "cuts": cuts}]
            claims += [value for value in values if is_proved(read, value)]
            return certificate_text(expression, "bounds", read, claims)
    raise UsageError("the checker of certificates doesn't prove these bounds")


def _value(index: int, extremum: Extremum, width: float) -> dict[str, Any]:
    """Return the claim that the value at a point is next to an extremum."""
    margin = SLACKS[0] * width or abs(extremum.high) * 1e-9
    interval = [repr(extremum.low - margin), repr(extremum.high + margin)]
    return {"kind": "number", "point": index, "output": 0, "partial": [], "interval": interval}


def _rational(low: Node, high: Node) -> tuple[Fraction, Fraction]:
    """Return rational ends that hold what lies between two constants, such as 0 and π."""
    exact = rational(low), rational(high)
    try:
        outside = nextafter(nearest(low), -inf), nextafter(nearest(high), inf)
    except PointError:
        raise UsageError("no certificate is written of an infinite box") from None
    start, end = (
        Fraction(beside) if known is None else known
        for known, beside in zip(exact, outside, strict=True)
    )
    return start, end


def _cuts(read: Mapping[str, Any], claim: Mapping[str, Any], box: Sides) -> list[str | None] | None:
    """Return which side each part is halved along, in preorder; None if there are too many."""
    whole = {name: high - low for name, (low, high) in box.items()}
    cuts: list[str | None] = []
    waiting = [box]
    while waiting:
        part = waiting.pop()
        sides = {name: [str(end) for end in ends] for name, ends in part.items()}
        if is_proved(read, {**claim, "box": sides, "cuts": [None]}):
            cuts.append(None)
            continue
        if len(cuts) + len(waiting) > MAX_PARTS:
            return None
        name = max(part, key=lambda name: (part[name][1] - part[name][0]) / (whole[name] or 1))
        low, high = part[name]
        middle = (low + high) / 2
        cuts.append(name)
        waiting += [{**part, name: (middle, high)}, {**part, name: (low, middle)}]
    return cuts
