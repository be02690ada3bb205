"""Whether a degenerate critical point is an extremum, by the lowest terms of the Taylor series.

Let aᵢ be the degree of the first pure power of each variable in the series at the point, and give
the variable the weight 1/aᵢ. Where every term of weight less than 1 is 0 and the terms of weight 1
together are positive off the point, the function has a strict minimum there: a term of greater
weight is smaller near the point (Arnold, Gusein-Zade and Varchenko, Singularities of Differentiable
Maps I, 1985, section 12). Points x ≠ 0 are scaled along t^(1/aᵢ) to a face of the cube, so that the
sign on the faces decides.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import product
from math import factorial, prod

from flint import arb

from diffcli.studies.critical.kinds import PointKind

MAX_POWER = 8
"""The degree up to which the first pure power of a variable is looked for."""
MAX_TERMS = 60
"""Partials of one point that are asked for."""
MAX_BOXES = 400
"""Boxes into which the faces of the cube are cut."""

Exponents = tuple[int, ...]

Partials = Callable[[Sequence[Exponents]], Sequence[arb]]
"""Gives the partials at the point with these orders in the variables. Raises Trouble."""

Vanish = Callable[[Sequence[Exponents]], bool]
"""Whether partials are all proved to be 0 at the point."""


def extremum(size: int, partials: Partials, vanish: Vanish) -> PointKind | None:
    """Return whether a critical point in so many variables is a minimum or a maximum, if proved."""
    powers = [_first_power(index, size, partials) for index in range(size)]
    degrees = [degree for degree, _ in powers]
    signs = {sign for _, sign in powers}
    if len(signs) > 1 or 0 in signs or any(degree % 2 for degree in degrees):
        return None
    if prod(degree + 1 for degree in degrees) > MAX_TERMS * 4:
        return None
    lower, lowest = [], []
    for powers_of_term in product(*(range(degree + 1) for degree in degrees)):
        weight = sum(Fraction(k, degree) for k, degree in zip(powers_of_term, degrees, strict=True))
        if 0 < weight < 1:
            lower.append(powers_of_term)
        elif weight == 1:
            lowest.append(powers_of_term)
    if len(lower) + len(lowest) > MAX_TERMS or not vanish(lower):
        return None
    (sign,) = signs
    values = zip(lowest, partials(lowest), strict=True)
    form = {orders: sign * value / prod(map(factorial, orders)) for orders, value in values}
    if not _is_positive(form, size):
        return None
    return PointKind.MINIMUM if sign > 0 else PointKind.MAXIMUM


def _first_power(index: int, size: int, partials: Partials) -> tuple[int, int]:
    """Return the degree and the sign of a variable's first pure power; the sign 0 for none."""
    for degree in range(2, MAX_POWER + 1):
        (value,) = partials([tuple(degree if k == index else 0 for k in range(size))])
        if not value.contains(0):
            return degree, 1 if value > 0 else -1
    return MAX_POWER, 0


def _is_positive(form: Mapping[Exponents, arb], size: int) -> bool:
    """Whether a polynomial is proved to be positive on the faces of the cube [−1, 1]ⁿ."""
    boxes = list(_faces(size))
    for _ in range(MAX_BOXES):
        if not boxes:
            return True
        box = boxes.pop()
        value = sum(
            (weight * prod((x**k for x, k in zip(box, orders, strict=True)), start=arb(1))
             for orders, weight in form.items()),
            arb(0),
        )  # fmt: skip
        if value > 0:
            continue
        if value <= 0:
            return False
        widest = max(range(size), key=lambda index: float(box[index].rad()))
        boxes += [(*box[:widest], half, *box[widest + 1 :]) for half in _halves(box[widest])]
    return False


def _faces(size: int) -> Iterator[tuple[arb, ...]]:
    for index in range(size):
        for end in (arb(-1), arb(1)):
            yield tuple(end if k == index else arb(0, 1) for k in range(size))


def _halves(side: arb) -> tuple[arb, arb]:
    middle, half = arb(side.mid()), arb(side.rad()) / 2
    return arb(middle - half, half), arb(middle + half, half)
