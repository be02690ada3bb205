"""Which rules of differentiation two engines share, so that their agreement proves nothing.

For the rows of :mod:`diffcli.language.special_functions` sympy takes the ``partials`` of the table.
So do torch's backward passes where torch has no function of its own, and Taylor arithmetic, which
autograd's partials from order 5 on and in forward mode are. An integral's derivative is Leibniz'
rule on sympy's terms in both. The closed forms of tensors are made of the table's partials of every
row, as Taylor arithmetic is. The balls share nothing with any of them.
"""

from __future__ import annotations

from collections.abc import Iterable

from diffcli.language.expression import Node, is_integral, postorder
from diffcli.language.functions import TABLE
from diffcli.language.tensors import TENSORS


def shared_rule(outputs: Iterable[Node]) -> str | None:
    """Return what the derivatives of terms rest on in both engines; None where nothing is shared.

    The words complete "both rest on …".
    """
    for term in postorder(outputs):
        if is_integral(term.op):
            return "Leibniz' rule for the integral"
        if term.is_leaf or term.op in TENSORS:
            continue
        if TABLE[term.op].is_shared:
            return f"the table's derivative of {term.op}"
    return None
