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
"""Of a text whose rows repeat."""
MAX_NODES = 500_000
MAX_DEPTH = 200
"""Of parentheses, brackets and bars."""
MAX_NESTING = 100
"""Of functions in functions, of powers in exponents, of signs before signs."""
MAX_NAME = 1_000
"""Characters of one name."""
MAX_DIGITS = 400
"""Of one number."""
MAX_EXPONENT = 400
"""Of ten, in one number."""
MAX_POWER_BITS = 4096
"""Of a power of constants."""
MAX_FACTORIAL = 500
MAX_TERMS = 10_000
"""Of one sum or product over an index."""
MAX_ORDER = 100
"""Of one derivative inside a formula."""
MAX_ASKED_ORDER = 500
"""Of one derivative of a formula."""
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
"""That one command is given; a file of any length goes to ``diffcli batch``."""
MAX_AXES = 8
"""Of one tensor that a point gives."""
MAX_MATRIX_POWER = 64
"""The greatest power of a matrix that is written as a product."""
MAX_ELEMENTS = 20_000_000
"""Of one tensor that a point or a term of a formula asks for."""
MAX_SHOWN = 1_000_000
"""Numbers in one answer that is shown or written as text."""
MAX_VALUES = 100_000
"""Of a formula that takes a vector element by element, in one such answer."""


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
