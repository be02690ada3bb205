"""What ``profile`` found, as a listing: the operators, and what a gradient costs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from diffcli.output.documents import document
from diffcli.output.headings import function_lines, remarks
from diffcli.output.listing import Block, Cell, Listing, Rounded
from diffcli.output.text import number
from diffcli.studies.profile import Profile

MOST_OPERATORS = 20
_MICRO = 1e6
_SHORT = 3
"""Significant digits of a time."""


def profile_listing(found: Sequence[Profile], digits: int | None) -> Listing:
    """Return a table of operators for each point, times in microseconds."""
    first = found[0].report
    return Listing(
        formulas=tuple(function_lines(first)),
        blocks=tuple(_operators(each) for each in found),
        remarks=tuple(
            said for each in found for said in (_cost(each), *remarks(each.report, digits))
        ),
        document={**document(first), "results": [_record(each) for each in found]},
    )


def _operators(found: Profile) -> Block:
    shown = found.operators[:MOST_OPERATORS]
    on_device = any(each.device_time for each in shown)
    rows: list[tuple[Cell, ...]] = []
    for each in shown:
        times = [each.self_time, each.total, *([each.device_time] if on_device else [])]
        calls, memory = (Rounded(count, decimals=0) for count in (each.calls, each.memory))
        micros = (Rounded(_MICRO * time, decimals=1) for time in times)
        rows.append((each.name, calls, *micros, memory))
    columns = ("self µs", "total µs", *(["CUDA µs"] if on_device else []))
    title = f"{found.repeat} evaluations and backward passes"
    return Block(title, ("operator", "calls", *columns, "bytes"), tuple(rows))


def _cost(found: Profile) -> str:
    value, gradient = (
        number(_MICRO * time, _SHORT) for time in (found.value_time, found.gradient_time)
    )
    return (
        f"f takes {value} µs, f and its gradient {gradient} µs: "
        f"{number(found.ratio, _SHORT)} times as long (medians, without the profiler)"
    )


def _record(found: Profile) -> dict[str, Any]:
    return {
        **document(found.report)["results"][0],
        "repeat": found.repeat,
        "value_seconds": found.value_time,
        "gradient_seconds": found.gradient_time,
        "ratio": found.ratio,
        "operators": [asdict(each) for each in found.operators],
    }
