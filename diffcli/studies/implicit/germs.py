"""An equation's left side near a point, as a polynomial in the distances from it, over ℚ.

What isn't a polynomial is its Taylor polynomial, of which only the terms of low degree are known.
Odd roots of a distance become whole powers of a new variable: with x = x₀ + rᵖ and y = y₀ + s^q the
cube root of y − y₀ is s, for q = 3.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import reduce
from math import lcm
from operator import add, mul
from types import MappingProxyType
from typing import Any

from flint import fmpq, fmpq_mpoly, fmpq_mpoly_ctx, fmpq_series

from diffcli.engines.balls.decimals import flint_fraction, python_fraction
from diffcli.engines.balls.precision import working
from diffcli.language.expression import NUMBER, VARIABLE, Node, postorder

BITS = 400
MAX_DEGREE = 12
"""The total degree up to which the terms of what isn't a polynomial are known."""
MAX_POWER = 64
"""The exponent up to which powers are multiplied out."""

_RING = fmpq_mpoly_ctx.get(("r", "s"), "lex")
R, S = _RING.gens()


class UnknownGermError(Exception):
    """The formula has no germ over ℚ in these variables."""


@dataclass(frozen=True)
class Germ:
    """A polynomial in r and s; unless it ``is_whole``, its terms up to MAX_DEGREE are known."""

    terms: fmpq_mpoly
    is_whole: bool = True

    def __add__(self, other: Germ) -> Germ:
        return _cut(self.terms + other.terms, self.is_whole and other.is_whole)

    def __mul__(self, other: Germ) -> Germ:
        return _cut(self.terms * other.terms, self.is_whole and other.is_whole)

    @property
    def constant(self) -> fmpq:
        """The value at the point."""
        value: fmpq = coefficients(self).get((0, 0), fmpq(0))
        return value

    def minus(self, value: fmpq) -> Germ:
        """Return the germ less a number."""
        return Germ(self.terms - value, self.is_whole)


def _cut(terms: fmpq_mpoly, is_whole: bool) -> Germ:
    if is_whole:
        if terms.total_degree() > MAX_POWER:
            raise UnknownGermError
        return Germ(terms)
    kept = {
        powers: weight for powers, weight in terms.to_dict().items() if sum(powers) <= MAX_DEGREE
    }
    return Germ(_RING.from_dict(kept), is_whole=False)


def _number(value: Fraction | int) -> Germ:
    exact = Fraction(value)
    return Germ(_RING.constant(flint_fraction(exact)))


@dataclass(frozen=True)
class Chart:
    """Coordinates near a point: the exponents p and q, and the exact ``at`` of every variable."""

    at: Mapping[str, Fraction]
    x: str
    y: str
    p: int = 1
    q: int = 1

    def germ(self, term: Node) -> Germ:
        """Return a term's germ. Raises UnknownGermError."""
        germs: dict[Node, Germ] = {}
        with working(BITS, MAX_DEGREE):  # Flint cuts series off at the order that is set.
            for node in postorder([term]):
                germs[node] = self._made(node, [germs[arg] for arg in node.args])
        return germs[term]

    def may_vanish(self, term: Node) -> bool:
        """Whether a term isn't known to differ from 0 at the point."""
        try:
            return self.germ(term).constant == 0
        except UnknownGermError:
            return True

    def _made(self, node: Node, args: Sequence[Germ]) -> Germ:
        if node.op == VARIABLE:
            offsets = {self.x: R**self.p, self.y: S**self.q}
            coordinate = _number(self.at[str(node.value)])
            return Germ(coordinate.terms + offsets.get(str(node.value), _RING.constant(0)))
        if node.op == NUMBER:
            return _number(Fraction(node.value or 0))
        if node.op == "pow":
            return _power(args[0], _rational(args[1]))
        if node.op == "root":
            return _power(args[0], 1 / _rational(args[1]))
        if node.op in _RULES:
            return _RULES[node.op](*args)
        raise UnknownGermError


def chart(terms: Sequence[Node], point: Mapping[str, Fraction], x: str, y: str) -> Chart:
    """Return coordinates in which the odd roots that a formula takes of distances are powers."""
    plain, degrees = Chart(point, x, y), {x: 1, y: 1}
    for node in postorder(terms):
        degree = _odd_root(node)
        if degree > 1 and plain.may_vanish(node.args[0]):
            within = {str(leaf.value) for leaf in postorder([node.args[0]]) if leaf.op == VARIABLE}
            for name in within & degrees.keys():
                degrees[name] = lcm(degrees[name], degree)
    return Chart(point, x, y, degrees[x], degrees[y])


