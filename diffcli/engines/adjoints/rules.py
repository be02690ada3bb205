"""What reaches an argument of an operation of tensors from the operation's own cotangent.

Petersen and Pedersen, The Matrix Cookbook (2012), chapter 2.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import prod
from types import MappingProxyType
from typing import TYPE_CHECKING

from diffcli.errors import LimitError
from diffcli.language.algebra import ONE, ZERO
from diffcli.language.expression import Node, constant, node, number
from diffcli.language.tensors import LAST

if TYPE_CHECKING:
    from diffcli.engines.adjoints.reverse import Reverse

UNIT = node("unit matrix")
"""The cotangent of a trace, which disappears in products; no formula of the language has it."""


class NoClosedFormError(LimitError):
    """An operation has no rule, or its cotangent doesn't fit one."""


def _flat(each: Node) -> Node:
    """Return a vector without its transpositions, which do nothing."""
    while each.op == "transpose":
        (each,) = each.args
    return each


def _sum(at: Reverse, each: Node, arg: Node, cotangent: Node) -> Node:
    axis = each.static[0]
    if axis is not None and axis not in (0, -len(at.shape(arg))) and at.shape(cotangent):
        raise NoClosedFormError("a sum along rows")
    return cotangent


def _mean(at: Reverse, each: Node, arg: Node, cotangent: Node) -> Node:
    count = prod(at.shape(arg)) // max(prod(at.shape(each)), 1)
    return at.algebra.div(_sum(at, each, arg, cotangent), number(count))


def _of_all(rule: Callable[[Reverse, Node, Node], Node]) -> Callable[..., Node]:
    """Return the rule of a reduction of all entries, whose gradient is given."""

    def pull(at: Reverse, each: Node, arg: Node, cotangent: Node) -> Node:
        if each.static != (None,):
            raise NoClosedFormError("an axis")
        return at.algebra.cancelled(at.algebra.mul(cotangent, rule(at, each, arg)), each)

    return pull


def _norm(at: Reverse, each: Node, arg: Node) -> Node:
    return at.algebra.div(arg, each)


def _logsumexp(at: Reverse, _: Node, arg: Node) -> Node:
    if len(at.shape(arg)) != 1:
        raise NoClosedFormError("of a matrix")
    return node("softmax", arg, static=(LAST,))


def _deviation(at: Reverse, arg: Node) -> Node:
    mean = node("mean", arg, static=(None,))
    return at.algebra.add(arg, at.algebra.neg(mean))


def _var(at: Reverse, _: Node, arg: Node) -> Node:
    twice = at.algebra.mul(number(2), _deviation(at, arg))
    return at.algebra.div(twice, number(prod(at.shape(arg)) - 1))


def _std(at: Reverse, each: Node, arg: Node) -> Node:
    below = at.algebra.mul(number(prod(at.shape(arg)) - 1), each)
    return at.algebra.div(_deviation(at, arg), below)


def _softmax(at: Reverse, each: Node, arg: Node, cotangent: Node) -> Node:
    if len(at.shape(arg)) != 1:
        raise NoClosedFormError("of a matrix")
    weighted = node("dot", at.full(cotangent, each), each)
    return at.algebra.mul(each, at.algebra.add(cotangent, at.algebra.neg(weighted)))


def _log_softmax(at: Reverse, each: Node, arg: Node, cotangent: Node) -> Node:
    if len(at.shape(arg)) != 1:
        raise NoClosedFormError("of a matrix")
    total = node("sum", at.full(cotangent, each), static=(None,))
    weights = at.algebra.mul(total, node("softmax", arg, static=(LAST,)))
    return at.algebra.add(cotangent, at.algebra.neg(weights))


def _prod(at: Reverse, each: Node, arg: Node) -> Node:
    return at.algebra.div(each, arg)


def _extreme(_: Reverse, each: Node, arg: Node) -> Node:
    return node("piecewise", ONE, node("eq", arg, each), ZERO, constant("true"))


def _cumsum(at: Reverse, each: Node, arg: Node, cotangent: Node) -> Node:
    """Return the sums from each entry to the last."""
    if len(at.shape(arg)) != 1:
        raise NoClosedFormError("of a matrix")
    whole = at.full(cotangent, each)
    before = at.algebra.neg(node("cumsum", whole, static=(LAST,)))
    return at.algebra.add(node("sum", whole, static=(None,)), before, whole)


def _piecewise(at: Reverse, each: Node, arg: Node, cotangent: Node) -> Node:
    """Return the cotangent where the argument is taken, and zero elsewhere."""
    if arg not in each.args[::2]:
        return ZERO
    parts = [
        part if place % 2 else cotangent if part is arg else ZERO
        for place, part in enumerate(each.args)
    ]
    return at.reduced(node("piecewise", *parts), at.shape(each), at.shape(arg))


