"""A propagated uncertainty as an answer: each input's part, and what sampling says."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from decimal import ROUND_UP, Context
from math import nan
from typing import Any

from diffcli.output.answers import derivative_lines, function_lines, remarks
from diffcli.output.document import Answer, Document, Formulas, Remarks, Rounded, Table
from diffcli.studies.uncertainty.propagation import Propagation

_SHORT = 4
"""Significant digits of an uncertainty, unless asked otherwise."""


def answer(found: Sequence[Propagation]) -> Answer:
    """Return a table of the inputs for each point, the uncertainty of f above it."""
    first = found[0].report

    def document(digits: int | None) -> Document:
        short = digits or _SHORT
        tables = (table for each in found for table in (_inputs(each, short), _ways(each, short)))
        said = (said for each in found for said in _remarks(each, digits))
        formulas = Formulas((*function_lines(first), *derivative_lines(first)))
        return Document((formulas, *tables, Remarks(tuple(said))))

    return Answer(
        first,
        max(each.report.exit_code for each in found),
        lambda: {**first.data, "results": [_record(each) for each in found]},
        document,
    )


def _inputs(found: Propagation, digits: int) -> Table:
    rows = (
        (
            each.name,
            each.value,
            Rounded(each.sigma, digits),
            Rounded(each.derivative, digits),
            Rounded(each.contribution, digits),
            Rounded(100 * each.share, decimals=1),
            Rounded(each.sampled.sigma, digits),
            "yes" if each.is_linear else "no",
        )
        for each in found.inputs
    )
    head = ("input", "value", "±", "derivative", "part of ±", "share %", "sampled", "linear")
    return Table("inputs", head, tuple(rows))


def _ways(found: Propagation, digits: int) -> Table:
    """Return the value and its uncertainty as each way to propagate has it."""
    value = found.report.results[0].value
    ways = [("linear", value if isinstance(value, float) else nan, found.sigma)]
    if found.second:
        ways.append(("second order", found.second.mean, found.second.sigma))
    ways.append(("sampled", found.sampled.mean, found.sampled.sigma))
    rows = ((way, Rounded(mean, 2 * digits), Rounded(sigma, digits)) for way, mean, sigma in ways)
    return Table(found.report.name, ("by", "value", "±"), tuple(rows))


def _remarks(found: Propagation, digits: int | None) -> Iterator[str]:
    spread = found.sampled
    low, high = (Rounded(end, digits or _SHORT) for end in spread.interval)
    known = spread.count - spread.outside
    if known:
        which = "samples" if known == spread.count else "samples that have a value"
        yield f"95 % of {known:,} {which} lie between {low} and {high}"
    if spread.outside:
        yield (
            f"{_percent(spread.outside, spread.count)} % of the samples have no value: "
            "they are outside the domain, or too large"
        )
    if found.is_linear:
        yield "linear propagation holds"
    elif not known:
        yield "nothing is known of the uncertainty"
    else:
        guilty = [each.name for each in found.inputs if not each.is_linear]
        where = f"in {' and '.join(guilty)}" if guilty else "in the inputs together"
        bends = f"{found.report.name} bends too much {where}"
        yield f"linear propagation fails: {bends}; take the sampled interval"
    if found.linear_error is not None:
        bound = _rounded_up(found.linear_error)
        yield f"proved: within ±3σ of each input, the linear value is off by at most {bound}"
    yield from remarks(found.report, digits)


def _record(found: Propagation) -> dict[str, Any]:
    return {
        **found.report.results[0].data,
        "sigma": found.sigma,
        "inputs": [asdict(each) for each in found.inputs],
        "covariance": found.covariance,
        "second_order": found.second and asdict(found.second),
        "sampled": asdict(found.sampled),
        "is_linear": found.is_linear,
        "linear_error": found.linear_error,
    }


def _rounded_up(bound: float) -> str:
    """Return a bound in two digits, rounded up."""
    return str(Context(prec=2, rounding=ROUND_UP).create_decimal(repr(bound)).normalize())


def _percent(part: int, whole: int) -> str:
    """Return a share in percent; 0 and 100 are none and all."""
    if part == whole:
        return "100"
    percent = 100 * part / whole
    return f"{percent:.2g}" if percent < 99 else f"{min(percent, 99.99):.2f}"
