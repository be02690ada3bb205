"""How tensors are written: ``x[1:]``, ``x.T``, ``x.mean()``, ``sum(A, axis=0)``, ``max(x)``.

Free functions over the parser of :mod:`diffcli.language.parser`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial, reduce
from types import MappingProxyType

from diffcli.language.application import exactly
from diffcli.language.expression import Node, constant, node, number
from diffcli.language.functions import BY_NAME, TABLE
from diffcli.language.limits import MAX_AXES, MAX_MATRIX_POWER
from diffcli.language.pratt import Pratt
from diffcli.language.tensors import BY_TENSOR_NAME, TENSORS, Slice, TensorRow
from diffcli.language.tokens import NAME, Token
from diffcli.language.vocabulary import INFINITE

AXIS = frozenset({"axis", "dim"})
"""Names of the axis of a tensor operation."""
_EXTREMES = {
    spelling: TENSORS[f"a{name}"]
    for name in ("max", "min")
    for spelling in (name, *TABLE[name].aliases)
}
"""Functions of several numbers, which of one tensor are the greatest or least of its entries."""

_FILLED = {"eye": number(1), "ones": number(1), "zeros": number(0)}
"""The number that stands in a tensor which is made by its lengths."""
_SIZED_HINT = "eye(3), ones(3), ones(2, 3), full(x, 3)"
_NORMS = (
    "norm(x) is the root of the sum of squares, sum(abs(x)) and max(abs(x)) go over all entries; "
    "the largest sums of columns and rows are max(sum(abs(A), axis=0)), max(sum(abs(A), axis=1))"
)


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
    if row is not None and row.sized:
        return _sized(parser, name, row, operands)
    if name.text == "norm" and len(operands) == 2:
        return _norm(parser, name, operands, axis)
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


def _sized(parser: Pratt, name: Token, row: TensorRow, operands: Sequence[Node]) -> Node:
    """Return the tensor of ``eye(n)``, ``ones(m, n)``, ``full(x, n)``: lengths stand last."""
    value = _FILLED.get(name.text)
    operands = operands if value is None else [value, *operands]
    lengths = [parser.build.exact(operand) for operand in operands[1:]]
    most = 1 if row.name == "eye" else MAX_AXES
    if not 1 <= len(lengths) <= most:
        raise parser.fail(f"{name.text} takes its lengths", token=name, hint=_SIZED_HINT)
    if not all(length is not None and length.denominator == 1 and length > 0 for length in lengths):
        raise parser.fail(
            f"a length in {name.text} is no positive whole number", token=name, hint=_SIZED_HINT
        )
    static = tuple(map(int, filter(None, lengths)))
    return parser.tensor(row.name, parser.build.real(operands[0]), static=static)


def _norm(parser: Pratt, name: Token, operands: Sequence[Node], axis: int | None) -> Node:
    """Return ``norm(x, 1)``, ``norm(x, 2)`` or ``norm(x, inf)``, the norm of a vector or of lines.

    Of a matrix it has two readings: LaTeX, which knows the ranks, refuses it, and else it is said
    which is taken.
    """
    value, order = operands
    is_greatest, exact = order is constant("inf"), parser.build.exact(order)
    if not is_greatest and exact not in (1, 2):
        raise parser.fail("this norm isn't read", token=name, hint=_NORMS)
    if axis is None and parser.linear is not None and parser.linear.rank(value) == 2:
        raise parser.fail("this norm of a matrix has two readings", token=name, hint=_NORMS)
    value, static = parser.build.real(value), (axis,)
    if exact == 2:
        parser.names.echo("norm(x, 2) is the root of the sum of squares, of a matrix too")
        return parser.tensor("norm", value, static=static)
    row = "amax" if is_greatest else "sum"
    parser.names.echo(
        "norm(x, inf) is max(abs(x)), over all entries of a matrix too"
        if is_greatest
        else "norm(x, 1) is sum(abs(x)), over all entries of a matrix too"
    )
    return parser.tensor(row, parser.build("abs", value), static=static)


def matrix_power(parser: Pratt, name: Token) -> Node:
    """Read ``matrix_power(A, 3)``, which is ``A @ A @ A``; a negative power is the inverse's."""
    base, exponent = exactly(parser, name, 2)
    exact = parser.build.exact(exponent)
    if exact is None or exact.denominator != 1 or not 0 < abs(exact) <= MAX_MATRIX_POWER:
        raise parser.fail(
            "this power of a matrix isn't read", token=name,
            hint=f"matrix_power(A, 3): a whole number up to {MAX_MATRIX_POWER} in size",
        )  # fmt: skip
    base = parser.build.real(base)
    factor = parser.tensor("inv", base) if exact < 0 else base
    return reduce(partial(parser.tensor, "matmul"), [factor] * abs(int(exact)))


def _operands(parser: Pratt, operands: list[Node]) -> tuple[list[Node], int | None]:
    """Read ``a, b, axis=0``."""
    axis = None
    while not parser.at(")"):
        if names_axis(parser):
            axis = read_axis(parser)
        elif parser.token.text in INFINITE and operands:
            parser.advance()
            operands.append(constant("inf"))
        else:
            operands.append(parser.expression())
        if not parser.accept(","):
            break
    return operands, axis


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
"""Readers of what follows a tensor, by its sign."""

FORMS: Mapping[str, Callable[[Pratt, Token], Node]] = MappingProxyType(
    {"tensor": tensor, "matrix_power": matrix_power}
)
"""The readers of tensor operations, by their forms."""