def _trace(at: Reverse, _: Node, arg: Node, cotangent: Node) -> Node:
    at.shapes[UNIT] = at.shape(arg)
    return at.algebra.mul(cotangent, UNIT)


def _dot(at: Reverse, each: Node, arg: Node, cotangent: Node) -> Node:
    left, right = each.args
    others = [other for one, other in ((left, right), (right, left)) if one is arg]
    return at.algebra.mul(cotangent, at.algebra.add(*others))


def _outer(at: Reverse, each: Node, arg: Node, cotangent: Node) -> Node:
    left, right = each.args
    whole = at.full(cotangent, each)
    terms = [at.matmul(whole, right)] * (arg is left)
    terms += [at.matmul(at.transposed(whole), left)] * (arg is right)
    return at.algebra.add(*terms)


def _matmul(at: Reverse, each: Node, arg: Node, cotangent: Node) -> Node:
    left, right = each.args
    terms = []
    if arg is left:
        terms.append(_left_of(at, each, cotangent))
    if arg is right:
        terms.append(_right_of(at, each, cotangent))
    return at.algebra.add(*terms)


def _left_of(at: Reverse, each: Node, cotangent: Node) -> Node:
    left, right = each.args
    orders = len(at.shape(left)), len(at.shape(right))
    if orders == (1, 1):
        return at.algebra.mul(cotangent, _flat(right))
    if orders == (2, 1) and not at.shape(cotangent):
        return at.algebra.mul(cotangent, right)
    cotangent = at.full(cotangent, each)
    if orders == (2, 1):
        return node("outer", cotangent, _flat(right))
    if orders == (1, 2):
        return at.matmul(right, cotangent)
    return at.matmul(cotangent, at.transposed(right))


def _right_of(at: Reverse, each: Node, cotangent: Node) -> Node:
    left, right = each.args
    orders = len(at.shape(left)), len(at.shape(right))
    if orders == (1, 1):
        return at.algebra.mul(cotangent, _product_with(at, left))
    if orders == (2, 1) and not at.shape(cotangent):
        return at.algebra.mul(cotangent, node("sum", left, static=(0,)))
    cotangent = at.full(cotangent, each)
    if orders == (1, 2):
        return node("outer", _flat(left), cotangent)
    return at.matmul(at.transposed(left), cotangent)


def _product_with(at: Reverse, left: Node) -> Node:
    """Return a vector, one that is a vector times a matrix as the transpose times the vector."""
    if left.op == "matmul" and len(at.shape(left.args[0])) == 1:
        return at.matmul(at.transposed(left.args[1]), _flat(left.args[0]))
    return _flat(left)


def _transpose(at: Reverse, _: Node, __: Node, cotangent: Node) -> Node:
    return at.transposed(cotangent)


def _det(at: Reverse, each: Node, arg: Node, cotangent: Node) -> Node:
    whole = at.algebra.mul(cotangent, each, at.transposed(node("inv", arg)))
    return at.algebra.cancelled(whole, each)


def _inv(at: Reverse, each: Node, _: Node, cotangent: Node) -> Node:
    turned = at.transposed(each)
    return at.algebra.neg(at.matmul(at.matmul(turned, at.full(cotangent, each)), turned))


def _solve(at: Reverse, each: Node, arg: Node, cotangent: Node) -> Node:
    matrix, right = each.args
    if len(at.shape(right)) != 1 or matrix is right:
        raise NoClosedFormError("of a matrix")
    back = node("solve", at.transposed(matrix), at.full(cotangent, each))
    return back if arg is right else at.algebra.neg(node("outer", back, each))


ADJOINTS: Mapping[str, Callable[[Reverse, Node, Node, Node], Node]] = MappingProxyType(
    {
        "sum": _sum,
        "mean": _mean,
        "norm": _of_all(_norm),
        "logsumexp": _of_all(_logsumexp),
        "var": _of_all(_var),
        "std": _of_all(_std),
        "prod": _of_all(_prod),
        "amax": _of_all(_extreme),
        "amin": _of_all(_extreme),
        "softmax": _softmax,
        "log_softmax": _log_softmax,
        "cumsum": _cumsum,
        "piecewise": _piecewise,
        "trace": _trace,
        "dot": _dot,
        "outer": _outer,
        "matmul": _matmul,
        "transpose": _transpose,
        "det": _det,
        "inv": _inv,
        "solve": _solve,
    }
)
"""What reaches an argument, by operation."""
