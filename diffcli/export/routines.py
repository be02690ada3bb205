"""The routines to write: a function for the value, and one for each kind of derivative."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from types import MappingProxyType
from typing import Literal, get_args

from diffcli.errors import LimitError, UsageError
from diffcli.export.partials import differentiated
from diffcli.export.rewriting import rewritten
from diffcli.language.expression import Node
from diffcli.language.function import Function

Kind = Literal["value", "grad", "jacobian", "hessian"]
KINDS: tuple[Kind, ...] = get_args(Kind)

Index = tuple[int, tuple[str, ...]]
"""An entry: of which output, and by which variables in turn."""


@dataclass(frozen=True)
class Routine:
    """One function: its name, its entries in row-major order, and their shape.

    A formula of one variable has its derivative as a number, without an axis of variables.
    """

    kind: Kind
    name: str
    indices: tuple[Index, ...]
    shape: tuple[int, ...]
    wrt: tuple[str, ...]

    @property
    def meaning(self) -> str:
        """The result of the routine, in words."""
        meaning = _MEANINGS[self.kind] if self.shape or self.kind != "hessian" else _SECOND
        many = "s" if len(self.wrt) > 1 else ""
        return meaning.format(", ".join(self.wrt), s=many)


_MEANINGS: Mapping[Kind, str] = MappingProxyType(
    {
        "value": "the value",
        "grad": "the derivative{s} in {}",
        "jacobian": "a row for each formula: its derivative{s} in {}",
        "hessian": "the second derivatives, a row for each of {}",
    }
)
_SECOND = "the second derivative in {}"
"""A Hessian of one variable has no rows."""


def routines_of(
    function: Function, kinds: Sequence[Kind], name: str, wrt: Sequence[str]
) -> tuple[Routine, ...]:
    """Return the functions to be written. Raises UsageError where a kind doesn't apply."""
    several = len(function.outputs)
    routines = []
    for kind in kinds:
        if kind != "value" and not wrt:
            raise UsageError(f"{kind}: the formula has no variables", hint="kinds value")
        if kind in ("grad", "hessian") and not function.is_scalar:
            raise UsageError(
                f"{kind} takes one formula, and there are {several}", hint="kinds value,jacobian"
            )
        outputs = range(several)
        along = () if len(function.variables) == 1 else (len(wrt),)
        own = () if function.is_scalar and kind != "jacobian" else (several,)
        by: list[tuple[str, ...]] = [(x,) for x in wrt]
        if kind == "value":
            by = [()]
        elif kind == "hessian":
            by = list(product(wrt, wrt))
        order = {"value": 0, "hessian": 2}.get(kind, 1)
        shape = own + along * order
        indices = tuple((output, variable) for output in outputs for variable in by)
        routine_name = name if kind == "value" else f"{name}_{kind}"
        routines.append(Routine(kind, routine_name, indices, shape, tuple(wrt)))
    return tuple(routines)


MOST_ENTRIES = 2_500
"""Entries of all routines together at most."""


def entries_of(function: Function, routines: Sequence[Routine]) -> dict[Index, Node]:
    """Return the formula of every entry; a mixed partial is the same in either order.

    Raises UsageError for a function without a closed derivative, LimitError where one swells.
    """
    count = sum(len(routine.indices) for routine in routines)
    if count > MOST_ENTRIES:
        raise LimitError(
            f"{count:,} entries are too many to be written out",
            hint=f"at most {MOST_ENTRIES:,}: choose variables with wrt",
        )
    stable = (lambda output: output) if function.has_tensors else rewritten
    formulas: dict[Index, Node] = {
        (i, ()): stable(output) for i, output in enumerate(function.outputs)
    }
    position = {name: i for i, name in enumerate(function.variables)}
    for output, wrt in (index for routine in routines for index in routine.indices):
        ordered = tuple(sorted(wrt, key=position.__getitem__))
        for order in range(1, len(ordered) + 1):
            part = (output, ordered[:order])
            if part not in formulas:
                formulas[part] = differentiated(
                    formulas[output, ordered[: order - 1]], ordered[order - 1]
                )
        formulas[output, wrt] = formulas[output, ordered]
    return formulas
