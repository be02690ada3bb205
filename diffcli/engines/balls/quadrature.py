"""Proved integrals: Arb's integration of an integrand that is evaluated on complex balls.

A node's integrand is a formula of its own, of the variable of integration and the parameters. Arb's
Petras algorithm needs to know where it is analytic (Johansson, "Numerical integration in arbitrary
precision ball arithmetic", ICMS 2018): each operation is taken where the ball stays clear of its
branch cuts, and is not finite elsewhere. The range is cut at kinks and jumps, and the cuts move
with the parameters. A piece's Taylor series in its ends is that of the integrand there, integrated;
in a parameter it is Cauchy's, as :mod:`diffcli.engines.balls.analytic` has it, which holds because
the integrand of a piece is analytic. The module has a member for each operation of an integral,
under the operation's name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from itertools import pairwise
from typing import NoReturn

from flint import acb, arb, arb_series, ctx

from diffcli.clock import deadline_passed
from diffcli.engines.balls.analytic import analytic
from diffcli.engines.balls.branches import is_smooth
from diffcli.engines.balls.elementary import Ball
from diffcli.engines.balls.guards import (
    Difficult,
    Trouble,
    Undefined,
    ball,
    centre,
    check_deadline,
    short,
)
from diffcli.engines.balls.integrands import NOWHERE, Complex
from diffcli.engines.balls.pieces import Body, Piece, Range, bound
from diffcli.engines.balls.precision import working
from diffcli.engines.balls.tails import End as SingularEnd
from diffcli.language.expression import (
    Integrand,
    Node,
    is_integral,
    node,
    postorder,
    substituted,
    variable,
)
from diffcli.language.functions import TABLE
from diffcli.language.parser import integrand_named

MAX_CACHED = 1024
"""Integrals whose rules are kept; they are named by what is typed."""

TRIAL_BITS = 64
"""An integral that isn't settled with so few is not tried with more."""
EVALUATIONS_PER_BIT = 60
"""At most, of one integrand for one integral."""
CUTS = (6, 9, 13, 19, 28, 42, 63, 94, 130, 160, 200, 250, 320, 400, 500, 768)
"""Powers of 2 of the distances from a singular end, within which the integral is bounded."""
STRETCH = 4
"""So many times the evaluations are allowed next to a singular end."""
OCTAVE, NEAREST = 8, 6
"""Strips to a halving of the distance from a singular end, and how often that is halved."""
STRIPS = 32
"""Into so many parts the range is cut where a bound of the integral is enough."""
WIDE = -16
"""Parameters that are known to no more than 2^WIDE take such a bound."""


def _integral(integrand: Integrand, low: Ball, high: Ball, *others: Ball) -> arb | arb_series:
    """Return an integral of numbers or Taylor series."""
    body, names, constants = _with_detached(integrand, others)
    pieces, sense = _pieces(body, names, low, high, constants)
    return sense * sum(
        (_over_piece(integrand, piece, names, constants) for piece in pieces), arb(0)
    )


def _with_detached(
    integrand: Integrand, others: Sequence[Ball]
) -> tuple[Node, tuple[str, ...], tuple[Ball, ...]]:
    """Return the integrand, its variables and the parameters, detached ones by names of their own.

    A detached parameter keeps its value at the point, however the parameter moves.
    """
    detached = [inner for inner in postorder([integrand.body]) if inner.op == "detach"]
    if not detached:
        return integrand.body, integrand.names, tuple(others)
    frozen = {variable(name): variable(f"{name} detached") for name in integrand.parameters}
    frozen_terms = {inner: node("detach", substituted(inner.args[0], frozen)) for inner in detached}
    names = (*integrand.names, *(str(inner.value) for inner in frozen.values()))
    return (
        substituted(integrand.body, frozen_terms),
        names,
        (*others, *(ball(centre(x)) for x in others)),
    )


def _pieces(
    body: Node, names: Sequence[str], low: Ball, high: Ball, others: Sequence[Ball]
) -> tuple[list[Piece], int]:
    """Return the pieces of the range on which the integrand is smooth, and the sense of the range.

    Where no parameter moves, a range that can't be cut stays whole: Arb finds the kinks itself.
    """
    start, end = (bound(end, names, others) for end in (low, high))
    whole = [Piece(body, start, end)]
    if is_smooth(body):
        return whole, 1
    ends, sense = ((start, end), 1) if not centre(low) > centre(high) else ((end, start), -1)
    try:
        return Range(body, names, others).pieces(*ends), sense
    except Difficult:
        if any(isinstance(end, arb_series) for end in others):
            raise
        return whole, 1


