"""How tensors are written: ``x[1:]``, ``x.T``, ``x.mean()``, ``sum(A, axis=0)``, ``max(x)``.

Free functions over the parser of :mod:`diffcli.language.parser`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

from diffcli.language.expression import Node, node
from diffcli.language.functions import BY_NAME, TABLE
from diffcli.language.pratt import Pratt
from diffcli.language.tensors import BY_TENSOR_NAME, TENSORS, Slice, TensorRow
from diffcli.language.tokens import NAME, Token

AXIS = frozenset({"axis", "dim"})
"""What the axis of a tensor operation is called."""
_EXTREMES = {
    spelling: TENSORS[f"a{name}"]
    for name in ("max", "min")
    for spelling in (name, *TABLE[name].aliases)
}
"""Functions of several numbers, which of one tensor are the greatest or least of its entries."""


def index(parser: Pratt, left: Node) -> Node:
    """Read ``1:, 0]`` after the opening bracket, and return that part of a tensor."""
    opener = parser.peek(-1)
    parts = parser.inside(opener, lambda: _parts(parser, opener))
    parser.expect("]", after=opener)
    return node("index", parser.build.real(left), static=tuple(parts))


def _parts(parser: Pratt, opener: Token) -> list[int | Slice]:
    parts: list[int | Slice] = []
    while not parts or parser.accept(","):
        bounds = [_whole(parser)]
        while len(bounds) < 3 and parser.accept(":"):
            bounds.append(_whole(parser))
        start, stop, step = [*bounds, None, None][:3]
        if len(bounds) > 1:
            parts.append(Slice(start, stop, step))
        elif start is None:
            raise parser.fail("an index is missing", token=opener, hint="x[0], x[1:], A[i,j]")
        else:
            parts.append(start)
    return parts


def _whole(parser: Pratt) -> int | None:
    """Read a whole number, if one stands here."""
    if parser.at(":", ",", "]"):
        return None
    token = parser.token
    exact = parser.build.exact(parser.expression())
    if exact is None or exact.denominator != 1:
        raise parser.fail(
            "an index is a whole number", token=token,
            hint="x[0], x[1:], A[i,j]; to multiply, write '*' and round brackets",
        )  # fmt: skip
    return int(exact)


def attribute(parser: Pratt, left: Node) -> Node:
    """Read ``T`` or ``mean()`` after the point, and apply it to what stands before it.

    The points of ``x.^2`` and ``x.*y`` say nothing: all arithmetic goes entry by entry.
    """
    if parser.at("*", "/", "**"):
        return left
    name = parser.advance()
    if name.text == "T":
        return parser.tensor("transpose", parser.build.real(left))
    known = name.kind == NAME and (name.text in BY_TENSOR_NAME or name.text in BY_NAME)
    if not known or not parser.at("("):
        raise parser.fail(
            f"a tensor has no {name.text!r}", token=name, hint="x.T, x.sum(), x.mean(axis=0)"
        )
    return _applied(parser, name, [left])


def tensor(parser: Pratt, name: Token) -> Node:
    """Read the operands and the axis of a tensor operation."""
    if not parser.at("("):
        raise parser.fail(f"{name.text} has no argument", token=name, hint=f"{name.text}(x)")
    return _applied(parser, name, [])


def _applied(parser: Pratt, name: Token, first: Sequence[Node]) -> Node:
    opener = parser.advance()
    operands, axis = parser.inside(opener, lambda: _operands(parser, list(first)))
    parser.expect(")", after=opener)
    row = BY_TENSOR_NAME.get(name.text)
    if name.text in _EXTREMES and (len(operands) == 1 or axis is not None):
        row = _EXTREMES[name.text]
    if row is not None:
        return _operation(parser, name, row, operands, axis)
    if axis is not None:
        raise parser.fail(f"{name.text} has no axis", token=name, hint="it goes entry by entry")
    return parser.build.call(BY_NAME[name.text], operands, name)


def _operation(
    parser: Pratt, name: Token, row: TensorRow, operands: Sequence[Node], axis: int | None
) -> Node:
    if len(operands) != row.operands:
        raise parser.build.arity(name.text, row.operands, row.operands, len(operands), name)
    if axis is not None and not row.axis:
        raise parser.fail(f"{name.text} has no axis", token=name, hint="leave it out")
    static = ((row.default if axis is None else axis),) if row.axis else ()
    return parser.tensor(row.name, *map(parser.build.real, operands), static=static)


def _operands(parser: Pratt, found: list[Node]) -> tuple[list[Node], int | None]:
    """Read ``a, b, axis=0``."""
    axis = None
    while not parser.at(")"):
        if names_axis(parser):
            axis = read_axis(parser)
        else:
            found.append(parser.expression())
        if not parser.accept(","):
            break
    return found, axis


def names_axis(parser: Pratt) -> bool:
    """Whether ``axis=0`` stands here."""
    return parser.token.text in AXIS and parser.peek().text == "="


def read_axis(parser: Pratt) -> int | None:
    """Read ``axis=0``."""
    parser.advance()
    parser.advance()
    return _whole(parser)


POSTFIX: Mapping[str, Callable[[Pratt, Node], Node]] = MappingProxyType(
    {"[": index, ".": attribute}
)
"""What may follow a tensor, by its sign."""

FORMS: Mapping[str, Callable[[Pratt, Token], Node]] = MappingProxyType({"tensor": tensor})
"""The reader of tensor operations, by its form."""
