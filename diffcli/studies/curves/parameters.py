"""Parameters of a plot: the variables of a formula that hold a value, or that a slider moves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from diffcli.language.equations import Residuals
from diffcli.language.expression import Node, number, substituted, variable
from diffcli.language.function import Function


@dataclass(frozen=True)
class Slider:
    """A parameter that moves from ``low`` to ``high``; it stands at ``start`` at first."""

    name: str
    low: float
    high: float
    start: float

    @property
    def node(self) -> Node:
        """The value at which it stands at first."""
        return number(self.start)


def holding(function: Function, values: Mapping[str, Node]) -> Function:
    """Return a Function of its other variables: some hold a value."""
    if not values:
        return function
    replaced = {variable(name): value for name, value in values.items()}

    def held(root: Node) -> Node:
        return substituted(root, replaced)

    known = replace(
        function,
        outputs=tuple(map(held, function.outputs)),
        variables=tuple(name for name in function.variables if name not in values),
        definitions=tuple((name, held(value)) for name, value in function.definitions),
    )
    if isinstance(known, Residuals):
        known = replace(known, sides=tuple((held(a), held(b)) for a, b in known.sides))
    return known


def spread(function: Function, family: Mapping[str, Sequence[Node]]) -> Function:
    """Return a Function with an output for each value of a family's variable."""
    for name, values in family.items():
        members = [holding(function, {name: value}) for value in values]
        outputs = tuple(output for member in members for output in member.outputs)
        function = replace(
            members[0], text=function.text * len(values), outputs=outputs, definitions=()
        )
    return function


def free(function: Function, taken: Sequence[str]) -> tuple[str, ...]:
    """Return the variables of a Function that no slider moves and no value holds."""
    return tuple(name for name in function.variables if name not in taken)
