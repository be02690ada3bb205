"""An equation's factors: a curve is the union of theirs, and each is crossed where it is met.

The square of a factor never changes its sign, the factor does: (x − y)² = 0 is the line x = y.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from diffcli.engines.balls.decimals import python_fraction
from diffcli.errors import DiffcliError
from diffcli.language.algebra import Algebra
from diffcli.language.builder import Builder
from diffcli.language.derivative import differentiate
from diffcli.language.expression import Node, node, number, variable
from diffcli.studies.critical.factors import factors_of, pole_factors
from diffcli.studies.implicit.germs import Chart, UnknownGermError

MOST_TERMS = 200
"""Terms of a polynomial that is factored: one with more is taken as it is typed."""


@dataclass(frozen=True)
class Component:
    """A factor of an equation; its zeros count where the equation's ``whole`` residual is defined.

    ``names`` are the two variables, that of the horizontal axis first. Where one of the
    ``divisors`` is 0 the equation has no value.
    """

    factor: Node
    whole: Node
    names: tuple[str, str]
    divisors: tuple[Node, ...] = ()

    def partial(self, name: str) -> Node:
        """Return the factor's partial derivative. Raises FormulaError or LimitError."""
        return differentiate(self.factor, name, Builder())


def components(residual: Node, names: tuple[str, str]) -> list[Component]:
    """Return the factors of an equation's residual; none where it is 0 nowhere by its form."""
    try:
        factors = factors_of(residual, Algebra(Builder()))
    except DiffcliError:
        factors = [residual]
    if factors == [residual] or (len(factors) == 1 and _is_plain(factors[0], residual, names)):
        factors = [residual]
    divisors = _lower(residual)
    below = [_polynomial(divisor, names) for divisor in divisors]
    parts = [
        part
        for factor in factors
        for part in _parts(factor, names)
        if not _divides(_polynomial(part, names), below)
    ]
    return [Component(part, residual, names, tuple(divisors)) for part in dict.fromkeys(parts)]


def _lower(residual: Node) -> list[Node]:
    """Return the factors below the line of a residual, where it has no value if they are 0."""
    try:
        return pole_factors(residual)[0]
    except DiffcliError:
        return []


def _divides(part: Any | None, below: Sequence[Any | None]) -> bool:
    """Whether a polynomial divides one of some others."""
    if part is None or part.is_constant():
        return False
    return any(factor is not None and not part.gcd(factor).is_constant() for factor in below)


def _is_plain(factor: Node, residual: Node, names: tuple[str, str]) -> bool:
    """Whether a factor and the residual are the same polynomial: the typed one is kept."""
    first, second = _polynomial(factor, names), _polynomial(residual, names)
    return first is not None and second is not None and first == second


def _parts(factor: Node, names: tuple[str, str]) -> Sequence[Node]:
    """Return the irreducible factors of a polynomial over the rationals, else the factor alone."""
    polynomial = _polynomial(factor, names)
    if polynomial is None or polynomial.is_constant() or len(polynomial) > MOST_TERMS:
        return [factor]
    parts = polynomial.factor()[1]
    if len(parts) == 1 and parts[0][1] == 1:
        return [factor]
    return [_written(part, names) for part, _ in parts]


def _polynomial(term: Node, names: tuple[str, str]) -> Any | None:
    """Return a term as a polynomial over the rationals, if it is one."""
    try:
        germ = Chart(dict.fromkeys(names, Fraction(0)), *names).germ(term)
    except (UnknownGermError, KeyError):
        return None
    return germ.terms if germ.is_whole else None


def _written(polynomial: Any, names: tuple[str, str]) -> Node:
    """Return a polynomial as a formula."""
    terms = []
    for powers, weight in polynomial.to_dict().items():
        factors = [
            variable(name) if power == 1 else node("pow", variable(name), number(int(power)))
            for name, power in zip(names, powers, strict=True)
            if power
        ]
        exact = python_fraction(weight)
        if exact != 1 or not factors:
            factors.insert(0, number(exact))
        terms.append(factors[0] if len(factors) == 1 else node("mul", *factors))
    return terms[0] if len(terms) == 1 else node("add", *terms)