def _odd_root(node: Node) -> int:
    """Return the degree of an odd root, a power's denominator; 1 for anything else."""
    if node.op == "cbrt":
        return 3
    if node.op in ("root", "pow"):
        try:
            exponent = _rational(Chart({}, "", "").germ(node.args[1]))
        except (UnknownGermError, KeyError):
            return 1
        degree = exponent.denominator if node.op == "pow" else exponent.numerator
        return degree if degree % 2 else 1
    return 1


def _rational(germ: Germ) -> Fraction:
    value = germ.constant
    if not germ.is_whole or germ.terms != _RING.constant(value) or value == 0:
        raise UnknownGermError
    return python_fraction(value)


def _power(base: Germ, exponent: Fraction) -> Germ:
    count, degree = exponent.numerator, exponent.denominator
    if abs(count) > MAX_POWER:
        raise UnknownGermError
    inner = base if degree == 1 else _root(base, degree)
    if count < 0:
        inner, count = _reciprocal(inner), -count
    return reduce(mul, [inner] * count)


def _root(base: Germ, degree: int) -> Germ:
    value = base.constant
    if value == 0:
        return _root_of_a_term(base, degree)
    root = _exact_root(value, degree)
    # (1 + t)^(1/n), by its logarithm.
    logarithm: Any = fmpq_series([1, 1], prec=MAX_DEGREE + 1).log()
    outer = (logarithm * fmpq(1, degree)).exp()
    return _composed(outer, Germ(base.terms / value, base.is_whole).minus(fmpq(1))) * Germ(
        _RING.constant(root)
    )


def _root_of_a_term(base: Germ, degree: int) -> Germ:
    terms = base.terms.to_dict()
    if degree % 2 == 0 or len(terms) != 1 or not base.is_whole:
        raise UnknownGermError
    (((i, j), weight),) = coefficients(base).items()
    if i % degree or j % degree:
        raise UnknownGermError
    return Germ(R ** (i // degree) * S ** (j // degree) * _exact_root(weight, degree))


def _exact_root(value: fmpq, degree: int) -> fmpq:
    """Return the real root of a rational number that has a rational one."""
    if value < 0 and degree % 2 == 0:
        raise UnknownGermError
    sign = -1 if value < 0 else 1
    parts = [int(abs(int(part))) for part in (value.p, value.q)]
    roots = [round(part ** (1 / degree)) if part < 2**50 else 0 for part in parts]
    if any(root**degree != part for root, part in zip(roots, parts, strict=True)):
        raise UnknownGermError
    return fmpq(sign * roots[0], roots[1])


def _reciprocal(base: Germ) -> Germ:
    value = base.constant
    if value == 0:
        raise UnknownGermError
    if base.terms == _RING.constant(value) and base.is_whole:
        return Germ(_RING.constant(1 / value))
    series = fmpq_series([(-1) ** k for k in range(MAX_DEGREE + 1)], prec=MAX_DEGREE + 1)
    scaled = Germ(base.terms / value, base.is_whole).minus(fmpq(1))
    return _composed(series, scaled) * Germ(_RING.constant(1 / value))


def _composed(outer: fmpq_series, inner: Germ) -> Germ:
    """Return a power series of a germ that is 0 at the point."""
    inner = Germ(inner.terms, is_whole=False)
    composed = Germ(_RING.constant(0), is_whole=False)
    for weight in reversed([outer[k] for k in range(MAX_DEGREE + 1)]):
        composed = composed * inner + Germ(_RING.constant(weight))
    return composed


def _function(name: str, centre: int = 0) -> Callable[[Germ], Germ]:
    def rule(x: Germ) -> Germ:
        if x.constant != centre:
            raise UnknownGermError
        start = fmpq_series([centre, 1], prec=MAX_DEGREE + 1)
        return _composed(getattr(start, name)(), x.minus(fmpq(centre)))

    return rule


def _expm1(x: Germ) -> Germ:
    return _function("exp")(x).minus(fmpq(1))


_RULES: Mapping[str, Callable[..., Germ]] = MappingProxyType(
    {
        "add": lambda *terms: reduce(add, terms),
        "mul": lambda *factors: reduce(mul, factors),
        "neg": lambda x: Germ(-x.terms, x.is_whole),
        "div": lambda x, y: x * _reciprocal(y),
        "sqrt": lambda x: _root(x, 2),
        "cbrt": lambda x: _root(x, 3),
        "expm1": _expm1,
        "log": _function("log", 1),
        **{
            name: _function(name)
            for name in "exp sin cos tan asin atan sinh cosh tanh asinh".split()
        },
    }
)
"""The rules of germs, at points where the coefficients are rational."""


def coefficients(germ: Germ) -> dict[tuple[int, int], Any]:
    """Return the coefficients by the exponents of r and s."""
    return {(int(i), int(j)): weight for (i, j), weight in germ.terms.to_dict().items()}
