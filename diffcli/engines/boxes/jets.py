"""Values, gradients and Hessians over boxes: forward differentiation on intervals.

A gradient has a row a variable, a Hessian a row a pair i ≤ j. None stands for zero, which spares
the work for what doesn't depend on the variables.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from itertools import combinations_with_replacement
from typing import cast

import numpy as np

from diffcli.engines.boxes.arithmetic import (
    Interval,
    Mask,
    add,
    choose,
    div,
    hull,
    mul,
    neg,
    power,
    sub,
    whole,
)
from diffcli.engines.boxes.rules import RULES, Domain, Rule, rational_power, ternary


@dataclass(frozen=True)
class Jet:
    """A function over boxes: bounds of its value and derivatives, and where it is defined."""

    value: Interval
    domain: Domain
    gradient: Interval | None = None
    hessian: Interval | None = None


@dataclass(frozen=True)
class Pairs:
    """The number of variables, and the pairs i ≤ j in the order of a Hessian's rows."""

    count: int
    order: int

    @cached_property
    def places(self) -> tuple[Sequence[int], Sequence[int]]:
        """The first and the second variables of all pairs."""
        pairs = list(combinations_with_replacement(range(self.count), 2))
        return [i for i, _ in pairs], [j for _, j in pairs]

    def outer(self, x: Interval, y: Interval) -> Interval:
        """Return x_i·y_j + x_j·y_i for every pair."""
        first, second = self.places
        left = mul(_rows(x, first), _rows(y, second))
        return add(left, mul(_rows(x, second), _rows(y, first)))

    def square(self, x: Interval) -> Interval:
        """Return x_i·x_j for every pair."""
        first, second = self.places
        product = mul(_rows(x, first), _rows(x, second))
        same = np.array([i == j for i, j in zip(first, second, strict=True)])[:, None]
        return choose(same, power(_rows(x, first), 2), product)


def _rows(x: Interval, positions: Sequence[int]) -> Interval:
    return Interval(x.lo[positions], x.hi[positions])


def _plus(x: Interval | None, y: Interval | None) -> Interval | None:
    if x is None or y is None:
        return x if y is None else y
    return add(x, y)


def _times(factor: Interval, x: Interval | None) -> Interval | None:
    return None if x is None else mul(factor, x)


def _opposite(x: Interval | None) -> Interval | None:
    return None if x is None else neg(x)


def _both(*jets: Jet) -> Domain:
    return cast(Domain, np.minimum.reduce([jet.domain for jet in jets]))


def opposite(x: Jet) -> Jet:
    """Return −x."""
    return Jet(neg(x.value), x.domain, _opposite(x.gradient), _opposite(x.hessian))


def total(x: Jet, y: Jet) -> Jet:
    """Return x + y."""
    return Jet(
        add(x.value, y.value),
        _both(x, y),
        _plus(x.gradient, y.gradient),
        _plus(x.hessian, y.hessian),
    )


def product(pairs: Pairs, x: Jet, y: Jet) -> Jet:
    """Return x·y."""
    if x is y:
        return integer_power(pairs, x, 2)
    gradient = _plus(_times(x.value, y.gradient), _times(y.value, x.gradient))
    hessian = None
    if pairs.order > 1:
        hessian = _plus(_times(x.value, y.hessian), _times(y.value, x.hessian))
        if x.gradient is not None and y.gradient is not None:
            hessian = _plus(hessian, pairs.outer(x.gradient, y.gradient))
    return Jet(mul(x.value, y.value), _both(x, y), gradient, hessian)


