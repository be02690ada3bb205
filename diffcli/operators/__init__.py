"""The derivative kinds: one registry, a class each.

An operator says which linear combinations of mixed partials it consists of (its entries), so that
every engine can give them one by one; how torch gives them all at once, in blocks; and how the
blocks are laid out. An entry is one number of a function of numbers; a block is a tensor of
entries, in row-major order.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from diffcli.operators.entries import (
    ComponentEntry,
    Entry,
    Notation,
    Scalars,
    Shape,
    Weight,
    labels_of,
    output_name,
)
from diffcli.operators.expansion import Taylor
from diffcli.operators.fields import Curl, Divergence, Laplacian
from diffcli.operators.operator import Matrix, Operator
from diffcli.operators.partials import MODES, Eval, Grad, Hessian, Jacobian, Partial
from diffcli.operators.products import Directional, Hvp, Jvp, Vhp, Vjp

__all__ = [
    "MODES",
    "OPERATORS",
    "ComponentEntry",
    "Curl",
    "Directional",
    "Divergence",
    "Entry",
    "Eval",
    "Grad",
    "Hessian",
    "Hvp",
    "Jacobian",
    "Jvp",
    "Laplacian",
    "Matrix",
    "Notation",
    "Operator",
    "Partial",
    "Scalars",
    "Shape",
    "Taylor",
    "Vhp",
    "Vjp",
    "Weight",
    "labels_of",
    "output_name",
]

OPERATORS: Mapping[str, type[Operator]] = MappingProxyType(
    {
        operator.name: operator
        for operator in (
            Eval, Grad, Partial, Jacobian, Hessian, Jvp, Vjp, Hvp, Vhp,
            Laplacian, Divergence, Curl, Taylor,
        )
    }
)  # fmt: skip
"""Every operator that has a command, by its name."""
