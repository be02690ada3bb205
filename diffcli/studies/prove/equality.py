"""Equations that hold everywhere: both sides are one function, by algebra."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from diffcli.engines.remote import Partials
from diffcli.errors import LimitError
from diffcli.language.expression import Node
from diffcli.language.function import Function

if TYPE_CHECKING:
    from diffcli.engines.symbolic import Symbolic


def is_identity(equation: Node, names: Sequence[str], deadline: float) -> bool:
    """Return whether two sides are proved to be equal wherever both have a value."""
    sides = Function((), equation.args, tuple(names))
    try:
        return Partials(sides, deadline).ask(_are_equal, sides)
    except LimitError:
        return False


def _are_equal(symbolic: Symbolic, sides: Function) -> bool:
    from diffcli.engines.symbolic import expression
    from diffcli.engines.terms.identity import proved_equal

    first, second = expression(sides)
    return proved_equal(first, second, symbolic.deadline)