def quotient(pairs: Pairs, x: Jet, y: Jet) -> Jet:
    """Return x/y: w = x/y has w′ = (x′ − w·y′)/y, and so on."""
    value = div(x.value, y.value)
    here = ternary((y.value.lo > 0) | (y.value.hi < 0), (y.value.lo == 0) & (y.value.hi == 0))
    domain = np.minimum(_both(x, y), here)
    if y.gradient is None and y.hessian is None:
        below = y.value

        def over(z: Interval | None) -> Interval | None:
            return None if z is None else div(z, Interval(*np.broadcast_arrays(*below)))

        return Jet(value, domain, over(x.gradient), over(x.hessian))
    rise = _plus(x.gradient, _opposite(_times(value, y.gradient)))
    gradient = None if rise is None else div(rise, y.value)
    hessian = None
    if pairs.order > 1:
        bend = _plus(x.hessian, _opposite(_times(value, y.hessian)))
        if gradient is not None and y.gradient is not None:
            bend = _plus(bend, neg(pairs.outer(gradient, y.gradient)))
        hessian = None if bend is None else div(bend, y.value)
    return Jet(value, domain, gradient, hessian)


def composed(
    pairs: Pairs, x: Jet, value: Interval, domain: Domain, slopes: Callable[[int], Interval]
) -> Jet:
    """Return f(x), of which the value and, by ``slopes``, the derivatives at x are given."""
    domain = np.minimum(x.domain, domain)
    if pairs.order < 1 or x.gradient is None:
        return Jet(value, domain)
    slope = slopes(1)
    gradient, hessian = mul(slope, x.gradient), None
    if pairs.order > 1:
        hessian = mul(slopes(2), pairs.square(x.gradient))
        hessian = _plus(hessian, _times(slope, x.hessian))
    return Jet(value, domain, gradient, hessian)


def function(pairs: Pairs, name: str, x: Jet) -> Jet:
    """Return a function of :data:`RULES`."""
    return _by_rule(pairs, RULES[name], x)


def _by_rule(pairs: Pairs, rule: Rule, x: Jet) -> Jet:
    value = rule.value(x.value)
    domain = np.ones(x.domain.shape, np.int8) if rule.domain is None else rule.domain(x.value)
    if rule.domain is not None:
        value = choose(domain >= 0, value, whole(value.lo))
    return composed(
        pairs,
        x,
        value,
        domain,
        lambda order: (rule.slope if order == 1 else rule.curvature)(x.value, value),
    )


def integer_power(pairs: Pairs, x: Jet, n: int) -> Jet:
    """Return x^n for an integer n."""
    if n < 0:
        one = Jet(power(x.value, 0), np.ones_like(x.domain))
        return quotient(pairs, one, integer_power(pairs, x, -n))
    if n == 0:
        return Jet(power(x.value, 0), x.domain)

    def slopes(order: int) -> Interval:
        factor = float(n if order == 1 else n * (n - 1))
        lowered = power(x.value, max(n - order, 0))
        constant = Interval(np.full_like(lowered.lo, factor), np.full_like(lowered.lo, factor))
        return mul(constant, lowered)

    return composed(pairs, x, power(x.value, n), np.ones_like(x.domain), slopes)


def fractional_power(pairs: Pairs, x: Jet, exponent: Fraction) -> Jet:
    """Return x^q for a fraction q that is no integer."""
    value, domain = rational_power(x.value, exponent)

    def slopes(order: int) -> Interval:
        factor = exponent if order == 1 else exponent * (exponent - 1)
        lowered, _ = rational_power(x.value, exponent - order)
        near = float(factor)
        ends = (np.nextafter(near, -np.inf), np.nextafter(near, np.inf))
        constant = Interval(np.full_like(lowered.lo, ends[0]), np.full_like(lowered.lo, ends[1]))
        slope = mul(constant, lowered)
        if order == 2 and has_cusp:
            # The slope leaps from one infinity to the other, against the sign of the curvature.
            cusp = (x.value.lo <= 0) & (x.value.hi >= 0)
            slope = choose(cusp, whole(slope.lo), slope)
        return slope

    has_cusp = exponent.denominator % 2 == 1 and exponent.numerator % 2 == 0 and 0 < exponent < 1
    return composed(pairs, x, value, domain, slopes)


def general_power(pairs: Pairs, x: Jet, y: Jet) -> Jet:
    """Return x^y = e^(y·log x) where x > 0; of other x nothing is known."""
    power = function(pairs, "exp", product(pairs, y, function(pairs, "log", x)))
    below = x.value.lo < 0
    at_zero = (x.value.lo == 0) & (y.value.lo > 0)
    value = choose(below, whole(power.value.lo), power.value)
    domain = np.where(at_zero, _both(x, y), np.where(below | (x.domain < 1), 0, power.domain))
    return replace(power, value=value, domain=np.minimum(domain, _both(x, y)).astype(np.int8))


