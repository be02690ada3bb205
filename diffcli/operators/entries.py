"""The numbers that a derivative consists of: linear combinations of mixed partials."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import takewhile
from math import prod
from typing import overload

from diffcli.language.function import Function
from diffcli.language.tensors import component_at, component_name, component_names

_SUPERSCRIPTS = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")

Weight = float | Fraction

Part = tuple[Weight, int, tuple[str, ...]]
"""A term of a linear combination: weight, output, and the variables to differentiate by."""

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Entry:
    """One number of a derivative: a linear combination of mixed partials.

    ``symbol`` is how it is written, with ``{f}`` for the name of the function; without one the
    entry is a single partial. With ``is_directional`` it is the derivative along the vector of its
    weights.
    """

    label: str
    parts: tuple[Part, ...]
    symbol: str | None = None
    is_directional: bool = False

    @classmethod
    def partial(cls, label: str, output: int, wrt: tuple[str, ...]) -> Entry:
        """Return a mixed partial of an output in these variables in turn, or its value."""
        return cls(label, ((1.0, output, wrt),))

    @property
    def is_partial(self) -> bool:
        """Whether it is a single partial, or a value."""
        return self.symbol is None

    @property
    def output(self) -> int:
        """The output of the first part."""
        return self.parts[0][1]

    @property
    def wrt(self) -> tuple[str, ...]:
        """The variables in which the first part is differentiated in turn."""
        return self.parts[0][2]

    def notation(self, function: Function) -> str:
        """Return how it is written: ``f′(x)``, ``∂f/∂u``, ``∂³f/∂x∂y²``, ``∇²f``."""
        if self.symbol is not None:
            return self.symbol.replace("{f}", function.called)
        name = function.called if function.is_scalar else output_name(function, self.output)
        order = len(self.wrt)
        if order == 0:
            return name
        if len(function.variables) == 1:
            marks = "′″‴"[order - 1] if order < 4 else f"⁽{str(order).translate(_SUPERSCRIPTS)}⁾"
            return f"{name}{marks}({self.wrt[0]})"
        powers = {variable: self.wrt.count(variable) for variable in self.wrt}
        below = "".join(f"∂{variable}{_raised(count)}" for variable, count in powers.items())
        return f"∂{_raised(order)}{name}/{below}"


@dataclass(frozen=True)
class PartialEntries(Sequence[Entry]):
    """A partial of the first output in each variable, made when it is asked for.

    A network has a million.
    """

    labels: Sequence[str]
    order: int

    def __len__(self) -> int:
        return len(self.labels)

    @overload
    def __getitem__(self, position: int) -> Entry: ...
    @overload
    def __getitem__(self, position: slice) -> Sequence[Entry]: ...
    def __getitem__(self, position: int | slice) -> Entry | Sequence[Entry]:
        if isinstance(position, slice):
            return PartialEntries(self.labels[position], self.order)
        label = self.labels[position]
        return Entry.partial(label, 0, (label,) * self.order)


class Notation(Mapping[str, str]):
    """How entries of a function are written, by their labels; of each when it is asked for."""

    def __init__(self, entries: Sequence[Entry], function: Function) -> None:
        self._entries, self._function = entries, function

    @cached_property
    def _places(self) -> Mapping[str, int]:
        return {label: position for position, label in enumerate(labels_of(self._entries))}

    def __getitem__(self, label: str) -> str:
        return self._entries[self._places[label]].notation(self._function)

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)


def labels_of(entries: Sequence[Entry]) -> Sequence[str]:
    """Return the labels of entries, in order."""
    if isinstance(entries, PartialEntries):
        return entries.labels
    return [entry.label for entry in entries]


def _raised(count: int) -> str:
    return "" if count == 1 else str(count).translate(_SUPERSCRIPTS)


def output_name(function: Function, output: int) -> str:
    """Return an output's name: ``f``, or ``f1`` where there are several."""
    return "f" if function.is_scalar else f"f{output + 1}"


@dataclass(frozen=True)
class ComponentEntry:
    """Which derivative one number of an operator is, by places among all components.

    ``output`` is differentiated by ``wrt``; without an output it is the outputs' sum weighted by
    the operator's vector. With ``along`` it is then differentiated along that vector.
    """

    label: str
    output: int | None
    wrt: tuple[int, ...] = ()
    along: bool = False


@dataclass(frozen=True)
class Scalars:
    """A function of tensors, seen as one of numbers.

    ``function`` has a variable and an output for every component, in row-major order; it
    is None where they are too many. ``variables`` and ``outputs`` are the tensors' shapes.
    """

    function: Function | None
    variables: Mapping[str, Shape]
    outputs: tuple[Shape, ...]

    @property
    def spaces(self) -> Mapping[str, Mapping[str, Shape]]:
        """The spaces of a vector: the variables or the outputs, with their shapes."""
        outputs = {f"f{position + 1}": shape for position, shape in enumerate(self.outputs)}
        return {"variables": self.variables, "outputs": outputs}

    @property
    def width(self) -> int:
        """How many components the variables have."""
        return sum(map(prod, self.variables.values()))

    @property
    def height(self) -> int:
        """How many components the outputs have."""
        return sum(map(prod, self.outputs))

    def column(self, position: int) -> str:
        """Return the name of a component by its place among all: ``x``, ``A[0,1]``."""
        return component_name(*component_at(self.variables, position))

    def place(self, variable: str, index: Shape) -> int:
        """Return the place of a component among all."""
        position = 0
        for length, own in zip(self.variables[variable], index, strict=True):
            position = position * length + own
        before = takewhile(lambda shaped: shaped[0] != variable, self.variables.items())
        return position + sum(prod(shape) for _, shape in before)

    @property
    def columns(self) -> list[str]:
        """The names of the variables' components: ``x``, ``x[0]``, ``A[0,1]``."""
        return [
            part for name, shape in self.variables.items() for part in component_names(name, shape)
        ]

    @property
    def rows(self) -> list[str]:
        """The names of the outputs' components: ``f1``, ``f2`` …."""
        return [f"f{position + 1}" for position in range(self.height)]


def weighted(
    label: str, symbol: str, parts: Iterable[Part], *, is_directional: bool = False
) -> Entry:
    """Return the combination, less the parts of weight 0."""
    return Entry(label, tuple(part for part in parts if part[0]), symbol, is_directional)
