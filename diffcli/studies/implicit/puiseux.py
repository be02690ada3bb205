"""Real half-branches of a plane curve at the origin, by Newton's polygon, counted with proof.

Each edge of the polygon of P(r, s) gives the exponent of s ~ c·r^e, and its characteristic
polynomial the c. A simple root c is one branch, by the implicit function theorem; at a multiple one
the polygon is drawn again (Walker, Algebraic Curves, 1950, IV.3; Casas-Alvero, Singularities of
Plane Curves, 2000, chapter 1).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from flint import arb, fmpq, fmpq_poly, fmpz_poly

from diffcli.studies.implicit.germs import MAX_DEGREE

MAX_STEPS = 8
"""Polygons that are drawn one after the other for one branch."""

Terms = Mapping[tuple[int, int], Any]
"""Rational coefficients, by the exponents of r and s."""


class UnknownBranchesError(Exception):
    """The branches aren't told apart by what is known of the curve."""


@dataclass(frozen=True)
class HalfBranch:
    """A branch s ~ c·r^e for small r > 0; no ``exponent`` says that s is 0.

    The coefficient is a root of the ``characteristic`` polynomial.
    """

    exponent: Fraction | None
    coefficient: arb
    characteristic: fmpz_poly


def half_branches(terms: Terms, *, is_whole: bool, steps: int = MAX_STEPS) -> list[HalfBranch]:
    """Return the half-branches with r > 0 of a curve without a multiple component.

    Unless it ``is_whole``, only the terms up to MAX_DEGREE are known. Raises UnknownBranchesError.
    """
    if not steps:
        raise UnknownBranchesError
    branches: list[HalfBranch] = []
    first, second = (min(term[k] for term in terms) for k in (0, 1))
    if not is_whole and (first or second):
        raise UnknownBranchesError
    if second:
        branches.append(HalfBranch(None, arb(0), fmpz_poly([0, 1])))
    left = {(i - first, j - second): weight for (i, j), weight in terms.items()}
    for exponent, edge in _edges(left):
        if not is_whole and max(map(sum, edge)) > MAX_DEGREE:
            raise UnknownBranchesError
        polynomial = _characteristic(edge)
        roots: Any = polynomial.complex_roots()
        for root, multiplicity in roots:
            if not root.imag.is_zero() or root.real.contains(0):
                continue
            branch = HalfBranch(exponent, root.real, polynomial)
            if multiplicity == 1:
                branches.append(branch)
            else:
                if not is_whole:
                    raise UnknownBranchesError
                moved = _moved(left, exponent, _rational_root(polynomial, root.real))
                inner = half_branches(moved, is_whole=True, steps=steps - 1)
                branches += [branch] * len(inner)
    return branches


def _edges(terms: Terms) -> list[tuple[Fraction, Terms]]:
    """Return the edges of the lower left hull, as exponents and the terms on them."""
    edges: list[tuple[Fraction, Terms]] = []
    i, j = min((term for term in terms if term[0] == 0), key=lambda term: term[1])
    while j:
        slopes = {term: Fraction(term[0] - i, j - term[1]) for term in terms if term[1] < j}
        exponent = min(slopes.values())
        weight = i + exponent * j
        edge = {(a, b): w for (a, b), w in terms.items() if a + exponent * b == weight}
        edges.append((exponent, edge))
        i, j = min(edge, key=lambda term: term[1])
    return edges


def _characteristic(edge: Terms) -> fmpz_poly:
    lowest = min(j for _, j in edge)
    weights = [fmpq(0)] * (max(j for _, j in edge) - lowest + 1)
    for (_, j), weight in edge.items():
        weights[j - lowest] = weight
    return fmpq_poly(weights).numer()


def _rational_root(polynomial: fmpz_poly, near: arb) -> fmpq:
    for factor, _ in polynomial.factor()[1]:
        if factor.degree() == 1:
            root = fmpq(-factor[0], factor[1])
            if near.contains(root):
                return root
    raise UnknownBranchesError


def _moved(terms: Terms, exponent: Fraction, root: fmpq) -> Terms:
    """Return the curve in τ and s₁, where r = τᵇ and s = τᵃ(c + s₁)."""
    a, b = exponent.numerator, exponent.denominator
    weights: dict[tuple[int, int], Any] = {}
    for (i, j), weight in terms.items():
        power = fmpq_poly([root, 1]) ** j
        for k, coefficient in enumerate(power.coeffs()):
            powers = (b * i + a * j, k)
            weights[powers] = weights.get(powers, fmpq(0)) + weight * coefficient
    kept = {powers: weight for powers, weight in weights.items() if weight}
    lowest = min(i for i, _ in kept)
    return {(i - lowest, k): weight for (i, k), weight in kept.items()}


def sign_along(terms: Terms, branch: HalfBranch) -> int:
    """Return the sign of a polynomial along a half-branch. Raises UnknownBranchesError."""
    if branch.exponent is None:
        on_axis = {i: weight for (i, j), weight in terms.items() if j == 0}
        if not on_axis:
            raise UnknownBranchesError
        return 1 if on_axis[min(on_axis)] > 0 else -1
    if not terms:
        return 0
    order = min(i + branch.exponent * j for i, j in terms)
    leading = sum(
        (
            arb(weight) * branch.coefficient**j
            for (i, j), weight in terms.items()
            if i + branch.exponent * j == order
        ),
        arb(0),
    )
    if leading.contains(0):
        raise UnknownBranchesError
    return 1 if leading > 0 else -1


def reflected(terms: Terms) -> Terms:
    """Return the polynomial of −r and s."""
    return {(i, j): -weight if i % 2 else weight for (i, j), weight in terms.items()}


def are_opposite(one: HalfBranch, other: HalfBranch) -> bool | None:
    """Whether the coefficients are each other's negatives; None where that isn't known."""
    if not one.coefficient.overlaps(-other.coefficient):
        return False
    mirrored = fmpz_poly([int(w) * (-1) ** k for k, w in enumerate(other.characteristic.coeffs())])
    common = one.characteristic.gcd(mirrored)
    both = one.coefficient.union(-other.coefficient)
    counts = [
        _count_near(polynomial, both) for polynomial in (one.characteristic, mirrored, common)
    ]
    return True if counts == [1, 1, 1] else None


def _count_near(polynomial: fmpz_poly, ball: arb) -> int:
    """Return how many real roots, each once, may lie in a ball."""
    roots: Any = polynomial.complex_roots() if polynomial.degree() > 0 else []
    return sum(bool(root.imag.is_zero() and root.real.overlaps(ball)) for root, _ in roots)
