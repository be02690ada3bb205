"""The formula as typed: a hash-consed expression DAG, and the Function that holds it.

A node is made once: two equal subterms are the same object, so equality is identity and every
walk visits a shared subterm once. Walks are loops over :func:`postorder`, never recursion, so
a formula may be as deep as its text is long.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Any
from weakref import WeakValueDictionary

from diffcli.language.tensors import TENSORS, Static

if TYPE_CHECKING:
    from diffcli.language.repetition import Repetition

NUMBER, CONSTANT, VARIABLE = "number", "constant", "variable"
LEAVES = frozenset({NUMBER, CONSTANT, VARIABLE})


class Node:
    """One term of a formula. Made by :func:`node` and its shorthands, never directly.

    ``op`` is the name of a row of :data:`diffcli.language.functions.TABLE`, or one of the three
    leaves: ``number`` (``value`` an exact non-negative Fraction), ``constant`` (``value`` one of
    ``pi e tau i inf true false``) and ``variable`` (``value`` its name). A tensor operation's
    ``op`` is a row of :data:`diffcli.language.tensors.TENSORS`, and ``static`` its axis or index.
    """

    __slots__ = ("__weakref__", "args", "op", "static", "value")

    op: str
    args: tuple[Node, ...]
    value: Fraction | str | None
    static: Static

    def __init__(
        self, op: str, args: tuple[Node, ...], value: Fraction | str | None, static: Static
    ) -> None:
        self.op, self.args, self.value, self.static = op, args, value, static

    def __repr__(self) -> str:
        from diffcli.language.printer import text_of

        return f"<Node {text_of(self)}>"

    @property
    def is_leaf(self) -> bool:
        """Whether this is a number, a constant or a variable."""
        return self.op in LEAVES


_interned: WeakValueDictionary[tuple[object, ...], Node] = WeakValueDictionary()


def node(op: str, *args: Node, value: Fraction | str | None = None, static: Static = ()) -> Node:
    """Return the one node with this operation, these arguments, this value, this axis or index."""
    key = (op, args, value, static)
    found = _interned.get(key)
    if found is None:
        found = _interned[key] = Node(op, args, value, static)
    return found


def number(value: int | Fraction) -> Node:
    """Return the exact number; a negative one is the negation of a positive one, as typed."""
    exact = value if isinstance(value, Fraction) else Fraction(value)
    if exact.numerator < 0:
        return node("neg", node(NUMBER, value=-exact))
    return node(NUMBER, value=exact)


def constant(name: str) -> Node:
    """Return a named constant."""
    return node(CONSTANT, value=name)


def variable(name: str) -> Node:
    """Return a variable."""
    return node(VARIABLE, value=name)


def postorder(roots: Iterable[Node]) -> tuple[Node, ...]:
    """Return every node that the roots reach, once, arguments before their users."""
    order: list[Node] = []
    done: set[Node] = set()
    for root in roots:
        stack: list[tuple[Node, bool]] = [(root, False)]
        while stack:
            current, ready = stack.pop()
            if ready:
                order.append(current)
            elif current not in done:
                done.add(current)
                stack.append((current, True))
                # A sum may have one term a hundred thousand times.
                args = reversed(dict.fromkeys(current.args))
                stack.extend((arg, False) for arg in args if arg not in done)
    return tuple(order)


@dataclass(frozen=True)
class Function:
    """A formula that has been read: one or several outputs in ordered variables.

    ``text`` is what was typed; ``readings`` are the choices that another convention would have
    made differently; ``definitions`` are the named subterms (``y = x + 2; …``), in typed order.
    ``asked`` are the variables of the derivative that was typed as a whole (``d/dx x^2``), where
    the reader was to return the formula that it differentiates. ``called`` is the name of the
    function as it was typed: ``F`` for ``F = m*a`` and for ``F(a) = m*a``.
    """

    text: tuple[str, ...]
    outputs: tuple[Node, ...]
    variables: tuple[str, ...]
    definitions: tuple[tuple[str, Node], ...] = ()
    readings: tuple[str, ...] = field(default=(), compare=False)
    asked: tuple[str, ...] = field(default=(), compare=False)
    called: str = field(default="f", compare=False)
    repetition: Repetition | None = field(default=None, init=False, compare=False, repr=False)
    """The outputs as rows of a few shapes, where the text was read so."""

    @classmethod
    def repeated(
        cls, text: tuple[str, ...], repetition: Repetition, variables: tuple[str, ...]
    ) -> Function:
        """Return a Function of rows that repeat: ``outputs`` is made when it is first asked for."""
        made = cls(text, (), variables, readings=repetition.readings)
        vars(made)["repetition"] = repetition
        del vars(made)["outputs"]
        return made

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            if name != "outputs" or self.repetition is None:
                raise AttributeError(name)
            return vars(self).setdefault(name, self.repetition.outputs())

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
        """The formula as it was read, in typed order; reading it again gives the same DAG."""
        from diffcli.language.printer import function_text

        return function_text(self)

    @property
    def is_scalar(self) -> bool:
        """Whether there is exactly one output."""
        return len(self.outputs) == 1

    def __reduce__(self) -> tuple[object, ...]:
        # A node is one object, and a DAG may be deeper than the pickler goes.
        order = postorder([*self.outputs, *(node for _, node in self.definitions)])
        places = {node: place for place, node in enumerate(order)}
        records = [
            (each.op, [places[a] for a in each.args], each.value, each.static) for each in order
        ]
        outputs = [places[output] for output in self.outputs]
        defined = [(name, places[node]) for name, node in self.definitions]
        return _restored, (records, self.text, outputs, self.variables, defined, self.readings)


def _restored(
    records: Iterable[tuple[str, Iterable[int], Fraction | str | None, Static]],
    text: tuple[str, ...],
    outputs: Iterable[int],
    variables: tuple[str, ...],
    definitions: Iterable[tuple[str, int]],
    readings: tuple[str, ...],
) -> Function:
    """Make a pickled Function again, of this process's nodes."""
    nodes: list[Node] = []
    for op, args, value, static in records:
        nodes.append(node(op, *(nodes[place] for place in args), value=value, static=static))
    return Function(
        text,
        tuple(nodes[place] for place in outputs),
        variables,
        tuple((name, nodes[place]) for name, place in definitions),
        readings,
    )
