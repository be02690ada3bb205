"""What values a formula may have, by the ranges of the functions that it is a sum of.

No box knows that erf(x) is below 1 where its values round to 1, or that x − ⌊x⌋ is below 1 next to
a whole number. The rows of the functions do, and which ends of their ranges are attained.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from diffcli.engines.balls.forms import Form, TooLong
from diffcli.engines.balls.forms import number as form_of
from diffcli.engines.balls.guards import Trouble
from diffcli.engines.balls.signs import Facts
from diffcli.engines.balls.values import Unknown
from diffcli.engines.boxes.region import Region
from diffcli.language.expression import VARIABLE, Node, names_in, postorder
from diffcli.language.functions import TABLE
from diffcli.language.rationals import fraction_of

MOST_NODES = 400
MOST_POWER = 8

_ZERO, _ONE, _HALF = form_of(0), form_of(1), form_of(Fraction(1, 2))


@dataclass(frozen=True)
class Values:
    """An interval that holds all values: its ends, None where it has none, and which it has."""

    low: Form | None = None
    high: Form | None = None
    has_low: bool = True
    has_high: bool = True

    def __add__(self, other: Values) -> Values:
        return Values(
            None if self.low is None or other.low is None else self.low + other.low,
            None if self.high is None or other.high is None else self.high + other.high,
            self.has_low and other.has_low,
            self.has_high and other.has_high,
        )

    def times(self, factor: Form, sign: int | None) -> Values:
        """Return the values times a number of a known sign."""
        if sign is None:
            return Values()
        if sign == 0:
            return Values(_ZERO, _ZERO)
        low = None if self.low is None else self.low * factor
        high = None if self.high is None else self.high * factor
        if sign > 0:
            return Values(low, high, self.has_low, self.has_high)
        return Values(high, low, self.has_high, self.has_low)


_REMAINDERS: Mapping[str, Values] = {
    "floor": Values(-_ONE, _ZERO, has_low=False),
    "ceil": Values(_ZERO, _ONE, has_high=False),
    "round": Values(-_HALF, _HALF),
}
"""What a rounded number may differ from the number by."""


@dataclass(frozen=True)
class _Sum:
    """A constant, and terms that vary with their constant factors."""

    terms: Mapping[Node, Form]
    constant: Form

    def times(self, factor: Form) -> _Sum:
        return _Sum({t: each * factor for t, each in self.terms.items()}, self.constant * factor)


def sign_by_values(formula: Node, region: Region) -> int | None:
    """Return 1 where a formula is positive by the ranges of its terms, 0 where it isn't negative.

    Both are meant wherever it has a value; None is for others.
    """
    order = postorder([formula])
    if len(order) > MOST_NODES or not any(map(_has_range, order)):
        return None
    try:
        reader = _Reader(region)
        values = reader.values(reader.sum_of(formula))
        sign = None if values.low is None else reader.facts.field.sign(values.low)
    except (Trouble, TooLong, Unknown):
        return None
    if sign is None or sign < 0:
        return None
    return 1 if sign > 0 or not values.has_low else 0


def _has_range(term: Node) -> bool:
    return (
        term.op in _REMAINDERS
        or term.op == "mod"
        or (term.op in TABLE and bool(TABLE[term.op].range))
    )


class _Reader:
    """The sums that the terms of one formula are, and their values over a region."""

    def __init__(self, region: Region) -> None:
        self.facts = Facts({})
        self._region = region
        self._sums: dict[Node, _Sum] = {}

    def sum_of(self, term: Node) -> _Sum:
        """Return a term as a sum."""
        for each in postorder([term]):
            if each not in self._sums:
                self._sums[each] = self._made(each)
        return self._sums[term]

    def _made(self, term: Node) -> _Sum:
        if not names_in([term]):
            constant = self.facts.constant(term)
            if isinstance(constant, Form):
                return _Sum({}, constant)
        parts = [self._sums[arg] for arg in term.args]
        if term.op == "add":
            return _added(parts)
        if term.op == "neg":
            return parts[0].times(-_ONE)
        varying = [part for part in parts if part.terms]
        if term.op == "mul" and len(varying) == 1:
            product = varying[0]
            for part in parts:
                product = product if part.terms else product.times(part.constant)
            return product
        if term.op == "div" and not parts[1].terms and self.facts.field.sign(parts[1].constant):
            return parts[0].times(parts[1].constant.inverse())
        return _Sum({term: _ONE}, _ZERO)

    def values(self, total: _Sum) -> Values:
        """Return the values of a sum; a rounded number and the number itself count as one term."""
        terms = dict(total.terms)
        found = Values(total.constant, total.constant)
        for term, factor in total.terms.items():
            inner = self.sum_of(term.args[0]) if term.op in _REMAINDERS else None
            if inner is None or term not in terms or not inner.terms:
                continue
            if all(self._cancel(terms.get(t), factor * k) for t, k in inner.terms.items()):
                for each in (term, *inner.terms):
                    del terms[each]
                moved = inner.constant * factor
                found += Values(moved, moved) + self._scaled(_REMAINDERS[term.op], factor)
        for term, factor in terms.items():
            found += self._scaled(self._values_of(term), factor)
        return found

    def _cancel(self, first: Form | None, second: Form) -> bool:
        return first is not None and self.facts.field.sign(first + second) == 0

    def _scaled(self, values: Values, factor: Form) -> Values:
        return values.times(factor, self.facts.field.sign(factor))

    def _values_of(self, term: Node) -> Values:
        if term.op == VARIABLE:
            ends = self._region.ranges.get(str(term.value))
            low, high = map(self.facts.constant, ends) if ends else (None, None)
            return Values(
                low if isinstance(low, Form) else None, high if isinstance(high, Form) else None
            )
        if term.op == "mod":
            return self._remainder(self.sum_of(term.args[1]))
        if term.op in ("abs", "pow"):
            exponent = fraction_of(term.args[1]) if term.op == "pow" else Fraction(1)
            return self._even(self.values(self.sum_of(term.args[0])), term.op, exponent)
        if term.op not in TABLE:
            return Values()
        interval = TABLE[term.op].range
        low, high = self.facts.field.ends(interval)
        return Values(low, high, interval.startswith("["), interval.endswith("]"))

    def _remainder(self, divisor: _Sum) -> Values:
        """Return the values of a remainder, which has its divisor's sign."""
        size = divisor.constant
        sign = None if divisor.terms else self.facts.field.sign(size)
        if not sign:
            return Values()
        return Values(_ZERO, size, has_high=False) if sign > 0 else Values(size, _ZERO, False)

    def _even(self, inner: Values, op: str, exponent: Fraction | None) -> Values:
        """Return the values of |u|, or of an even power of u."""
        if op == "pow" and not (exponent and exponent % 2 == 0 and 0 < exponent <= MOST_POWER):
            return Values()
        if inner.low is None or inner.high is None:
            return Values(_ZERO)
        longer = self.facts.field.sign(inner.high + inner.low)
        if longer is None:
            return Values(_ZERO)
        size = inner.high if longer >= 0 else -inner.low
        has_size = (inner.has_high and longer >= 0) or (inner.has_low and longer <= 0)
        most = size
        for _ in range(int(exponent or 1) - 1):
            most = most * size
        return Values(_ZERO, most, has_high=has_size)


def _added(parts: Iterable[_Sum]) -> _Sum:
    terms: dict[Node, Form] = {}
    constant = _ZERO
    for part in parts:
        constant = constant + part.constant
        for term, factor in part.terms.items():
            terms[term] = terms[term] + factor if term in terms else factor
    return _Sum(terms, constant)