def greatest(pairs: Pairs, x: Jet, y: Jet) -> Jet:
    """Return the greater of two: its kink is convex."""
    first, second = x.value.lo >= y.value.hi, y.value.lo >= x.value.hi
    value = Interval(np.maximum(x.value.lo, y.value.lo), np.maximum(x.value.hi, y.value.hi))
    gradient = _either(first, second, x.gradient, y.gradient)
    hessian = None
    if pairs.order > 1:
        hessian = _either(first, second, x.hessian, y.hessian)
        apart = _plus(x.gradient, _opposite(y.gradient))
        if apart is not None:
            kink = ~(x.value.lo > y.value.hi) & ~(y.value.lo > x.value.hi)
            bound = Interval(np.zeros(kink.shape), np.where(kink, np.inf, 0.0))
            hessian = _plus(hessian, mul(bound, pairs.square(apart)))
    return Jet(value, _both(x, y), gradient, hessian)


def _either(first: Mask, second: Mask, x: Interval | None, y: Interval | None) -> Interval | None:
    """Return x where the first is certain, y where the second is, else what holds both."""
    if x is None and y is None:
        return None
    known = cast(Interval, y if x is None else x)
    zero = Interval(np.zeros_like(known.lo), np.zeros_like(known.lo))
    x, y = x or zero, y or zero
    return choose(first, x, choose(second, y, hull(x, y)))


def difference(x: Jet, y: Jet) -> Interval:
    """Return bounds of x − y."""
    return sub(x.value, y.value)


def selected(pairs: Pairs, branches: Sequence[tuple[Jet, Domain]], shape: tuple[int, ...]) -> Jet:
    """Return the first branch whose condition holds; conditions are 1, 0 (undecided) or −1.

    Where a condition changes inside of a box nothing is known of the derivatives.
    """
    open_ = np.ones(shape, bool)  # no earlier condition certainly holds
    crowd = np.zeros(shape, np.int8)
    low, high = np.full(shape, np.inf), np.full(shape, -np.inf)
    domain = np.ones(shape, np.int8)
    taken: list[Mask] = []
    for jet, condition in branches:
        may = open_ & (condition >= 0) & (jet.domain >= 0)
        domain = np.where(open_ & (condition >= 0), np.minimum(domain, jet.domain), domain)
        low = np.where(may, np.minimum(low, jet.value.lo), low)
        high = np.where(may, np.maximum(high, jet.value.hi), high)
        crowd = crowd + (open_ & (condition >= 0)).astype(np.int8)
        taken.append(open_ & (condition >= 0))
        open_ = open_ & (condition < 1)
    # A box may hold points for which no condition holds.
    domain = np.where(open_, np.where(crowd == 0, -1, np.minimum(domain, 0)), domain)
    empty = low > high
    value = Interval(np.where(empty, -np.inf, low), np.where(empty, np.inf, high))
    # A branch that may not be taken, and has no value then, isn't the whole domain's fault.
    domain = np.where((crowd > 1) & (domain < 0), 0, domain).astype(np.int8)
    if pairs.order < 1:
        return Jet(value, domain)
    single = (crowd == 1) & ~open_

    def part(of: Callable[[Jet], Interval | None], rows: int) -> Interval:
        result = whole(np.empty((rows, *shape)))
        for (jet, _), mask in zip(branches, taken, strict=True):
            own = of(jet)
            zero = np.zeros((rows, *shape))
            own = Interval(zero, zero) if own is None else own
            result = choose(single & mask, own, result)
        return result

    gradient = part(lambda jet: jet.gradient, pairs.count)
    hessian = None
    if pairs.order > 1:
        hessian = part(lambda jet: jet.hessian, pairs.count * (pairs.count + 1) // 2)
    return Jet(value, domain, gradient, hessian)
