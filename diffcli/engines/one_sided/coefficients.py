"""Coefficients of expansions: exact combinations of named constants, each with a ball.

A coefficient is a sum of rational multiples of products of powers of atoms. An atom is a number
that is named by what it is (π, log 2, the third Taylor coefficient of gamma at 1/3), so that equal
names are equal numbers. A coefficient whose terms cancel is 0; one whose ball excludes 0 isn't. For
the rest the identities of :mod:`diffcli.engines.balls.signs` decide, or nothing does.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import dataclass
from math import prod

from flint import arb, fmpq, fmpz

from diffcli.engines.balls.decimals import python_fraction
from diffcli.engines.balls.guards import EXACT_BITS, Difficult
from diffcli.engines.one_sided.atoms import Atom, Exponent, Product, atom_of, here, plain
from diffcli.language.expression import Node, node, number

MAX_POWER_BITS = 1 << 20
"""Length of a power of a rational coefficient that is written out."""

MOST_PRODUCTS = 12
"""A coefficient of more products than this becomes an atom of its own."""

FACTORED = fmpz(10) ** 15
"""Integers up to this are split into primes under a root or a logarithm."""

_ONE = fmpq(1)


@dataclass(eq=False, slots=True)
class Derived(Atom):
    """The atom of a prime or a sum under a power, or of a coefficient's logarithm or exponential.

    ``kind`` is ``prime``, ``sum``, ``log`` or ``exp``.
    """

    kind: str
    inner: Coefficient


class Coefficient:
    """An exact real number."""

    __slots__ = ("_key", "ball", "terms")

    def __init__(self, terms: Mapping[Product, fmpq], ball: arb) -> None:
        self.terms, self.ball = terms, ball
        self._key: Hashable = None

    @property
    def key(self) -> Hashable:
        """A name: coefficients of one name are equal."""
        if self._key is None:
            self._key = frozenset(
                (powers, int(size.p), int(size.q)) for powers, size in self.terms.items()
            )
        return self._key

    @property
    def is_nothing(self) -> bool:
        """Whether the terms cancel."""
        return not self.terms

    @property
    def rational(self) -> fmpq | None:
        """The number, if it is rational by its terms."""
        if not self.terms:
            return fmpq(0)
        return self.terms.get(()) if len(self.terms) == 1 else None

    def __add__(self, other: Coefficient) -> Coefficient:
        terms = dict(self.terms)
        for powers, size in other.terms.items():
            total = terms.pop(powers, 0) + size
            if total != 0:
                terms[powers] = total
        return _made(terms, self.ball + other.ball)

    def __neg__(self) -> Coefficient:
        return Coefficient({powers: -size for powers, size in self.terms.items()}, -self.ball)

    def __sub__(self, other: Coefficient) -> Coefficient:
        return self + -other

    def __mul__(self, other: Coefficient) -> Coefficient:
        total: dict[Product, fmpq] = {}
        pending = [
            (_times(a, b), p * q) for a, p in self.terms.items() for b, q in other.terms.items()
        ]
        for powers, size in (reduced for raw in pending for reduced in _reduced(*raw)):
            weight = total.pop(powers, 0) + size
            if weight != 0:
                total[powers] = weight
        return _made(total, self.ball * other.ball)

    def times(self, factor: fmpq) -> Coefficient:
        """Return a rational multiple."""
        if factor == 0:
            return ZERO
        return Coefficient({a: p * factor for a, p in self.terms.items()}, self.ball * factor)

    def sign(self) -> int:
        """Return the proved sign. Raises Difficult where there is none."""
        if not self.terms:
            return 0
        if self.ball > 0:
            return 1
        if self.ball < 0:
            return -1
        result = here().sign(self.term())
        if result is None:
            raise Difficult("a coefficient whose sign isn't known")
        return result

    def enclosed(self) -> arb:
        """Return a ball that contains the number."""
        return self.ball

    def term(self) -> Node | None:
        """Return the number as a term of the language; None where an atom has none."""
        terms = [_product_term(powers, size) for powers, size in self.terms.items()]
        known = [term for term in terms if term is not None]
        if len(known) < len(terms):
            return None
        return node("add", *known) if len(known) > 1 else (known[0] if known else number(0))

    def whole(self) -> fmpq | None:
        """Return the number if it is a rational one, by its terms or as a proved integer."""
        if (result := self.rational) is not None:
            return result
        nearest = (self.ball.mid() + arb(0.5)).floor().unique_fmpz()
        if nearest is None or not self.ball.contains(nearest):
            return None
        try:
            return None if (self - rational(nearest)).sign() else fmpq(nearest)
        except Difficult:
            return None

    def power(self, exponent: fmpq) -> Coefficient:
        """Return a power; the number must be positive, or the exponent an integer."""
        if exponent == 0:
            return ONE
        if exponent.q == 1 and 0 < exponent <= 64:
            return prod([self] * int(exponent.p), start=ONE)
        if len(self.terms) == 1:
            ((powers, size),) = self.terms.items()
            if exponent.q == 1 or (size > 0 and all(atom.ball > 0 for atom, _ in powers)):
                root = tuple((atom, plain(exponent * e)) for atom, e in powers)
                ball = prod((_ball_power(a.ball, e) for a, e in root), start=arb(1))
                return _made({root: _ONE}, ball) * _rational_power(size, exponent)
        atom = _named("sum", self, self.ball)
        return _made({((atom, plain(exponent)),): _ONE}, _ball_power(self.ball, exponent))

    def log(self) -> Coefficient:
        """Return the logarithm of a positive number."""
        if (exact := self.rational) is not None and exact.height_bits() < EXACT_BITS:
            return sum(
                (_log_atom(rational(base)).times(e) for base, e in _factors(exact)), start=ZERO
            )
        return _log_atom(self)

    def exp(self) -> Coefficient:
        """Return e to this power, a product of a power for each of its terms."""
        total = ONE
        for powers, size in self.terms.items():
            atom = powers[0][0] if len(powers) == 1 and powers[0][1] == 1 else None
            if isinstance(atom, Derived) and atom.kind == "log":
                total *= atom.inner.power(size)
            else:
                part = Coefficient({powers: _ONE}, _ball_of(powers))
                atom = _named("exp", part, part.ball.exp())
                total *= Coefficient({((atom, plain(size)),): _ONE}, (part.ball * size).exp())
        return total


def rational(value: fmpq | fmpz | int) -> Coefficient:
    """Return a rational number."""
    exact = fmpq(value)
    return Coefficient({(): exact} if exact != 0 else {}, arb(exact))


ZERO, ONE = Coefficient({}, arb(0)), Coefficient({(): _ONE}, arb(1))


def named(key: Hashable, ball: arb, term: Callable[[], Node | None]) -> Coefficient:
    """Return the number of a name, or the exact one that its ball or an identity gives."""
    if ball.is_exact() and ball.bits() <= EXACT_BITS:
        exact = ball.fmpq()
        if exact.height_bits() <= EXACT_BITS:
            return rational(exact)
    if ball.contains(0) and here().sign(term()) == 0:
        return ZERO
    atom = atom_of(key, lambda serial: Atom(serial, ball, term))
    return Coefficient({((atom, 1),): _ONE}, ball)


def _named(kind: str, of: Coefficient, ball: arb) -> Atom:
    """Return the atom that stands for a coefficient, or for its logarithm or exponential."""

    def term() -> Node | None:
        inner = of.term()
        return node(kind, inner) if inner is not None and kind in ("log", "exp") else inner

    return atom_of((kind, of.key), lambda serial: Derived(serial, ball, term, kind, of))


def _log_atom(of: Coefficient) -> Coefficient:
    atom = _named("log", of, of.ball.log())
    return Coefficient({((atom, 1),): _ONE}, atom.ball)


def _made(terms: Mapping[Product, fmpq], ball: arb) -> Coefficient:
    """Return a coefficient; a long one becomes a multiple of an atom of its own."""
    if not terms:
        return ZERO
    if len(terms) == 1 and () in terms:
        return rational(terms[()])
    if len(terms) <= MOST_PRODUCTS and all(q.height_bits() <= EXACT_BITS for q in terms.values()):
        return Coefficient(terms, ball)
    first = min(terms, key=lambda powers: [(a.serial, e) for a, e in powers])
    size = terms[first]
    inner = Coefficient({powers: q / size for powers, q in terms.items()}, ball / size)
    atom = atom_of(("long", inner.key), lambda serial: Atom(serial, inner.ball, inner.term))
    return Coefficient({((atom, 1),): size}, ball)


def _times(a: Product, b: Product) -> Product:
    if not a or not b:
        return a or b
    exponents = dict(a)
    for atom, exponent in b:
        exponents[atom] = plain(exponents.get(atom, 0) + exponent)
    powers = ((atom, e) for atom, e in exponents.items() if e != 0)
    return tuple(sorted(powers, key=lambda power: power[0].serial))


def _reduced(powers: Product, size: fmpq) -> list[tuple[Product, fmpq]]:
    """Multiply out the whole powers of numbers and of sums that stood under a root."""
    for position, (atom, exponent) in enumerate(powers):
        if not isinstance(atom, Derived) or atom.kind not in ("prime", "sum"):
            continue
        kind, inner = atom.kind, atom.inner
        whole = int(fmpq(exponent).floor()) if kind == "prime" else exponent
        if whole != 0 and whole.denominator == 1 and (kind == "prime" or whole > 0):
            left = [(atom, plain(exponent - whole))] if exponent != whole else []
            rest = (*powers[:position], *left, *powers[position + 1 :])
            expanded = inner.power(fmpq(whole)) * Coefficient({rest: size}, arb(0))
            return list(expanded.terms.items())
    return [(powers, size)]


def _rational_power(base: fmpq, exponent: fmpq) -> Coefficient:
    if exponent.q == 1:
        times = int(exponent.p)
        if abs(base) in (0, 1) and times > 0:
            return rational(base if times % 2 else base * base)
        if base.height_bits() * abs(times) > MAX_POWER_BITS:
            raise Difficult("a power too long to be written out")
        return rational(base**times)
    total = ONE
    for prime, count in _factors(base):
        part, power = rational(prime), exponent * count
        whole = fmpq(power.floor())
        total *= rational(fmpq(prime) ** int(whole.p))
        if power != whole:
            atom = _named("prime", part, part.ball)
            root = _ball_power(part.ball, power - whole)
            total *= Coefficient({((atom, power - whole),): _ONE}, root)
    return total


def _factors(positive: fmpq) -> Iterator[tuple[fmpz, fmpq]]:
    for part, sense in ((positive.p, 1), (positive.q, -1)):
        if part > FACTORED:
            yield part, fmpq(sense)
        elif part > 1:
            yield from ((prime, fmpq(sense * count)) for prime, count in part.factor())


def _ball_power(base: arb, exponent: Exponent) -> arb:
    if exponent.denominator == 1:
        return base ** int(exponent.numerator)
    return (base.log() * exponent).exp()


def _ball_of(powers: Product) -> arb:
    return prod((_ball_power(atom.ball, e) for atom, e in powers), start=arb(1))


def _product_term(powers: Product, size: fmpq) -> Node | None:
    factors: list[Node] = []
    for atom, exponent in powers:
        term = atom.term()
        if term is None:
            return None
        power = number(python_fraction(exponent))
        factors.append(term if exponent == 1 else node("pow", term, power))
    own = number(python_fraction(size))
    if not factors:
        return own
    return node("mul", own, *factors) if size != 1 or len(factors) > 1 else factors[0]
