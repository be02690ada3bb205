"""Proved integrals: Arb's integration of an integrand that is evaluated on complex balls.

A node's integrand is a formula of its own, of the variable of integration and the parameters. Arb's
Petras algorithm needs to know where it is analytic (Johansson, "Numerical integration in arbitrary
precision ball arithmetic", ICMS 2018): each operation is taken where the ball stays clear of its
branch cuts, and is not finite elsewhere. The Taylor series in the bounds is that of the integrand
at the bound, integrated; in a parameter it is Cauchy's, as :mod:`diffcli.engines.balls.analytic`
has it. The module has a member for each operation of an integral, under the operation's name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache, partial
from typing import NoReturn, cast

from flint import acb, arb, arb_series, ctx

from diffcli.clock import is_late
from diffcli.engines.balls.analytic import analytic
from diffcli.engines.balls.elementary import Ball
from diffcli.engines.balls.guards import Difficult, Trouble, Value, ball, centre, hurry, short
from diffcli.engines.balls.integrands import NOWHERE, Complex
from diffcli.engines.balls.walk import Term, Walk
from diffcli.language.expression import VARIABLE, postorder
from diffcli.language.functions import TABLE
from diffcli.language.integrals import Integrand, integrand_of, is_integral

TRIAL_BITS = 64
"""An integral that isn't settled with so few is not tried with more."""
EVALUATIONS_PER_BIT = 60
"""At most, of one integrand for one integral."""
STRIPS = 32
"""Into so many parts the range is cut where a bound of the integral is enough."""
WIDE = -16
"""Parameters that are known to no more than 2^WIDE take such a bound."""


def _integral(found: Integrand, low: Ball, high: Ball, *others: Ball) -> arb | arb_series:
    """Return an integral of numbers or Taylor series."""
    of = Complex(found.body)
    if of.unknown:
        listed = sorted("an integral" if is_integral(op) else op for op in of.unknown)
        raise Difficult(f"an integral of {', '.join(listed)} isn't enclosed")
    at = [acb(centre(each)) for each in (low, high, *others)]
    with ctx.workprec(min(TRIAL_BITS, ctx.prec)):
        is_tame = _is_settled(_over(of, found.names, *at), at)
    if is_tame and any(isinstance(each, arb_series) for each in others):
        return analytic(partial(_over, of, found.names), low, high, *others)
    total = _over(of, found.names, *at) if is_tame else acb(arb.nan())
    if not _is_settled(total, at):
        _refuse(found, low, high, others)
    if not isinstance(low, arb_series) and not isinstance(high, arb_series):
        return total.real
    inside = _Body(found)
    series = arb_series([total.real])
    for bound, sign in ((high, 1), (low, -1)):
        if isinstance(bound, arb_series):
            # The first derivative is the integrand's value, if it has no jump: kinks do no harm.
            place = bound[0] if ctx.cap == 2 and _is_continuous(found) else bound
            slope = inside.at(dict(zip(found.names, (place, *others), strict=True)))
            series += sign * (bound.derivative() * ball(slope)).integral()
    return series


def _is_continuous(found: Integrand) -> bool:
    """Whether the integrand is made of functions that are continuous wherever they are defined."""
    rows = (TABLE[each.op] for each in postorder([found.body]) if not each.is_leaf)
    return not any(row.jumps or row.boolean or is_integral(row.name) for row in rows)


def _is_settled(total: acb, at: Iterable[acb]) -> bool:
    room = arb(2) ** -(ctx.prec // 4)
    is_narrow = total.real.rad() < room * (1 + abs(total))
    return bool(total.is_finite() and (is_narrow or _is_wide(at)))


def _is_wide(at: Iterable[acb]) -> bool:
    return any(each.rad() > arb(2) ** WIDE for each in at)


def _over(of: Complex, names: Sequence[str], low: acb, high: acb, *others: acb) -> acb:
    """Return the integral over the straight line between two numbers."""
    length = high - low
    rest = dict(zip(names[1:], others, strict=True))

    def at(place: acb, is_analytic: bool) -> acb:
        # No exception of ours passes through Arb: what is nowhere finite ends soon.
        return NOWHERE if is_late() else of({names[0]: low + length * place, **rest}, is_analytic)

    if _is_wide((low, high, *others)):
        strip = arb(1) / STRIPS
        pieces = (at(acb(arb((2 * k + 1) * strip / 2, strip / 2)), True) for k in range(STRIPS))
        total = sum(pieces, acb(0)) * strip
    else:
        total = acb.integral(at, 0, 1, eval_limit=EVALUATIONS_PER_BIT * ctx.prec)
    hurry()
    return length * total


def _refuse(found: Integrand, low: Ball, high: Ball, others: Sequence[Ball]) -> NoReturn:
    """Say why there is no enclosure: what the integrand is at an end, or that it is too wild."""
    inside = _Body(found)
    for bound in (low, high):
        places = (centre(each) for each in (bound, *others))
        try:
            inside.at(dict(zip(found.names, places, strict=True)))
        except Trouble as trouble:
            place = f"{found.variable} = {short(bound)}"
            raise type(trouble)(f"an improper integral: at {place}, {trouble.reason}") from None
    raise Difficult("an integrand that is singular between the bounds, or too wild")


class _Body(Walk):
    """The integrand by the rules of the enclosure, at numbers and Taylor series."""

    def __init__(self, found: Integrand) -> None:
        super().__init__(found.body, dict.fromkeys(found.names, 0.0))

    facts = None
    """The variables are in no one place."""

    def at(self, places: Mapping[str, Value]) -> Value:
        """Return the value where the variables are in their places; raises Trouble."""
        terms: list[Term] = []
        for i, node in enumerate(self.nodes):
            rule = self._rules[i]
            if rule is not None:
                terms.append(self.apply(node, rule, [terms[a] for a in self._arguments[i]]))
            elif node.op == VARIABLE:
                terms.append(places[str(node.value)])
            else:
                terms.append(self.number(i, node))
        found = terms[-1]
        if isinstance(found, Trouble):
            raise found
        return cast(Value, found)


@cache
def _rule(op: str) -> Callable[..., Ball]:
    return partial(_integral, integrand_of(op))


def __getattr__(op: str) -> Callable[..., Ball]:
    if is_integral(op):
        return _rule(op)
    raise AttributeError(op)
