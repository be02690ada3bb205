"""What a rule on balls may decide, and what it says when it can't.

A value is a number (``fmpq``, exact, or ``arb``, a ball) or a Taylor series in ``t`` with ball
coefficients (``arb_series``). A number stands still: its value at the point is all that matters,
so ``abs(0)`` is 0. A series moves: a rule must hold on a neighbourhood of its point, so ``abs`` of
a series whose constant ball touches 0 raises :class:`Difficult`. Arb itself doesn't check that:
it divides out leading zeros and takes square roots of them.
"""

from __future__ import annotations

from typing import overload

from flint import arb, arb_series, ctx, fmpq, fmpz

from diffcli.clock import deadline_passed

Number = fmpq | arb
Value = fmpq | arb | arb_series

HALF = fmpq(1, 2)

EXACT_BITS = 4096
"""Exact numbers whose numerator or denominator is longer become balls."""

UNCERTAIN = "not certain to the unit at this precision"


class Trouble(Exception):  # noqa: N818  (a value of the walk as much as an exception)
    """Why a term has no value here; ``reason`` is for a person to read."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Difficult(Trouble):
    """The balls can't decide: at a kink, a jump, an edge of the domain, or not precise enough."""


class Touching(Difficult):
    """The point is proved to be a kink, a jump or an edge, whatever the precision."""


class Undecided(Difficult):
    """The ball that would decide holds the boundary at this precision.

    ``touching`` is the fact that it would be, ``reason`` says that this isn't decided.
    """

    def __init__(self, touching: str) -> None:
        super().__init__(f"perhaps {touching} (the enclosure doesn't decide it)")
        self.touching = touching


class OutOfTime(Difficult):
    """There was no time to find out."""


class Undefined(Trouble):
    """The term certainly has no real value here."""


def check_deadline() -> None:
    """Raise OutOfTime past the time that :func:`diffcli.clock.until` has set."""
    if deadline_passed():
        raise OutOfTime("out of time")


class Decidable(arb):
    """A ball of a number of which more is known than the ball."""

    def proved_sign(self) -> int | None:
        """Return the number's sign, where it is proved."""
        raise NotImplementedError


def centre(x: Value) -> Number:
    """Return the value at the point itself."""
    return x[0] if isinstance(x, arb_series) else x


@overload
def ball(x: Number) -> arb: ...
@overload
def ball(x: Value) -> arb | arb_series: ...
def ball(x: Value) -> arb | arb_series:
    """Return an exact number as a ball, anything else as it is."""
    return arb(x) if isinstance(x, fmpq) else x


def side(x: Value, touching: str) -> int:
    """Return on which side of 0 ``x`` lies: −1, 1, or 0 for a number that is 0.

    Raises Touching(``touching``) where a series passes through 0, Undecided where it isn't certain:
    a ball around 0, however narrow, isn't 0.
    """
    middle = centre(x)
    if middle > 0:
        return 1
    if middle < 0:
        return -1
    where = 0 if middle == 0 else middle.proved_sign() if isinstance(middle, Decidable) else None
    if where is None:
        raise Undecided(touching)
    if where == 0 and isinstance(x, arb_series):
        raise Touching(touching)
    return where


def nonzero(x: Value, pole: str) -> None:
    """Refuse an argument that is 0, by the name of the pole there."""
    if centre(x) == 0 or side(x, pole) == 0:
        raise Undefined(pole)


def positive(x: Value, edge: str, outside: str) -> None:
    """Refuse an argument that isn't positive: ``edge`` says so at 0, ``outside`` below."""
    if not_negative(x, edge, outside) == 0:
        raise Undefined(edge)


def not_negative(x: Value, edge: str, outside: str) -> int:
    """Refuse an argument below 0; return 1, or 0 for a number that is 0."""
    where = side(x, edge)
    if where < 0:
        raise Undefined(outside)
    return where


def locate(x: Value, touching: str) -> tuple[fmpq, int]:
    """Return the integer nearest to ``x`` and the side of it on which ``x`` lies, as :func:`side`.

    ``touching`` is the message's template: ``{}`` stands for the integer.
    """
    middle = centre(x)
    nearest = (middle + HALF).floor() if isinstance(middle, fmpq) else _middle_integer(middle)
    offset = x - nearest
    where = side(offset, touching.format(nearest))
    if not abs(ball(centre(offset))) < 1:
        raise Difficult(UNCERTAIN)
    return fmpq(nearest), where


def _middle_integer(ball: arb) -> fmpz:
    # An exact integer of any exponent could be asked for: 2^(10^30) must not be written out.
    result = (ball.mid() + HALF).floor().unique_fmpz() if abs(ball) < arb(2) ** ctx.prec else None
    if result is None:
        raise Difficult(UNCERTAIN)
    return result


def exact_integer(x: Value) -> Value:
    """Return a ball that is an integer of moderate size as that exact number, all else as it is."""
    if isinstance(x, arb) and x.is_integer() and abs(x) < arb(2) ** EXACT_BITS:
        return x.fmpq()
    return x


def fixed_integer(x: Value, otherwise: str) -> Number:
    """Return an argument that must be an integer, exactly where it is one.

    Raises Undefined(``otherwise``) for one that moves, which is no integer beside the point, and
    Undecided where that isn't certain.
    """
    exact = exact_integer(x)
    if isinstance(exact, arb_series):
        moves = any(not step.contains(0) for step in exact.coeffs()[1:])
        raise Undefined(otherwise) if moves else Undecided(otherwise)
    if isinstance(exact, arb) and exact.contains_integer():
        raise Undecided(otherwise)
    return exact


def no_pole(x: Value, name: str) -> None:
    """Refuse 0, −1, −2, …, the poles of the gamma family."""
    if not centre(x) > 0:
        nearest, where = locate(x, f"pole of {name} at {{}}")
        if where == 0:
            raise Undefined(f"pole of {name} at {nearest}")


def short(x: Value) -> str:
    """Write the value at the point for a message, with six digits at most."""
    middle = centre(x)
    if isinstance(middle, fmpq) and middle.height_bits() < 32:
        return str(middle)
    try:
        return f"{float(middle):.6g}"
    except OverflowError:  # a fraction beyond all floats
        return str(arb(middle).str(6, radius=False))
