"""Taylor coefficients of any analytic function, from its values on complex balls alone.

Arb evaluates many functions whose Taylor series it lacks, in their parameters above all. Along a
direction f becomes a function g of one t, analytic for |t| ≤ R, and its coefficients are means
over a circle of radius r < R (Cauchy's integral, DLMF 1.10.9, by the trapezoidal rule). With
|g| ≤ M on |t| ≤ R, the rule's error in cₙ is M/Rⁿ·qᴺ/(1 − qᴺ) at most, where q = r/R and N is the
number of points (Bornemann, "Accuracy and stability of computing high-order derivatives of
analytic functions by Cauchy integrals", Found. Comput. Math. 11, 2011).
"""

from __future__ import annotations

from collections.abc import Callable

from flint import acb, arb, arb_series, ctx

from diffcli.engines.balls.elementary import Ball
from diffcli.engines.balls.guards import Difficult, centre, check_deadline
from diffcli.engines.balls.precision import working

Complex = Callable[..., acb]
"""A function of complex balls."""

SHRINKS = (2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128)
"""The radii tried are the scale of the arguments over 2 to these powers."""
ARCS = 16
"""Into so many boxes the rim is cut: half the chord of an arc is less than 4/ARCS."""


def analytic(
    function: Complex, *args: Ball, inside: Callable[..., bool] = lambda *_: True
) -> arb | arb_series:
    """Return a function, real on real arguments, of numbers and Taylor series.

    ``function`` need not know where it is analytic: ``inside`` says so of a box around each
    argument. Raises Difficult where no box around the point is free of singularities.
    """
    if not any(isinstance(arg, arb_series) for arg in args):
        return function(*(acb(centre(arg)) for arg in args)).real
    scale = _scale(args)
    for shrink in SHRINKS:
        check_deadline()
        disc = _Disc(args, arb(2) ** (scale - shrink), arb(2) ** -shrink)
        if inside(*disc.boxes):
            bound = disc.bound(function)
            if (bound * (1 + disc.doubt)).is_finite():
                return disc.coefficients(function, bound)
    raise Difficult("too near a singularity")


def _scale(args: tuple[Ball, ...]) -> int:
    """Return the exponent of the t at which the nearest argument vanishes; 0 where that is far."""
    scale = 0
    for arg in args:
        if isinstance(arg, arb_series) and 0 not in arg[0] and 0 not in arg[1]:
            mantissa, exponent = (arg[0] / arg[1]).mid().man_exp()
            scale = min(scale, int(mantissa).bit_length() + int(exponent))
    return scale


class _Disc:
    """The arguments as polynomials in t for |t| ≤ ``radius``: exact ones, and how far they're off.

    Where an argument isn't known exactly, its box has room to move in, a constant ``room``: by
    Cauchy's estimate f then moves by no more than M·ε/(ρ − ε), ε the doubt and ρ what room it has.
    """

    def __init__(self, args: tuple[Ball, ...], radius: arb, room: arb) -> None:
        self.radius = radius
        self.polynomials: list[list[arb]] = []
        self.boxes: list[acb] = []
        self.rooms: list[acb] = []
        self.doubt = arb(0)
        for arg in args:
            terms = (arg.coeffs() or [arb(0)]) if isinstance(arg, arb_series) else [arg]
            extent = _size(terms[1:], radius) * radius
            doubt = _size([term.rad() for term in terms], radius)
            own = arb(0)
            if doubt > 0:
                own = extent if extent > 0 else room
                self.doubt += doubt / (own - doubt) if own > 2 * doubt else arb.nan()
            self.polynomials.append([term.mid() for term in terms])
            self.boxes.append(_square(terms[0].mid(), extent + own))
            self.rooms.append(_square(arb(0), own))

    def bound(self, function: Complex) -> arb:
        """Bound |f| on the boxes: all at once, or along the rim, where it is greatest."""
        whole = function(*self.boxes).abs_upper()
        if whole.is_finite():
            return whole
        largest = arb(0)
        for j in range(ARCS // 2 + 1):
            arc = self.radius * (_root(j, ARCS) + _square(arb(0), arb(4) / ARCS))
            moved = zip(self.polynomials, self.rooms, strict=True)
            here = function(*(_at(p, arc) + room for p, room in moved)).abs_upper()
            if not here.is_finite():
                return here
            largest = largest.max(here)
        return largest

    def coefficients(self, function: Complex, bound: arb) -> arb_series:
        """Return the Taylor coefficients, given a bound of the function on the boxes."""
        terms, finer = ctx.cap, max(ctx.prec // 8, 8)
        half = max(4, terms // 2 + 1)
        points = 2 * half
        aliased = arb(2) ** (-finer * points)
        error = bound * (2 * aliased + self.doubt)
        with working(ctx.prec + finer * terms + 10, None):
            circle = self.radius * arb(2) ** -finer
            values = [
                function(*(_at(p, circle * _root(j, points)) for p in self.polynomials))
                for j in range(half + 1)
            ]
            balls = []
            for n in range(terms):
                mean = values[0].real + (-1) ** n * values[half].real
                mean += 2 * sum((values[j] * _root(-j * n, points)).real for j in range(1, half))
                slack = (error / self.radius**n).upper()
                balls.append(mean / (points * circle**n) + arb(0, slack))
        return arb_series(balls)


def _square(centre: arb, half: arb) -> acb:
    return acb(arb(centre, half.upper()), arb(0, half.upper()))


def _size(terms: list[arb], radius: arb) -> arb:
    return sum((abs(term) * radius**k for k, term in enumerate(terms)), arb(0))


def _at(polynomial: list[arb], t: acb) -> acb:
    result = acb(0)
    for coefficient in reversed(polynomial):
        result = result * t + coefficient
    return result


def _root(numerator: int, denominator: int) -> acb:
    """Return e^(2πi·numerator/denominator)."""
    return (acb(2 * numerator) / denominator).exp_pi_i()