def _over_piece(
    integrand: Integrand, piece: Piece, names: Sequence[str], others: Sequence[Ball]
) -> arb | arb_series:
    """Return the integral over a piece, whose ends may move."""
    of = Complex(piece.body)
    if of.unknown:
        listed = sorted("an integral" if is_integral(op) else op for op in of.unknown)
        raise Difficult(f"an integral of {', '.join(listed)} isn't enclosed")
    low, high = piece.low.number, piece.high.number
    points = [acb(centre(end)) for end in (low, high, *others)]
    _refuse_moving(integrand, piece, names, others)
    with working(min(TRIAL_BITS, ctx.prec), None):
        is_tame = _is_settled(_over(of, names, *points), points)
    total: arb | arb_series = arb.nan()
    if is_tame and any(isinstance(end, arb_series) for end in others):
        total = analytic(partial(_over, of, names), low, high, *others)
    elif not is_tame or not _is_settled(inside := _over(of, names, *points), points):
        _refuse(integrand, piece, names, others)
    else:
        total = inside.real
    for end, sign in ((piece.high, 1), (piece.low, -1)):
        if isinstance(end.value, arb_series):
            total = total + sign * _beside(piece.body, names, end.value, others)
    return total


def _beside(
    body: Node, names: Sequence[str], end: arb_series, others: Sequence[Ball]
) -> arb_series:
    """Return the integral from an end, as it is at the point, to where it moves.

    With δ the way that it goes this is δ·∫₀¹ f(end(0) + uδ, …) du, in which the coefficient of
    degree k is a polynomial of degree k in u: Gauss's rule is exact.
    """
    if ctx.cap < 2:
        return arb_series([0])
    offset = end - end[0]
    smooth, start = Body(body, names), dict(zip(names[1:], others, strict=True))
    if ctx.cap == 2 and _is_continuous(body):
        # The first derivative is the integrand's value, if it has no jump: kinks do no harm.
        still = {name: ball(centre(value)) for name, value in start.items()}
        return offset * ball(smooth.at({**still, names[0]: end[0]}))
    total, count = arb_series([0]), ctx.cap // 2
    for k in range(count):
        root, weight = arb.legendre_p_root(count, k, weight=True)
        point = end[0] + offset * (1 + root) / 2
        total += ball(smooth.at({**start, names[0]: point})) * weight / 2
    return offset * total


def _is_continuous(body: Node) -> bool:
    """Whether the integrand is made of functions that are continuous wherever they are defined."""
    rows = (TABLE[term.op] for term in postorder([body]) if not term.is_leaf)
    return not any(row.jumps or row.boolean or is_integral(row.name) for row in rows)


