"""Rows that are analytic where their arguments go: their Taylor series, on balls, composed.

The coefficients are those of the rules on balls, which refuse an argument that isn't certainly
inside; each is named by the row, the place and its number, so that both sides share them.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from types import MappingProxyType

from flint import arb, arb_series, fmpq, fmpq_series

from diffcli.engines.balls.guards import Difficult, Trouble, Undefined, check_deadline
from diffcli.engines.balls.precision import working
from diffcli.engines.one_sided.atoms import here
from diffcli.engines.one_sided.coefficients import ZERO, Coefficient, named, rational
from diffcli.engines.one_sided.germs import (
    UNIT,
    Expansion,
    Germ,
    Order,
    bounded,
    constant_of,
    exact,
    is_tame,
    split,
)
from diffcli.engines.one_sided.nested import (
    Inner,
    along_the_path,
    germ_of,
    refuse_nested,
    taylor_about,
)
from diffcli.engines.one_sided.series import Taylor, compose
from diffcli.language.expression import Node, node
from diffcli.language.functions import TABLE, resolve

Rule = Callable[..., Germ]
"""A row of the table, on germs."""


def analytic(op: str, *germs: Germ) -> Germ:
    """Return a row of germs that go to where it is analytic.

    Raises Undefined where it has no value next to the point, Difficult where that isn't known.
    """
    constants = [constant_of(x) for x in germs]
    still = [c for c in constants if c is not None]
    if len(still) == len(germs):
        return exact(value_of(op, still))
    if len(still) == len(germs) - 1:
        position = constants.index(None)
        limit, small = split(germs[position])
        before, after = still[:position], still[position:]
        refuse_nested(still)
        if isinstance(limit, Inner):
            about = taylor_about(limit, lambda constant: _taylor(op, before, constant, after))
            return compose(about, small)
        return compose(_taylor(op, before, limit, after), small)
    refuse_nested([c for x in germs if isinstance(x, Expansion) for _, c in x.terms])
    return _of_series(op, germs)


def either(op: str, elsewhere: Rule | None = None, edges: Sequence[int] = ()) -> Rule:
    """Return a row's rule on germs: that of its Taylor series, or what it is ``elsewhere``.

    The row must be continuous wherever it has a value.
    At its ``edges`` it is always the latter, so that its value there has one name.
    """

    def rule(*germs: Germ) -> Germ:
        fixed = [constant for constant in map(constant_of, germs) if constant is not None]
        if len(fixed) == len(germs) and any(isinstance(constant, Inner) for constant in fixed):
            with along_the_path():
                return exact(Inner(rule(*map(germ_of, fixed))))
        try:
            if not (edges and any(constant.whole() in edges for constant in fixed)):
                return analytic(op, *germs)
        except Difficult:
            if elsewhere is None:
                raise
        if elsewhere is None or len(fixed) == len(germs):
            return elsewhere(*germs) if elsewhere else analytic(op, *germs)
        return _with_limit(elsewhere(*germs), rule, germs)

    return rule


def _with_limit(germ: Germ, rule: Rule, germs: Sequence[Germ]) -> Germ:
    """Return a germ whose limit, where its row is continuous, has the name of the value there."""
    try:
        limit, _ = split(germ)
        value = constant_of(rule(*(exact(split(x)[0]) for x in germs)))
    except Trouble:
        return germ
    if value is None or limit is value or not isinstance(germ, Expansion):
        return germ
    moving = tuple(term for term in germ.terms if term[0] != UNIT)
    return Expansion((*exact(value).terms, *moving), germ.rest)


def bounded_or(rule: Rule) -> Rule:
    """Return a rule of a row that has a value everywhere, all of them between two numbers."""

    def known(*germs: Germ) -> Germ:
        try:
            return rule(*germs)
        except Difficult:
            return bounded()

    return known


def value_of(op: str, constants: Sequence[Coefficient]) -> Coefficient:
    """Return a row of constants."""
    known = [_settled(c) for c in constants]
    (ball,) = _balls(op, [c.ball for c in known], 1)

    def term() -> Node | None:
        terms = [c.term() for c in known]
        known_terms = [term for term in terms if term is not None]
        return node(op, *known_terms) if len(known_terms) == len(terms) else None

    return named((op, *(c.key for c in known)), ball, term)


def _settled(c: Coefficient) -> Coefficient:
    """Return a number that is a proved integer as that exact one, for what tests its sign."""
    whole = None if c.ball.is_exact() else c.whole()
    return c if whole is None else rational(whole)


def _taylor(
    op: str, before: Sequence[Coefficient], limit: Coefficient, after: Sequence[Coefficient]
) -> Taylor:
    limit = _settled(limit)
    if not before and not after and limit.rational is not None and limit.rational == 0:
        method = getattr(fmpq_series, _EXACT_AT_ZERO.get(op, ""), None)
        if method is not None:
            return lambda count: _at_zero(method, count)
    left, right = [_settled(c) for c in before], [_settled(c) for c in after]
    key = (op, *(c.key for c in (*left, limit, *right)), len(before))

    def taylor(count: int) -> Sequence[Coefficient]:
        with working(here().bits, count - 1):
            moving = arb_series([limit.ball, 1])
            try:
                balls = _balls(op, [*_all(left), moving, *_all(right)], count)
            except Undefined:
                # A pole, or an edge of the domain, unless the neighbourhood is outside too.
                _balls(op, [*_all(left), limit.ball + _NEIGHBOURHOOD, *_all(right)], 1)
                raise Difficult(f"{op} isn't analytic here") from None
        value = value_of(op, [*left, limit, *right])
        return [value, *(named((key, k), balls[k], lambda: None) for k in range(1, count))]

    taylor(2)
    return taylor


_NEIGHBOURHOOD = arb(0, 2**-40)


def _all(constants: Sequence[Coefficient]) -> list[arb]:
    return [c.ball for c in constants]


def _balls(op: str, args: Sequence[arb | arb_series], count: int) -> list[arb]:
    """Return the coefficients that the row's rule on balls gives. Raises the Trouble it meets."""
    check_deadline()
    try:
        series = resolve(TABLE[op].enclosure)(*args)
    except ValueError:
        raise Difficult(f"{op}: too large or too uncertain") from None
    coefficients = series.coeffs() if isinstance(series, arb_series) else [arb(series)]
    if not all(c.is_finite() for c in coefficients):
        raise Difficult(f"{op}: too large or too uncertain")
    return [*coefficients, *[arb(0)] * (count - len(coefficients))]


