"""Signs of rational functions by their factors: squares aside, each may be of one sign.

flint proposes the factors; that their product is the polynomial is checked in exact arithmetic. A
quadratic polynomial is nowhere negative if its matrix is positive semidefinite.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import permutations

from flint import Ordering, fmpq_mpoly, fmpq_mpoly_ctx

from diffcli.engines.balls.decimals import flint_fraction, python_fraction
from diffcli.engines.polynomials import Terms, added, multiplied
from diffcli.language.expression import Node, node, number, variable

MOST_DEGREE = 16
MOST_ORDERED, MOST_ORDERED_DEGREE = 4, 8
"""Variables, and the degree, of a polynomial that is looked at in every order of its variables."""


@dataclass(frozen=True)
class Factors:
    """The factors that decide the sign of a formula, and the sign of the number before them.

    ``squares`` is whether squares were left out, ``even`` those of the numerator.
    """

    sign: int
    odd: tuple[Terms, ...]
    squares: bool
    even: tuple[Terms, ...] = ()


def factors_of(above: Terms, below: Terms, size: int) -> Factors | None:
    """Return the factors of odd power of two polynomials, as of their quotient."""
    if not below:
        return None
    if not above:
        return Factors(0, (), squares=False)
    sign, odd, even, squares = 1, list[Terms](), list[Terms](), False
    for part in (above, below):
        parts = _factored(part, size)
        if parts is None:
            return None
        constant, powers = parts
        sign *= 1 if constant > 0 else -1
        for base, power in powers:
            if power % 2:
                odd.append(base)
            elif part is above:
                even.append(base)
            squares |= power > 1
    return Factors(sign, tuple(odd), squares, tuple(even))


def _factored(terms: Terms, size: int) -> tuple[Fraction, list[tuple[Terms, int]]] | None:
    """Return a constant and factors with their powers, whose product is a polynomial."""
    if max(map(sum, terms)) > MOST_DEGREE:
        return None
    context = fmpq_mpoly_ctx.get([f"x{place}" for place in range(size)], Ordering.lex)
    exact = {key: flint_fraction(value) for key, value in terms.items()}
    constant, parts = context.from_dict(exact).factor()
    weight = python_fraction(constant)
    found = [(_fractions(part), int(power)) for part, power in parts]
    bases = [base for base, power in found for _ in range(power)]
    whole = multiplied([{(0,) * size: weight}, *bases], size)
    return (weight, found) if whole == terms else None


def _fractions(part: fmpq_mpoly) -> Terms:
    return {tuple(map(int, key)): python_fraction(value) for key, value in part.to_dict().items()}


def is_nowhere_negative(terms: Terms) -> bool:
    """Whether a quadratic polynomial is proved not to be negative anywhere; False for others."""
    return squares(terms) is not None


def squares(terms: Terms) -> list[tuple[Fraction, Terms]] | None:
    """Return the positive weights and the polynomials of degree 1 of which it is a sum of squares.

    None for polynomials that aren't quadratic, or are negative somewhere: by Gaussian elimination
    of the symmetric matrix.
    """
    if not terms or max(map(sum, terms)) > 2:
        return None
    size = len(next(iter(terms))) + 1
    matrix = [[Fraction(0)] * size for _ in range(size)]
    for key, value in terms.items():
        places = [place for place, power in enumerate(key) for _ in range(power)]
        i, j = (*places, size - 1, size - 1)[:2]
        matrix[i][j] += value / 2
        matrix[j][i] += value / 2
    found = []
    for k in range(size):
        pivot, row = matrix[k][k], matrix[k]
        if pivot < 0 or (not pivot and any(row[k:])):
            return None
        if pivot:
            found.append((pivot, _affine([x / pivot if j >= k else 0 for j, x in enumerate(row)])))
            for i in range(k + 1, size):
                ratio = matrix[i][k] / pivot
                matrix[i] = [x - ratio * y for x, y in zip(matrix[i], row, strict=True)]
    return found


def is_never_negative_in_order(terms: Terms, low: Fraction) -> bool:
    """Whether no coefficient is negative in the gaps between the variables, whatever their order.

    In the order of their size the variables are low + u₁, low + u₁ + u₂ and so on, with u ≥ 0, so
    that the polynomial isn't negative where no variable is below the lower end.
    """
    size = len(next(iter(terms), ()))
    if not 1 < size <= MOST_ORDERED or max(map(sum, terms)) > MOST_ORDERED_DEGREE:
        return False
    return all(_has_no_negative(_in_gaps(terms, order, low)) for order in permutations(range(size)))


def _has_no_negative(terms: Terms | None) -> bool:
    return terms is not None and all(value >= 0 for value in terms.values())


def _in_gaps(terms: Terms, order: Sequence[int], low: Fraction) -> Terms | None:
    """Return a polynomial in the gaps; ``order`` has the rank of each variable."""
    size = len(order)
    variables = []
    for rank in order:
        gaps = {tuple(int(i == k) for i in range(size)): Fraction(1) for k in range(rank + 1)}
        variables.append({**gaps, (0,) * size: low} if low else gaps)
    parts: list[Terms] = []
    for key, value in terms.items():
        powers = [variables[place] for place, power in enumerate(key) for _ in range(power)]
        product = multiplied([{(0,) * size: value}, *powers], size)
        if product is None:
            return None
        parts.append(product)
    return added(parts)


def _affine(weights: Sequence[Fraction | int]) -> Terms:
    """Return a polynomial of degree 1, the constant last."""
    size = len(weights) - 1
    keys = [tuple(int(i == j) for j in range(size)) for i in range(size + 1)]
    return {key: Fraction(x) for key, x in zip(keys, weights, strict=True) if x}


def formula_of(terms: Terms, names: Sequence[str]) -> Node:
    """Return a polynomial as a formula."""
    parts = []
    for key, value in sorted(terms.items(), reverse=True):
        powers = [
            variable(name) if power == 1 else node("pow", variable(name), number(power))
            for name, power in zip(names, key, strict=True)
            if power
        ]
        parts_of_term = powers if abs(value) == 1 and powers else [number(abs(value)), *powers]
        term = node("mul", *parts_of_term) if len(parts_of_term) > 1 else parts_of_term[0]
        parts.append(term if value > 0 else node("neg", term))
    return node("add", *parts) if len(parts) > 1 else parts[0]