def _is_settled(total: acb, points: Iterable[acb]) -> bool:
    room = arb(2) ** -(ctx.prec // 4)
    is_narrow = total.real.rad() < room * (1 + abs(total))
    return bool(total.is_finite() and (is_narrow or _is_wide(points)))


def _is_wide(points: Iterable[acb]) -> bool:
    return any(point.rad() > arb(2) ** WIDE for point in points)


@dataclass(frozen=True)
class _Line:
    """An integrand along a straight line from ``low``, which is a range of length 1.

    ``name`` is the variable of integration, ``rest`` has the values of the others.
    """

    integrand: Complex
    name: str
    low: acb
    length: acb
    rest: Mapping[str, acb]

    def __call__(self, point: acb, is_analytic: bool) -> acb:
        """Return the integrand at a point of the range."""
        # No exception of ours passes through Arb: what is nowhere finite ends soon.
        if deadline_passed():
            return NOWHERE
        return self.integrand({self.name: self.low + self.length * point, **self.rest}, is_analytic)

    def tail(self, end: int, reach: arb) -> acb:
        """Return a ball around 0 that holds the integral next to an end of the range."""
        low, length = self.low, self.length
        start, step = (low, length) if end == 0 else (low + length, -length)
        try:
            singular = SingularEnd(self.integrand.nodes[-1], reach)
            most = singular.bound(self.name, start, step, self.rest).upper()
        except Undefined:
            reason = f"the integral diverges at {self.name} = {short(start.real)}"
            raise Undefined(reason) from None
        return acb(arb(0, most), arb(0, most))


def _over(integrand: Complex, names: Sequence[str], low: acb, high: acb, *others: acb) -> acb:
    """Return the integral over the straight line between two numbers."""
    length = high - low
    line = _Line(integrand, names[0], low, length, dict(zip(names[1:], others, strict=True)))
    ends = [end for end in (0, 1) if not line(acb(end), False).is_finite()]
    if _is_wide((low, high, *others)):
        total = sum((line(strip, True) * width for strip, width in _strips(ends)), acb(0))
        tails = (line.tail(end, arb(2) ** -NEAREST) for end in ends)
        return length * (total + sum(tails, acb(0)))
    if not ends:
        total = acb.integral(line, 0, 1, eval_limit=EVALUATIONS_PER_BIT * ctx.prec)
    else:
        total = sum((_half(line, end, end in ends) for end in (0, 1)), acb(0))
    check_deadline()
    return length * total


def _strips(ends: Sequence[int]) -> Iterator[tuple[acb, arb]]:
    """Yield strips of a range of length 1 as balls, with their widths.

    Towards singular ends they are narrower in proportion, down to a distance of 2^−NEAREST.
    """
    for end in (0, 1):
        if end in ends:
            edges = [arb(2) ** (-1 - arb(k) / OCTAVE) for k in range((NEAREST - 1) * OCTAVE + 1)]
        else:
            edges = [arb(k) / STRIPS for k in range(STRIPS // 2, -1, -1)]
        for far, near in pairwise(edges):
            border = far.union(near)
            yield acb(border if end == 0 else 1 - border), far - near


def _half(line: _Line, end: int, is_singular: bool) -> acb:
    """Return the integral over the half of the range at an end.

    At a singular end a short rest is bounded, and on what is left the distance from the end is
    e^−w, so that the integrand is cut by the ratio of distances.
    """
    limit = EVALUATIONS_PER_BIT * ctx.prec
    if not is_singular:
        low_half, high_half = (0.0, 0.5) if end == 0 else (0.5, 1.0)
        return acb.integral(line, low_half, high_half, eval_limit=limit)
    enough = arb(2) ** (-3 * ctx.prec // 4)
    for cut in CUTS:
        tail = line.tail(end, arb(2) ** -cut)
        if tail.is_finite() and tail.real.rad() < enough:
            break
    else:
        raise Difficult("an improper integral that converges too slowly")

    def stretched(w: acb, is_analytic: bool) -> acb:
        distance = (-w).exp()
        return line(distance if end == 0 else 1 - distance, is_analytic) * distance

    # Near an end that isn't 0 the digits of the distance cancel.
    room = 0 if end == 0 and line.low == 0 else 2 * cut
    with working(ctx.prec + room, None):
        two = arb(2).log()
        near, far = acb(two), acb(cut * two)
        integral = acb.integral(
            stretched, near, far, rel_tol=enough, abs_tol=enough, eval_limit=STRETCH * limit
        )
        return integral + tail


def _refuse_moving(
    integrand: Integrand, piece: Piece, names: Sequence[str], others: Sequence[Ball]
) -> None:
    """Raise Difficult where an end moves at which the integrand is singular."""
    inside = Body(piece.body, names)
    for end in (piece.low, piece.high):
        if isinstance(end.value, arb_series):
            try:
                inside.at(_places(names, end.number, others))
            except Trouble as trouble:
                where = f"{integrand.variable} = {short(end.number)}"
                reason = f"an improper integral whose end moves: at {where}, {trouble.reason}"
                raise Difficult(reason) from None


def _places(names: Sequence[str], end: arb, others: Sequence[Ball]) -> dict[str, Ball]:
    numbers = (ball(centre(number)) for number in (end, *others))
    return dict(zip(names, numbers, strict=True))


def _refuse(
    integrand: Integrand, piece: Piece, names: Sequence[str], others: Sequence[Ball]
) -> NoReturn:
    """Say why there is no enclosure: what the integrand is at an end, or that it is too wild."""
    inside = Body(piece.body, names)
    for end in (piece.low.number, piece.high.number):
        try:
            inside.at(_places(names, end, others))
        except Trouble as trouble:
            where = f"{integrand.variable} = {short(end)}"
            raise Difficult(f"an improper integral: at {where}, {trouble.reason}") from None
    raise Difficult("an integrand that is singular between the bounds, or too wild")


@lru_cache(MAX_CACHED)
def _rule(op: str) -> Callable[..., Ball]:
    return partial(_integral, integrand_named(op))


def __getattr__(op: str) -> Callable[..., Ball]:
    if is_integral(op):
        return _rule(op)
    raise AttributeError(op)
