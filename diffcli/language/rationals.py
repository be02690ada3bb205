"""Constants that arithmetic makes of typed numbers, exact as fractions; roots as such powers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from types import MappingProxyType

from diffcli.language.expression import NUMBER, Node
from diffcli.language.limits import MAX_POWER_BITS

ROOTS: Mapping[str, Fraction] = MappingProxyType({"sqrt": Fraction(1, 2), "cbrt": Fraction(1, 3)})
"""The exponents of the roots that have a name."""
ROOT_NAMES: Mapping[Fraction, str] = MappingProxyType(
    {power: name for name, power in ROOTS.items()}
)
"""The names of the powers that are such roots."""


def fraction_of(term: Node) -> Fraction | None:
    """Return the exact value of a constant made by arithmetic; None for any other, or a huge one.

    >>> from diffcli.language.expression import node, number
    >>> fraction_of(node("div", number(-2), number(3)))
    Fraction(-2, 3)
    """
    values: dict[Node, Fraction] = {}
    stack = [term]
    while stack:
        current = stack[-1]
        if current.op == NUMBER:
            value: Fraction | None = Fraction(current.value or 0)
        elif current.op not in FOLDS:
            return None
        elif pending := [arg for arg in current.args if arg not in values]:
            stack += pending
            continue
        else:
            value = folded(current.op, [values[arg] for arg in current.args])
        if value is None:
            return None
        values[stack.pop()] = value
    return values[term]


def is_whole(term: Node) -> bool:
    """Whether a term is a whole number made by arithmetic, of whatever sign."""
    exact = fraction_of(term)
    return exact is not None and exact.denominator == 1


def folded(op: str, parts: Sequence[Fraction]) -> Fraction | None:
    """Return arithmetic on fractions; None for other operations, or for what is huge."""
    result = FOLDS[op](parts) if op in FOLDS else None
    return result if result is not None and bits(result) <= 2 * MAX_POWER_BITS else None


def bits(value: Fraction) -> int:
    """Return the binary digits of the longer of numerator and denominator."""
    return max(value.numerator.bit_length(), value.denominator.bit_length())


def _power(parts: Sequence[Fraction]) -> Fraction | None:
    base, exponent = parts
    if exponent.denominator != 1 or (base == 0 and exponent < 0):
        return None
    if abs(exponent) * bits(base) > 2 * MAX_POWER_BITS and abs(base) not in (0, 1):
        return None
    return base**exponent.numerator


def _product(parts: Sequence[Fraction]) -> Fraction | None:
    result = Fraction(1)
    for part in parts:
        result *= part
        if bits(result) > 2 * MAX_POWER_BITS:
            return None
    return result


FOLDS: Mapping[str, Callable[[Sequence[Fraction]], Fraction | None]] = MappingProxyType(
    {
        "add": lambda parts: sum(parts, Fraction(0)),
        "neg": lambda parts: -parts[0],
        "mul": _product,
        "div": lambda parts: parts[0] / parts[1] if parts[1] else None,
        "pow": _power,
    }
)
"""The arithmetic that is exact on fractions."""
