r"""A propagated uncertainty as an answer: each input's part, and what sampling says.

A value stands with its uncertainty as a paper has it: 6.00 ± 0.25, in LaTeX by siunitx's ``\num``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from decimal import ROUND_UP, Context, Decimal
from math import isfinite, isnan, nan
from typing import Any

from diffcli.output.answers import derivative_lines, function_lines, remarks
from diffcli.output.document import Answer, Document, Formulas, Line, Remarks, Rounded, Table
from diffcli.studies.uncertainty.propagation import Propagation

_SHORT = 4
"""Significant digits of an uncertainty, unless asked otherwise."""


def answer(propagations: Sequence[Propagation], *, siunitx: bool = False) -> Answer:
    """Return a table of the inputs for each point, the uncertainty of f above it.

    With ``siunitx`` the values stand with their uncertainties above, as a paper has them.
    """
    first = propagations[0].report

    def document(digits: int | None) -> Document:
        short = digits or _SHORT
        tables = (
            table
            for propagation in propagations
            for table in (_inputs(propagation, short), _ways(propagation, short))
        )
        said = (said for propagation in propagations for said in _remarks(propagation, digits))
        lines = [*function_lines(first), *derivative_lines(first)]
        if siunitx:
            lines += [line for propagation in propagations for line in measured_lines(propagation)]
        formulas = Formulas(tuple(lines))
        return Document((formulas, *tables, Remarks(tuple(said))))

    return Answer(
        first,
        max(propagation.report.exit_code for propagation in propagations),
        lambda: {**first.data, "results": [_record(propagation) for propagation in propagations]},
        document,
    )


def _inputs(propagation: Propagation, digits: int) -> Table:
    rows = (
        (
            source.name,
            source.value,
            Rounded(source.sigma, digits),
            Rounded(source.derivative, digits),
            Rounded(source.contribution, digits),
            Rounded(100 * source.share, decimals=1),
            Rounded(source.sampled.sigma, digits),
            "yes" if source.is_linear else "no",
        )
        for source in propagation.inputs
    )
    head = ("input", "value", "±", "derivative", "part of ±", "share %", "sampled", "linear")
    return Table("inputs", head, tuple(rows))


def _ways(propagation: Propagation, digits: int) -> Table:
    """Return the value and its uncertainty as each way to propagate has it."""
    value = propagation.report.results[0].value
    ways = [("linear", value if isinstance(value, float) else nan, propagation.sigma)]
    if propagation.second:
        ways.append(("second order", propagation.second.mean, propagation.second.sigma))
    ways.append(("sampled", propagation.sampled.mean, propagation.sampled.sigma))
    rows = ((way, Rounded(mean, 2 * digits), Rounded(sigma, digits)) for way, mean, sigma in ways)
    return Table(propagation.report.name, ("by", "value", "±"), tuple(rows))


def _remarks(propagation: Propagation, digits: int | None) -> Iterator[str]:
    spread = propagation.sampled
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
    if propagation.is_linear:
        yield "linear propagation holds"
    elif not known:
        yield "nothing is known of the uncertainty"
    else:
        yield f"linear propagation fails: {_failure(propagation)}; take the sampled interval"
    if propagation.linear_error is not None:
        bound = _rounded_up(propagation.linear_error)
        yield f"proved: within ±3σ of each input, the linear value is off by at most {bound}"
    yield from remarks(propagation.report, digits)


def _failure(propagation: Propagation) -> str:
    """Return why linear propagation fails: a derivative is missing, or f isn't linear enough."""
    missing = [source.name for source in propagation.inputs if isnan(source.derivative)]
    if missing:
        return f"{propagation.report.name} has no derivative in {' and '.join(missing)}"
    nonlinear = [source.name for source in propagation.inputs if not source.is_linear]
    where = f"in {' and '.join(nonlinear)}" if nonlinear else "in the inputs together"
    return f"{propagation.report.name} bends too much {where}"


def _record(propagation: Propagation) -> dict[str, Any]:
    return {
        **propagation.report.results[0].data,
        "sigma": propagation.sigma,
        "inputs": [asdict(source) for source in propagation.inputs],
        "covariance": propagation.covariance,
        "second_order": propagation.second and asdict(propagation.second),
        "sampled": asdict(propagation.sampled),
        "is_linear": propagation.is_linear,
        "linear_error": propagation.linear_error,
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


DIGITS = 2
"""Significant digits of an uncertainty (GUM, JCGM 100:2008, 7.2.6)."""
PLAIN = range(-4, 6)
"""Powers of ten of numbers that are written without one."""


def measured_lines(propagation: Propagation) -> Iterator[Line]:
    """Yield each input with its uncertainty, and the value where linear propagation holds."""
    for source in propagation.inputs:
        yield measured_line(source.name, source.value, source.sigma)
    value = propagation.report.results[0].value
    if propagation.is_linear and isinstance(value, float) and isfinite(propagation.sigma):
        yield measured_line(propagation.report.name, value, propagation.sigma)


def measured_line(name: str, value: float, sigma: float) -> Line:
    """Return a value rounded to the last digit that its uncertainty shows."""
    if not sigma:
        return Line(name, f"{value:.12g}", latex=rf"\num{{{value:.12g}}}")
    size = max(Decimal(repr(abs(value))), Decimal(repr(sigma))).adjusted()
    power = 0 if size in PLAIN else size
    exact, error = (Decimal(repr(figure)).scaleb(-power) for figure in (value, sigma))
    unit = Decimal(1).scaleb(error.adjusted() - DIGITS + 1)
    # Rounding may lengthen it: 0.0996 becomes 0.10.
    unit = Decimal(1).scaleb(error.quantize(unit).adjusted() - DIGITS + 1)
    rounded = [f"{figure.quantize(unit):f}" for figure in (exact, error)]
    if power:
        text = f"({rounded[0]} ± {rounded[1]}) * 10^{power}"
        return Line(name, text, latex=rf"\num{{{rounded[0]} +- {rounded[1]} e{power}}}")
    return Line(name, " ± ".join(rounded), latex=rf"\num{{{' +- '.join(rounded)}}}")
