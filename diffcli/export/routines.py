"""The routines to write: a function for the value, and one for each kind of derivative."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from types import MappingProxyType
from typing import Literal, get_args

from diffcli.errors import LimitError, UsageError
from diffcli.export.partials import differentiated, swelling
from diffcli.export.rewriting import rewritten
from diffcli.language.algebra import Algebra
from diffcli.language.builder import Builder
from diffcli.language.expression import Node, names_in, variable
from diffcli.language.function import Function

Kind = Literal["value", "grad", "jacobian", "hessian", "hvp", "sparse_jacobian", "sparse_hessian"]
KINDS: tuple[Kind, ...] = get_args(Kind)
DENSE: tuple[Kind, ...] = KINDS[:4]
"""The kinds that every language has."""
_ORDERS: Mapping[Kind, int] = MappingProxyType(
    {"value": 0, "grad": 1, "jacobian": 1, "hessian": 2, "hvp": 2}
)
"""The orders of the derivatives of which a kind has all."""
_OF_ONE = frozenset({"grad", "hessian", "hvp", "sparse_hessian"})
"""The kinds that take one formula."""

Index = tuple[int, tuple[str, ...]]
"""An entry: of which output, and by which variables in turn."""


@dataclass(frozen=True)
class Routine:
    """One function: its name, its entries in row-major order, and the shape of its result.

    A formula of one variable has its derivative as a number, without an axis of variables. A
    product with the Hessian has the Hessian's entries, and a result for each of its rows; a sparse
    derivative has the entries that may differ from 0, in one list.
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

    def formulas(self, entries: Mapping[Index, Node]) -> list[Node]:
        """Return the formulas of the result, of those of the entries.

        A product reads the direction's coordinates, under the names of :func:`along`.
        """
        if self.kind != "hvp":
            return [entries[index] for index in self.indices]
        algebra = Algebra(Builder(swelling))
        return [
            algebra.add(*(algebra.mul(entries[0, (x, y)], variable(along(y))) for y in self.wrt))
            for x in self.wrt
        ]

    @property
    def pattern(self) -> tuple[list[int], list[int]]:
        """The rows and the columns of the entries, in the full matrix."""
        rows = [self.wrt.index(by[0]) if by[1:] else output for output, by in self.indices]
        return rows, [self.wrt.index(by[-1]) for _, by in self.indices]


def along(name: str) -> str:
    """Return the name, in formulas, of a direction's coordinate: no variable can have it."""
    return f"along {name}"


_MEANINGS: Mapping[Kind, str] = MappingProxyType(
    {
        "value": "the value",
        "grad": "the derivative{s} in {}",
        "jacobian": "a row for each formula: its derivative{s} in {}",
        "hessian": "the second derivatives, a row for each of {}",
        "hvp": "the Hessian in {} times a direction",
        "sparse_jacobian": "the derivatives in {} that may differ from 0",
        "sparse_hessian": "the second derivatives in {} that may differ from 0, on and below the "
        "diagonal",
    }
)
_SECOND = "the second derivative in {}"
"""A Hessian of one variable has no rows."""


def routines_of(
    function: Function, kinds: Sequence[Kind], name: str, wrt: Sequence[str]
) -> tuple[Routine, ...]:
    """Return the functions to be written. Raises UsageError where a kind doesn't apply."""
    routines = []
    for kind in kinds:
        if kind != "value" and not wrt:
            raise UsageError(f"{kind}: the formula has no variables", hint="kinds value")
        if kind in _OF_ONE and not function.is_scalar:
            raise UsageError(
                f"{kind} takes one formula, and there are {len(function.outputs)}",
                hint="kinds value,jacobian",
            )
        indices = _indices(function, kind, wrt)
        if not indices:
            raise UsageError(f"{kind}: all entries are 0", hint="leave it out of --kinds")
        routine_name = name if kind == "value" else f"{name}_{kind}"
        shape = _shape(function, kind, len(indices), len(wrt))
        routines.append(Routine(kind, routine_name, indices, shape, tuple(wrt)))
    return tuple(routines)


def _indices(function: Function, kind: Kind, wrt: Sequence[str]) -> tuple[Index, ...]:
    """Return the entries of a kind; of a sparse one those in whose formula the variable occurs."""
    outputs = function.outputs
    if kind == "sparse_jacobian":
        read = [names_in([output]) for output in outputs]
        return tuple((i, (x,)) for i in range(len(outputs)) for x in wrt if x in read[i])
    if kind == "sparse_hessian":
        read = [names_in([differentiated(outputs[0], x)]) for x in wrt]
        below = ((row, column) for row in range(len(wrt)) for column in range(row + 1))
        return tuple((0, (wrt[i], wrt[j])) for i, j in below if wrt[j] in read[i])
    return tuple(product(range(len(outputs)), product(wrt, repeat=_ORDERS[kind])))


def _shape(function: Function, kind: Kind, entries: int, variables: int) -> tuple[int, ...]:
    if kind == "hvp":
        return (variables,)
    if kind not in _ORDERS:
        return (entries,)
    own = () if function.is_scalar and kind != "jacobian" else (len(function.outputs),)
    return own + (() if len(function.variables) == 1 else (variables,)) * _ORDERS[kind]


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
