"""Sums of germs, and what several germs have in common."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from operator import itemgetter

from flint import fmpq

from diffcli.engines.balls.guards import Difficult
from diffcli.engines.one_sided.atoms import here
from diffcli.engines.one_sided.coefficients import Coefficient
from diffcli.engines.one_sided.germs import (
    NOTHING,
    Expansion,
    Exponential,
    Germ,
    Order,
    Rest,
    Scale,
    as_expansion,
    bounded,
    is_bounded,
    is_exactly_zero,
    is_infinite,
    is_tame,
    sign,
)


def add(*germs: Germ) -> Germ:
    """Return the sum."""
    large = [x for x in germs if isinstance(x, Exponential) and not x.is_flat]
    if large:
        return _with_large(large, [x for x in germs if all(x is not germ for germ in large)])
    total: dict[Scale, Coefficient] = {}
    rest: Rest | None = None
    for x in map(as_expansion, germs):
        for scale, coefficient in x.terms:
            total[scale] = total[scale] + coefficient if scale in total else coefficient
        rest = joined(rest, x.rest)
    return trimmed(total, rest)


def _with_large(large: Sequence[Exponential], others: Sequence[Germ]) -> Germ:
    total = large[0]
    for x in large[1:]:
        larger = joined(total, x)
        if not isinstance(larger, Exponential) or larger.sign is None:
            raise Difficult("a difference of germs beyond every power")
        total = larger
    # The smaller ones change the logarithm by what is flat.
    tame = all(map(is_tame, others))
    change = Expansion((), Exponential(None, _half_down(total.growth), tame)) if others else NOTHING
    return Exponential(total.sign, as_expansion(add(total.growth, change)), total.is_tame and tame)


def _half_down(growth: Expansion) -> Expansion:
    """Return half of the negated growth: the logarithm of what is flat beside its exponential."""
    return scaled(growth, fmpq(-1, 2))


def neg(x: Germ) -> Germ:
    """Return the negation."""
    if isinstance(x, Exponential):
        return _opposite(x)
    rest = _opposite(x.rest) if isinstance(x.rest, Exponential) else x.rest
    return Expansion(tuple((scale, -c) for scale, c in x.terms), rest)


def _opposite(x: Exponential) -> Exponential:
    return replace(x, sign=None if x.sign is None else -x.sign)


def sub(x: Germ, y: Germ) -> Germ:
    """Return the difference."""
    return add(x, neg(y))


def scaled(growth: Expansion, factor: fmpq) -> Expansion:
    """Return a rational multiple of the logarithm of a germ beyond the powers."""
    rest = growth.rest
    if isinstance(rest, Exponential):
        slack = rest.growth if abs(factor) <= 1 else add(rest.growth, bounded(is_tame=True))
        rest = Exponential(None, as_expansion(slack), rest.is_tame)
    return Expansion(tuple((scale, c.times(factor)) for scale, c in growth.terms), rest)


def joined(x: Rest | None, y: Rest | None) -> Rest | None:
    """Return the rest of a sum from those of its terms."""
    if x is None or y is None:
        return x or y
    tame = x.is_tame and y.is_tame
    if isinstance(x, Order) or isinstance(y, Order):
        orders = [germ for germ in (x, y) if isinstance(germ, Order)]
        return Order(min(germ.scale for germ in orders), tame)
    return replace(_greater(x, y), is_tame=tame)


def _greater(x: Exponential, y: Exponential) -> Exponential:
    """Return the sum of two exponentials, whose sign is that of the greater one."""
    difference = add(x.growth, neg(y.growth))
    try:
        is_apart = is_infinite(difference)
        ahead = sign(difference) if is_apart else 0
    except Difficult:
        ahead, is_apart = 0, False
    alike = x.sign if x.sign == y.sign else None
    if not is_apart:
        if not is_bounded(difference):
            raise Difficult("two exponentials whose ratio isn't known")
        return Exponential(alike, as_expansion(add(x.growth, bounded(is_tame=True))))
    first = x if ahead > 0 else y
    slack = bounded(is_tame=True) if not is_exactly_zero(difference) else NOTHING
    return Exponential(first.sign, as_expansion(add(first.growth, slack)))


def trimmed(total: dict[Scale, Coefficient], rest: Rest | None) -> Expansion:
    """Return the terms in order, those that are too small as a part of the rest."""
    terms = [(scale, c) for scale, c in total.items() if not c.is_nothing]
    terms.sort(key=itemgetter(0))
    if isinstance(rest, Order):
        terms = [(scale, c) for scale, c in terms if scale < rest.scale]
    if terms:
        end = terms[0][0][0] + here().window
        kept = [(scale, c) for scale, c in terms[: here().most] if scale[0] <= end]
        if len(kept) < len(terms):
            rest = joined(rest, Order(terms[len(kept)][0]))
            terms = kept
    return Expansion(tuple(terms), rest)


def hull(germs: Iterable[Germ]) -> Germ:
    """Return a germ that holds whichever of some germs a function takes, at each point one.

    If all are tame, and so is what chooses, then one of them is taken in the end. Otherwise what
    they have in common stays, and the rest of it is a bound.
    """
    first, *others = germs
    result = as_expansion(first)
    for other in map(as_expansion, others):
        result = _hull_of_two(result, other)
    return result


def _hull_of_two(x: Expansion, y: Expansion) -> Expansion:
    if x is y:
        return x
    rest = joined(x.rest, y.rest)
    apart = as_expansion(sub(Expansion(x.terms), Expansion(y.terms)))
    ends = [apart.terms[0][0]] if apart.terms else []
    ends += [rest.scale] if isinstance(rest, Order) else []
    if not ends:
        flat = rest if isinstance(rest, Exponential) else None
        return Expansion(x.terms, None if flat is None else Exponential(None, flat.growth, False))
    end = min(ends)
    return Expansion(tuple(t for t in x.terms if t[0] < end), Order(end, False))
