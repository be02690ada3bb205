r"""A value with its uncertainty as a paper has it: 6.00 ± 0.25, in LaTeX by siunitx's ``\num``."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from math import isfinite

from diffcli.output.document import Line
from diffcli.studies.uncertainty.propagation import Propagation

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