_EXACT_AT_ZERO: Mapping[str, str] = MappingProxyType(
    {name: name for name in "tan asin atan sinh cosh tanh asinh atanh".split()}
)
"""The rows whose Taylor coefficients at 0 are rational numbers, and flint's method for them."""


def _at_zero(method: Callable[[fmpq_series], fmpq_series], count: int) -> Sequence[Coefficient]:
    with working(here().bits, count - 1):
        series = method(fmpq_series([0, 1]))
        return [rational(series[k]) for k in range(count)]


def _of_series(op: str, germs: Sequence[Germ]) -> Germ:
    """Return a row of several power series, in the signed distance from the point."""
    series = [_power_series(x) for x in germs]
    count = min(here().most, int(here().window) + 1)
    for x in germs:
        if isinstance(x, Expansion) and isinstance(x.rest, Order):
            count = min(count, -int((-x.rest.scale[0]).floor()))
    sense = here().side
    key: Hashable = (op, *(tuple(c.key for c in ball[:count]) for ball in series))
    with working(here().bits, count - 1):
        try:
            balls = _balls(op, [arb_series(_all(ball[:count])) for ball in series], count)
        except Undefined:
            raise Difficult(f"{op} isn't analytic here") from None
    coefficients = [named((key, k), ball, lambda: None) for k, ball in enumerate(balls)]
    terms = tuple(
        ((fmpq(k), fmpq(0), fmpq(0)), c.times(fmpq(sense**k)))
        for k, c in enumerate(coefficients)
        if not c.is_nothing
    )
    return Expansion(terms, Order((fmpq(count), fmpq(0), fmpq(0)), all(map(is_tame, germs))))


def _power_series(x: Germ) -> list[Coefficient]:
    """Return the coefficients of a power series in the signed distance from the point."""
    split(x)
    if not isinstance(x, Expansion) or any(
        scale[0].q != 1 or scale[1] != 0 or scale[2] != 0 for scale, _ in x.terms
    ):
        raise Difficult("several arguments that aren't power series")
    result = [ZERO] * (int(here().window) + here().most + 1)
    for scale, coefficient in x.terms:
        k = int(scale[0].p)
        if k < len(result):
            result[k] = coefficient.times(fmpq(here().side ** k))
    return result
