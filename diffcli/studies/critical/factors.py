"""Where a term may be 0: its factors above one common line.

Next to a pole the enclosure of a term bounds nothing, but a factor above the line is smooth there.
A zero of the term is a zero of one of these; a factor may have more, where the term has no value.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from types import MappingProxyType

from diffcli.errors import FormulaError, LimitError
from diffcli.language.algebra import ZERO, Algebra
from diffcli.language.builder import Builder
from diffcli.language.derivative import differentiate
from diffcli.language.expression import CONSTANT, NUMBER, Node, node, number, postorder
from diffcli.language.rationals import ROOTS, fraction_of

_RATIOS: Mapping[str, Mapping[str, int]] = MappingProxyType(
    {
        "tan": {"sin": 1, "cos": -1},
        "cot": {"cos": 1, "sin": -1},
        "sec": {"cos": -1},
        "csc": {"sin": -1},
        "coth": {"cosh": 1, "sinh": -1},
        "csch": {"sinh": -1},
    }
)
"""Functions with poles, by those that have none."""
_ZERO_WITH_ARGUMENT = ("abs", "sign", "pow")
"""Operations that are 0 only where their first argument is."""
_NEVER_ZERO = ("exp", "cosh", "sech", "gamma", "factorial")
_MINUS = number(-1)

Powers = Mapping[Node, Fraction]
"""A term as a product of powers; signs and numbers are factors too."""


def zero_factors(output: Node, name: str, order: int) -> list[Node] | None:
    """Return factors of a derivative of an output, one of which is 0 wherever the derivative is.

    None where it is 0 everywhere, or has no closed form of a reasonable size.
    """
    build = Builder()
    try:
        value = differentiate(output, name, build, order)
        return None if value is ZERO else factors_of(value, Algebra(build))
    except (FormulaError, LimitError):
        return None


def factors_of(value: Node, algebra: Algebra) -> list[Node]:
    """Return factors of a term, one of which is 0 wherever the term is 0."""
    factors: dict[Node, None] = {}
    queue = [value]
    while queue:
        for base, power in _powers(queue.pop(), algebra).items():
            if power <= 0 or base is _MINUS or base.op in (CONSTANT, *_NEVER_ZERO):
                continue
            if base.op in _ZERO_WITH_ARGUMENT:
                queue.append(base.args[0])
            elif base.op != NUMBER or base is ZERO:
                factors[base] = None
    return list(factors)


def pole_factors(output: Node) -> tuple[list[Node], list[Node]]:
    """Return the factors of an output below its line, and those above it."""
    powers = _powers(output, Algebra(Builder()))
    return [b for b, power in powers.items() if power < 0], [b for b, k in powers.items() if k > 0]


def _powers(root: Node, algebra: Algebra) -> Powers:
    powers: dict[Node, Powers] = {}
    for term in postorder([root]):
        powers[term] = _node_powers(term, [powers[arg] for arg in term.args], algebra)
    return powers[root]


def _node_powers(term: Node, args: list[Powers], algebra: Algebra) -> Powers:
    match term.op:
        case "neg":
            return _product([args[0], {_MINUS: Fraction(1)}])
        case "mul":
            return _product(args)
        case "div":
            return _product([args[0], _raised(args[1], Fraction(-1))])
        case "add":
            return _sum(args, algebra)
        case "pow" if (power := fraction_of(term.args[1])) is not None:
            # Of a root the factors aren't taken apart: sqrt(x^2) isn't x.
            whole = power.denominator == 1
            return _raised(args[0], power) if whole else {term.args[0]: power}
        case op if op in ROOTS:
            return {term.args[0]: ROOTS[op]}
        case op if op in _RATIOS:
            return {node(name, *term.args): Fraction(k) for name, k in _RATIOS[op].items()}
    return {term: Fraction(1)}


def _product(parts: list[Powers]) -> Powers:
    total: dict[Node, Fraction] = {}
    for part in parts:
        for base, power in part.items():
            total[base] = total.get(base, Fraction(0)) + power
    for base in [base for base, power in total.items() if base.op == "abs" and power % 2 == 0]:
        inner = base.args[0]
        total[inner] = total.get(inner, Fraction(0)) + total.pop(base)
    return {base: power for base, power in total.items() if power}


def _raised(powers: Powers, exponent: Fraction) -> Powers:
    return _product([{base: power * exponent for base, power in powers.items()}])


def _sum(terms: list[Powers], algebra: Algebra) -> Powers:
    """Return the common factors of some terms, and what is left of their sum as one factor."""
    bases = dict.fromkeys(base for term in terms for base in term)
    common = {base: min(term.get(base, Fraction(0)) for term in terms) for base in bases}
    below = _raised(common, Fraction(-1))
    rest = algebra.add(*(_written(_product([term, below]), algebra) for term in terms))
    return _product([common, {rest: Fraction(1)}])


def _written(powers: Powers, algebra: Algebra) -> Node:
    return algebra.mul(*(algebra.pow(base, number(power)) for base, power in powers.items()))
