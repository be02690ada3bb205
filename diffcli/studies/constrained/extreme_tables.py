"""The extreme values of a function over a box: as a table, and as JSON has them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from diffcli.engines.balls.decimals import outward
from diffcli.engines.boxes.arb import interval_ball
from diffcli.output.document import Table
from diffcli.output.text import number, proved

if TYPE_CHECKING:
    from diffcli.output.report import Facts
    from diffcli.studies.constrained.extremes import Attained, Extreme, Extremes

DIGITS = 20


def extreme_tables(best: Extremes | None, facts: Facts, digits: int | None) -> Iterator[Table]:
    """Yield the table of the least and the greatest value, where they were asked for."""
    if best is None:
        return
    rows = []
    for word, bound, each in (
        ("minimum", "infimum", best.minimum),
        ("maximum", "supremum", best.maximum),
    ):
        places = "; ".join(_place(point) for point in each.points) if each else ""
        shown = word if each is None or each.is_taken else bound
        rows.append((shown, "not known" if each is None else _value(each, digits), places))
    yield Table("extremes over the box", ("", facts.name, "at"), tuple(rows))


def _place(point: Attained) -> str:
    exact = point.exact or {name: number(x) for name, x in point.at.items()}
    text = ", ".join(f"{name} = {value}" for name, value in exact.items())
    return text if point.is_proved else f"next to {text}"


def _value(each: Extreme, digits: int | None) -> str:
    if each.exact is not None:
        return each.exact
    ends = outward(interval_ball(each.low, each.high), DIGITS)
    return proved(ends, digits or 7) if each.is_settled else f"[{', '.join(ends)}]"


def extremes_data(best: Extremes | None) -> dict[str, Any]:
    """Return the extreme values as JSON has them."""
    if best is None:
        return {}

    def one(each: Extreme | None) -> dict[str, Any] | None:
        if each is None:
            return None
        return {
            "bounds": list(outward(interval_ball(each.low, each.high), DIGITS)),
            "exact": each.exact,
            "settled": each.is_settled,
            "points": [
                {"at": point.at, "exact": point.exact, "attained": point.is_proved}
                for point in each.points
            ],
        }

    return {"extremes": {"minimum": one(best.minimum), "maximum": one(best.maximum)}}
