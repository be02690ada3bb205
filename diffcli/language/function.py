"""The Function: a formula that has been read, with what was typed and how it was understood."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from diffcli.language.declarations import NOTHING_SAID, Declarations
from diffcli.language.expression import Node, Record, postorder, records_of, restored
from diffcli.language.printer import text_of
from diffcli.language.repetition import RepeatedRows
from diffcli.language.tensors import TENSORS


@dataclass(frozen=True)
class Function:
    """A formula that has been read: one or several outputs in ordered variables.

    ``text`` is what was typed; ``readings`` are the choices that another convention would have
    made differently; ``definitions`` are the named subterms (``y = x + 2; …``), in typed order.
    ``asked`` are the variables of the derivative that was typed as a whole (``d/dx x^2``), where
    the reader was to return the formula that it differentiates. ``called`` is the name of the
    function as it was typed: ``F`` for ``F = m*a`` and for ``F(a) = m*a``. ``said`` is what was
    said of the variables beside the formula, their shapes.
    """

    text: tuple[str, ...]
    outputs: Sequence[Node]
    variables: tuple[str, ...]
    definitions: tuple[tuple[str, Node], ...] = ()
    readings: tuple[str, ...] = field(default=(), compare=False)
    asked: tuple[str, ...] = field(default=(), compare=False)
    called: str = field(default="f", compare=False)
    said: Declarations = field(default=NOTHING_SAID, compare=False)

    @property
    def repetition(self) -> RepeatedRows | None:
        """The outputs as rows of a few shapes, where the text was read so."""
        return self.outputs if isinstance(self.outputs, RepeatedRows) else None

    @cached_property
    def nodes(self) -> tuple[Node, ...]:
        """Every node of the outputs, arguments before their users."""
        return postorder(self.outputs)

    @cached_property
    def has_tensors(self) -> bool:
        """Whether some operation isn't element by element."""
        nodes = self.nodes if self.repetition is None else self.repetition.shapes
        return any(node.op in TENSORS for node in nodes)

    @cached_property
    def read_as(self) -> str:
        """The definitions and the formula as they were read: ``y = x + 1; y**2``.

        The order is the typed one, and reading it again gives the same DAG; only without
        definitions is it a term that can stand inside another formula.
        """
        return function_text(self)

    @property
    def is_scalar(self) -> bool:
        """Whether there is exactly one output."""
        return len(self.outputs) == 1

    def __reduce__(self) -> tuple[object, ...]:
        names = [name for name, _ in self.definitions]
        records = records_of([*self.outputs, *(value for _, value in self.definitions)])
        return _restored, (*records, names, self.text, self.variables, self.readings, self.said)


def _restored(
    records: Iterable[Record],
    roots: Sequence[int],
    names: Sequence[str],
    text: tuple[str, ...],
    variables: tuple[str, ...],
    readings: tuple[str, ...],
    said: Declarations,
) -> Function:
    """Return a pickled Function, of this process's nodes."""
    nodes = restored(records, roots)
    count = len(nodes) - len(names)
    definitions = tuple(zip(names, nodes[count:], strict=True))
    return Function(text, tuple(nodes[:count]), variables, definitions, readings, said=said)


def function_text(function: Function) -> str:
    """Return a Function as text: its definitions, then its outputs, as a list if several."""
    names: dict[Node, str] = {}
    parts: list[str] = []
    used = set(function.nodes)
    euler = "E" if "e" in function.variables else "e"
    lengths = function.said.any_length
    for name, value in function.definitions:
        if value in used and not value.is_leaf and value not in names:
            parts.append(f"{name} = {text_of(value, names, euler, lengths)}")
            names[value] = name
    outputs = [text_of(output, names, euler, lengths) for output in function.outputs]
    parts.append(outputs[0] if len(outputs) == 1 else f"[{', '.join(outputs)}]")
    return "; ".join(parts)


@dataclass(frozen=True)
class Given:
    """Facts of a point about names: their shapes, and the values that are whole numbers.

    LaTeX needs both: ``A^2`` is a matrix product where A is a matrix, ``∑_{i=1}^{n}`` has as many
    terms as n says.
    """

    shapes: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    wholes: Mapping[str, int] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.shapes)


NOTHING = Given()
