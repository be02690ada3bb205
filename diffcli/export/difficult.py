"""Where exported code is tried beside random points: at the difficult points of its formula.

Those are holes, kinks, poles and edges of the domain, as far as they lie at numbers that the
formula is made of, the points beside them, and tiny and huge arguments everywhere.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import islice
from math import isqrt
from random import Random

from diffcli.engines.enclosure import Index, Outcome, partials
from diffcli.language.expression import NUMBER, number
from diffcli.language.function import Function

Place = tuple[Fraction, ...]
"""A point as typed, a coordinate for each variable."""

SIZES = tuple(
    sign * Fraction(size) for size in (1e-8, 1.0, 800.0, 1e5, 1e-160, 1e160) for sign in (1, -1)
)
BESIDE = Fraction(1, 10**8)
"""How far beside a difficult point code is tried, relative to the size of its coordinate."""
MOST_TRIED = 96
"""Points of which the difficult ones are found."""
MOST_BESIDE = 40
_MOST_CONSTANTS = 8
_WHOLE = 5


def places(function: Function, seed: int, deadline: float) -> Iterator[Place]:
    """Yield the points where code is tried, the difficult ones first."""
    random = Random(seed)  # noqa: S311  (samples, not secrets)
    count = len(function.variables)
    if not count:
        return
    tried = (at for value in dict.fromkeys(_numbers(function)) for at in _at(value, count, random))
    special = [
        at
        for at in dict.fromkeys(islice(tried, MOST_TRIED))
        if _is_difficult(function, at, deadline)
    ]
    beside = (_moved(at, axis, sign) for at in special for axis in range(count) for sign in (1, -1))
    sizes = (at for size in SIZES for at in _at(size, count, random))
    yield from dict.fromkeys((*special, *islice(beside, MOST_BESIDE), *sizes))


def _numbers(function: Function) -> Iterator[Fraction]:
    """Yield numbers at which a formula may be difficult: its own, their roots and quotients."""
    yield from map(Fraction, (0, 1, -1))
    found = (Fraction(each.value or 0) for each in function.nodes if each.op == NUMBER)
    constants = [*islice(dict.fromkeys(abs(each) for each in found if each), _MOST_CONSTANTS)]
    quotients = (above / below for above in constants for below in constants)
    for each in (*constants, *quotients):
        yield from (each, -each)
        root = Fraction(isqrt(each.numerator), isqrt(each.denominator))
        if root**2 == each:
            yield from (root, -root)
    yield from map(Fraction, range(-_WHOLE, _WHOLE + 1))


def _at(value: Fraction, count: int, random: Random) -> Iterator[Place]:
    """Yield the point with all coordinates of one value, then those with one of them each."""
    yield (value,) * count
    for axis in range(count) if count > 1 else ():
        ordinary = [Fraction(random.randrange(33, 127), 64) for _ in range(count)]
        yield (*ordinary[:axis], value, *ordinary[axis + 1 :])


def _moved(at: Place, axis: int, sign: int) -> Place:
    step = sign * BESIDE * (abs(at[axis]) or 1)
    return (*at[:axis], Fraction(float(at[axis] + step)), *at[axis + 1 :])


def _is_difficult(function: Function, at: Place, deadline: float) -> bool:
    typed = dict(zip(function.variables, map(number, at), strict=True))
    by: list[Index] = [(), *((name,) for name in function.variables)]
    found = (
        partials(output, typed, by, digits=1, deadline=deadline) for output in function.outputs
    )
    difficult = (Outcome.DIFFICULT, Outcome.UNDEFINED)
    return any(each.outcome in difficult for outputs in found for each in outputs.values())
