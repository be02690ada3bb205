"""Fractions as Flint has them and as Python has them."""

from __future__ import annotations

from fractions import Fraction

from flint import fmpq


def flint_fraction(value: Fraction | float) -> fmpq:
    """Return a fraction, or the one that a float is, as Flint's."""
    return fmpq(*value.as_integer_ratio())


def python_fraction(value: fmpq | int) -> Fraction:
    """Return a fraction of Flint, or a whole number, as Python's."""
    return Fraction(int(value.numerator), int(value.denominator))
