"""Formulas that are polynomials of rational coefficients, multiplied out about a rational point."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from itertools import product

from diffcli.engines.exact import rational
from diffcli.language.expression import VARIABLE, Node, names_in, postorder

Terms = Mapping[tuple[int, ...], Fraction]
"""Coefficients by exponents."""
MOST_TERMS, MOST_POWER = 400, 24


def polynomial(formula: Node, point: Mapping[str, Fraction]) -> Terms | None:
    """Return a formula as a polynomial in the distances from a point; None where it is none."""
    names = list(point)
    size = len(names)
    known: dict[Node, Terms] = {}
    for term in postorder([formula]):
        exact = _constant(term)
        if exact is not None:
            known[term] = _cleaned({(0,) * size: exact})
            continue
        if term.op == VARIABLE:
            position = names.index(str(term.value))
            unit = tuple(int(k == position) for k in range(size))
            known[term] = _cleaned({(0,) * size: point[names[position]], unit: Fraction(1)})
            continue
        quotients = _applied(term, [known.get(arg) for arg in term.args], size)
        if quotients is None or len(quotients) > MOST_TERMS:
            return None
        known[term] = quotients
    return known[formula]


def _constant(term: Node) -> Fraction | None:
    return None if names_in([term]) else rational(term)


def _applied(term: Node, args: Sequence[Terms | None], size: int) -> Terms | None:
    parts = [arg for arg in args if arg is not None]
    if len(parts) < len(args):
        return None
    match term.op:
        case "add":
            return added(parts)
        case "neg":
            return {key: -value for key, value in parts[0].items()}
        case "mul":
            return multiplied(parts, size)
        case "div":
            below = _constant(term.args[1])
            if not below:
                return None
            return {key: value / below for key, value in parts[0].items()}
        case "pow":
            exponent = _constant(term.args[1])
            if exponent is None or exponent.denominator != 1 or not 0 <= exponent <= MOST_POWER:
                return None
            return multiplied([parts[0]] * int(exponent), size)
    return None


def multiplied(parts: Sequence[Terms], size: int) -> Terms | None:
    """Return a product of polynomials in so many variables; None where it is too large."""
    result: Terms = parts[0] if parts else {(0,) * size: Fraction(1)}
    for part in parts[1:]:
        if len(result) * len(part) > MOST_TERMS * 4:
            return None
        terms: dict[tuple[int, ...], Fraction] = {}
        for (one, a), (other, b) in product(result.items(), part.items()):
            key = tuple(i + j for i, j in zip(one, other, strict=True))
            terms[key] = terms.get(key, Fraction(0)) + a * b
        result = _cleaned(terms)
    return result


def _cleaned(terms: Terms) -> Terms:
    return {key: value for key, value in terms.items() if value}


def added(parts: Sequence[Terms]) -> Terms:
    """Return a sum of polynomials."""
    total: dict[tuple[int, ...], Fraction] = {}
    for part in parts:
        for key, value in part.items():
            total[key] = total.get(key, Fraction(0)) + value
    return _cleaned(total)


def quotient(formula: Node, names: Sequence[str]) -> tuple[Terms, Terms] | None:
    """Return a formula as the quotient of two polynomials; None where it is none.

    They are equal wherever the formula has a value.
    """
    zero = (0,) * len(names)
    one: Terms = {zero: Fraction(1)}
    known: dict[Node, tuple[Terms, Terms]] = {}
    for term in postorder([formula]):
        whole = polynomial(term, dict.fromkeys(names, Fraction(0)))
        if whole is not None:
            known[term] = whole, one
            continue
        parts = [known.get(arg) for arg in term.args]
        args = [part for part in parts if part is not None]
        quotients = _of_quotients(term, args, one) if len(args) == len(parts) and args else None
        if quotients is None:
            return None
        known[term] = quotients
    return known[formula]


def _of_quotients(
    term: Node, args: Sequence[tuple[Terms, Terms]], one: Terms
) -> tuple[Terms, Terms] | None:
    size = len(next(iter(one)))
    above: Terms | None
    below: Terms | None
    match term.op:
        case "neg":
            ((top, bottom),) = args
            return {key: -value for key, value in top.items()}, bottom
        case "mul":
            above = multiplied([top for top, _ in args], size)
            below = multiplied([bottom for _, bottom in args], size)
        case "div":
            (top, bottom), (other, under) = args
            above, below = multiplied([top, under], size), multiplied([bottom, other], size)
        case "pow":
            exponent = _constant(term.args[1])
            if exponent is None or exponent.denominator != 1 or abs(exponent) > MOST_POWER:
                return None
            count = int(abs(exponent))
            above, below = (multiplied([part] * count, size) for part in args[0])
            if exponent < 0:
                above, below = below, above
        case "add":
            above, below = args[0]
            for top, bottom in args[1:]:
                if bottom == below and above is not None:
                    above = added([above, top])
                    continue
                if above is None or below is None:
                    return None
                left, right = multiplied([above, bottom], size), multiplied([top, below], size)
                above = None if left is None or right is None else added([left, right])
                below = multiplied([below, bottom], size)
        case _:
            return None
    return None if above is None or below is None else (above, below)
