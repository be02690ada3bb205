"""One-sided expansions: what a function does as h falls to 0, to as many terms as are wanted.

A germ is a sum of terms c·h^a·L^b·M^d with L = log(1/h), M = log L and rational exponents, the
greatest first, and a rest: none, a bound O(h^a·L^b·M^d), or something flat, smaller than every
power, as e^(−1/h). Beside these there are germs that grow beyond every power.

A rest is *tame* where it belongs to a Hardy field: it is the germ of a function that is definable
in an o-minimal structure (van den Dries, Macintyre and Marker, "The elementary theory of restricted
analytic fields with exponentiation", Ann. Math. 140, 1994), so it has a sign in the end, and by
l'Hôpital's rule (Hardy, "Orders of Infinity", 1910; Rosenlicht, "Hardy fields", J. Math. Anal.
Appl. 93, 1983) its bound may be differentiated. What oscillates is bounded alone. The scale and the
comparison of exponentials by their logarithms follow Gruntz, "On computing limits in a symbolic
manipulation system", ETH Zürich, 1996, and Shackell, "Symbolic Asymptotics", 2004.
"""

from __future__ import annotations

from dataclasses import dataclass

from flint import fmpq

from diffcli.engines.balls.guards import Difficult
from diffcli.engines.one_sided.atoms import here
from diffcli.engines.one_sided.coefficients import ZERO, Coefficient, rational

Scale = tuple[fmpq, fmpq, fmpq]
"""The exponents (a, −b, −d) of h^a·L^b·M^d: the smaller the tuple, the greater the size."""

UNIT: Scale = (fmpq(0), fmpq(0), fmpq(0))
LOG: Scale = (fmpq(0), fmpq(-1), fmpq(0))
LOG_LOG: Scale = (fmpq(0), fmpq(0), fmpq(-1))


@dataclass(frozen=True, slots=True)
class Order:
    """A rest of which a bound is known: C times the scale."""

    scale: Scale
    is_tame: bool = True


@dataclass(frozen=True, slots=True)
class Exponential:
    """A germ beyond the powers: ``sign``·e^growth; without a sign, one no larger than that.

    The growth goes to ±infinity faster than any multiple of log(1/h).
    """

    sign: int | None
    growth: Expansion
    is_tame: bool = True

    @property
    def is_flat(self) -> bool:
        """Whether it goes to 0."""
        return sign(self.growth) < 0


@dataclass(frozen=True, slots=True)
class Expansion:
    """Terms of falling size, and a rest that is smaller than each; no rest is an exact 0."""

    terms: tuple[tuple[Scale, Coefficient], ...] = ()
    rest: Rest | None = None


Germ = Expansion | Exponential

Rest = Order | Exponential
"""What is smaller than the terms of a sum."""

NOTHING = Expansion()


def exact(coefficient: Coefficient, scale: Scale = UNIT) -> Expansion:
    """Return a germ of one term."""
    return Expansion(((scale, coefficient),)) if not coefficient.is_nothing else NOTHING


def integer(value: int) -> Expansion:
    """Return a constant germ."""
    return exact(rational(value))


def is_exactly_zero(x: Germ) -> bool:
    """Whether a germ is 0 by its terms."""
    return isinstance(x, Expansion) and not x.terms and x.rest is None


def leading(x: Expansion) -> tuple[Scale, Coefficient] | None:
    """Return the first term that isn't 0. Raises Difficult where a sign isn't known."""
    for scale, coefficient in x.terms:
        if coefficient.sign():
            return scale, coefficient
    return None


def sign(x: Germ) -> int:
    """Return the sign that a germ has in the end. Raises Difficult where it isn't known."""
    if isinstance(x, Expansion):
        first = leading(x)
        if first is not None and (first[0] == UNIT or not here().depth):
            return first[1].sign()
        if first is None and x.rest is None:
            return 0
    last = x.rest if isinstance(x, Expansion) else x
    if here().depth or not isinstance(last, Exponential) or last.sign is None:
        raise Difficult("the sign next to the point isn't known")
    return last.sign


def is_infinite(x: Germ) -> bool:
    """Whether a germ goes to infinity. Raises Difficult where that isn't known."""
    if isinstance(x, Exponential):
        if x.sign is None and not x.is_flat:
            raise Difficult("the size next to the point isn't known")
        return not x.is_flat
    first = leading(x)
    if first is None and isinstance(x.rest, Order) and x.rest.scale < UNIT:
        raise Difficult("the size next to the point isn't known")
    return first is not None and first[0] < UNIT


def is_bounded(x: Germ) -> bool:
    """Whether a germ is known to stay bounded."""
    if isinstance(x, Exponential):
        return x.is_flat
    scales = [scale for scale, _ in x.terms[:1]]
    scales += [x.rest.scale] if isinstance(x.rest, Order) else []
    return all(scale >= UNIT for scale in scales)


def is_tame(x: Germ) -> bool:
    """Whether bounds may be differentiated."""
    last = x.rest if isinstance(x, Expansion) else x
    return last is None or last.is_tame


def constant_of(x: Germ) -> Coefficient | None:
    """Return the number that a germ is, if it doesn't move at all."""
    if not isinstance(x, Expansion) or x.rest is not None or len(x.terms) > 1:
        return None
    if not x.terms:
        return ZERO
    return x.terms[0][1] if x.terms[0][0] == UNIT else None


def bounded(scale: Scale = UNIT, *, is_tame: bool = False) -> Expansion:
    """Return a germ of which only a bound is known."""
    return Expansion((), Order(scale, is_tame))


def split(x: Germ) -> tuple[Coefficient, Expansion]:
    """Return the limit of a germ, and the rest of it. Raises Difficult without a finite limit."""
    if isinstance(x, Exponential):
        x = as_expansion(x)
    if is_infinite(x) or (isinstance(x.rest, Order) and x.rest.scale <= UNIT):
        raise Difficult("no finite limit is known")
    constant = [c for scale, c in x.terms if scale == UNIT]
    small = tuple((scale, c) for scale, c in x.terms if scale > UNIT)
    return constant[0] if constant else ZERO, Expansion(small, x.rest)


def as_expansion(x: Germ) -> Expansion:
    """Return a flat germ as the rest of a sum without terms. Raises Difficult for a large one."""
    if isinstance(x, Expansion):
        return x
    if not x.is_flat:
        raise Difficult("it grows beyond every power")
    return Expansion((), x)
