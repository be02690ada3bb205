"""The formula as typed: a hash-consed expression DAG.

A node is made once: two equal subterms are the same object, so equality is identity and every
walk visits a shared subterm once. Walks are loops over :func:`postorder`, never recursion, so
a formula may be as deep as its text is long.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from itertools import count
from typing import Self, cast
from weakref import WeakValueDictionary

from diffcli.language.tensors import Static

NUMBER, CONSTANT, VARIABLE = "number", "constant", "variable"
LEAVES = frozenset({NUMBER, CONSTANT, VARIABLE})


class Node:
    """One term of a formula. Made by :func:`node` and its shorthands, never directly.

    ``op`` is the name of a row of :data:`diffcli.language.functions.TABLE`, or one of the three
    leaves: ``number`` (``value`` an exact non-negative Fraction), ``constant`` (``value`` one of
    ``pi e tau i inf true false``) and ``variable`` (``value`` its name). A tensor operation's
    ``op`` is a row of :data:`diffcli.language.tensors.TENSORS`, and ``static`` its axis or index.
    An integral's ``op`` is an :class:`IntegralOp`, and its first two arguments are the bounds.
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

    @property
    def is_leaf(self) -> bool:
        """Whether this is a number, a constant or a variable."""
        return self.op in LEAVES

    def __repr__(self) -> str:
        """Name a leaf or an operation; :mod:`diffcli.language.printer` writes whole terms."""
        return f"<Node {self.value if self.is_leaf else self.op}>"


_interned: WeakValueDictionary[tuple[object, ...], Node] = WeakValueDictionary()


def node(op: str, *args: Node, value: Fraction | str | None = None, static: Static = ()) -> Node:
    """Return the one node with this operation, these arguments, this value, this axis or index."""
    key = (op, args, value, static)
    known = _interned.get(key)
    if known is None:
        known = _interned[key] = Node(op, args, value, static)
    return known


def number(value: float | Fraction) -> Node:
    """Return the exact number, of a float the one that it is; -2 is the negation of 2, as typed."""
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


def minus(x: Node, y: Node) -> Node:
    """Return the difference x − y, a sum with a negation."""
    return node("add", x, node("neg", y))


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


Record = tuple[str, tuple[int, ...], Fraction | str | None, Static]
"""A node as it is pickled: its operation, the positions of its arguments, its value and static."""


def records_of(roots: Iterable[Node]) -> tuple[list[Record], list[int]]:
    """Return the records of all nodes, and the positions of the roots among them.

    A node is one object, and a DAG may be deeper than the pickler goes.
    """
    roots = tuple(roots)
    order = postorder(roots)
    positions = {node: position for position, node in enumerate(order)}
    records = [
        (node.op, tuple(positions[arg] for arg in node.args), node.value, node.static)
        for node in order
    ]
    return records, [positions[root] for root in roots]


def restored(records: Iterable[Record], roots: Iterable[int]) -> list[Node]:
    """Return the roots of pickled records as nodes of this process."""
    nodes: list[Node] = []
    for op, args, value, static in records:
        nodes.append(node(op, *(nodes[arg] for arg in args), value=value, static=static))
    return [nodes[root] for root in roots]


@dataclass(frozen=True)
class Integrand:
    """A formula in the variable of integration and the parameters."""

    body: Node
    variable: str
    parameters: tuple[str, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The variable of integration, then the parameters."""
        return (self.variable, *self.parameters)


INTEGRAL_SIGN = "∫"
"""The character that the name of an integral's operation begins with."""


class IntegralOp(str):
    """The operation of an integral, named by its integrand: ``∫ t,s: exp(-s*t**2)``.

    Two integrands of one name are one formula, so an engine tells integrals apart as it does
    functions, by the name alone.
    """

    __slots__ = ("integrand",)
    integrand: Integrand

    def __new__(cls, text: str, integrand: Integrand) -> Self:
        """Return the operation of an integrand, whose body is printed as ``text``."""
        op = super().__new__(cls, f"{INTEGRAL_SIGN} {','.join(integrand.names)}: {text}")
        op.integrand = integrand
        return op

    def __reduce__(self) -> tuple[object, ...]:
        names, text = self.integrand.names, self.partition(": ")[2]
        return _restored_op, (text, *records_of([self.integrand.body]), names)


def _restored_op(
    text: str, records: Iterable[Record], roots: Iterable[int], names: tuple[str, ...]
) -> IntegralOp:
    (body,) = restored(records, roots)
    return IntegralOp(text, Integrand(body, names[0], names[1:]))


def is_integral(op: str) -> bool:
    """Whether an operation is an integral."""
    return op.startswith(INTEGRAL_SIGN)


def is_unknown(op: str) -> bool:
    """Whether an operation is a function that is only named (:mod:`diffcli.language.unknown`)."""
    return op.startswith("?")


def integrand_of(integral: Node) -> Integrand:
    """Return what an integral's node integrates."""
    return cast(IntegralOp, integral.op).integrand


def opened(integral: Node) -> tuple[Node, str]:
    """Return the integrand as a formula of the integral's arguments, and its variable."""
    integrand = integrand_of(integral)
    others = integral.args[2:]
    arguments = {
        variable(name): arg for name, arg in zip(integrand.parameters, others, strict=True)
    }
    name = unused(integrand.variable, names_in(others))
    replaced = {**arguments, variable(integrand.variable): variable(name)}
    return substituted(integrand.body, replaced), name


def names_in(roots: Iterable[Node]) -> set[str]:
    """Return the names of the variables in some formulas."""
    return {str(term.value) for term in postorder(roots) if term.op == VARIABLE}


def unused(name: str, taken: Collection[str]) -> str:
    """Return a name, or one like it that isn't taken."""
    return next(new for n in count() if (new := f"{name}_{n}" if n else name) not in taken)


def substituted(root: Node, replaced: Mapping[Node, Node]) -> Node:
    """Return a formula with some of its nodes replaced."""
    results = dict(replaced)
    for term in postorder([root]):
        if term not in results:
            inner = (results[arg] for arg in term.args)
            results[term] = term if term.is_leaf else node(term.op, *inner, static=term.static)
    return results[root]
