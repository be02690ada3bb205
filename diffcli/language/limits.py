"""Every limit of what can be typed, in one place; each is checked before anything is computed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from diffcli.errors import LimitError

if TYPE_CHECKING:
    from diffcli.language.expression import Node

MAX_CHARACTERS = 1_000_000
LEAST_REPEATED = 2_000
"""Characters from which rows that repeat are looked for."""
MAX_REPEATED = 10_000_000
"""Characters of a text whose rows repeat: each kind of them is parsed once."""
MAX_ROWS = 250_000
"""Rows of a text whose rows repeat."""
MAX_NODES = 500_000
MAX_DEPTH = 200
"""Depth of parentheses, brackets and bars."""
MAX_NESTING = 100
"""Depth of functions in functions, powers in exponents, signs before signs."""
MAX_NAME = 1_000
"""Characters of one name."""
MAX_DIGITS = 400
"""Digits of one number."""
MAX_EXPONENT = 400
"""Largest exponent of ten of one number, as in 1e400."""
MAX_POWER_BITS = 4096
"""Bits of the exact value of a power of constants."""
MAX_FACTORIAL = 500
MAX_TERMS = 10_000
"""Terms of one sum or product over an index."""
MAX_ORDER = 100
"""Order of one derivative inside a formula."""
MAX_ASKED_ORDER = 500
"""Order of one derivative of a formula."""
MAX_RESOLVED = 300_000
"""Steps that it may take to write all derivatives inside a text out."""
MAX_INTEGRAND = 10_000
"""Characters of one integrand, written out."""
MAX_READ_AGAIN = 200_000
"""Signs read to write sums and products out."""
MAX_SYMBOLIC_NODES = 20_000
"""Beyond it the symbolic engine gives up; the other two answer alone."""
MAX_SYMBOLIC_OPERANDS = 60_000
"""Likewise: one sum may have very many, and be few nodes."""
MAX_POINTS = 5_000
"""Points that one command takes; ``diffcli batch`` takes a file of any length."""
MAX_AXES = 8
"""Axes of one tensor that a point gives."""
MAX_MATRIX_POWER = 64
"""The greatest power of a matrix that is written as a product."""
MAX_ELEMENTS = 20_000_000
"""Numbers of one tensor that a point or a term of a formula asks for."""
MAX_SHOWN = 1_000_000
"""Numbers in one answer that is shown or written as text."""
MAX_VALUES = 100_000
"""Values of a formula that takes a vector element by element, in one such answer."""


def symbolic_excess(nodes: Sequence[Node]) -> LimitError | None:
    """Return the refusal of a formula that is too large for the symbolic engine, else None."""
    operands = sum(len(node.args) for node in nodes)
    for count, most, what in (
        (len(nodes), MAX_SYMBOLIC_NODES, "terms"),
        (operands, MAX_SYMBOLIC_OPERANDS, "operands"),
    ):
        if count > most:
            return LimitError(
                f"{count} {what}: the symbolic engine takes {most}",
                hint="autograd and the enclosure take more",
            )
    return None
