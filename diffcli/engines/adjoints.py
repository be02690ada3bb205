"""The gradient of a formula of tensors as a formula of tensors, by reverse-mode rules over its DAG.

The rules are those of Petersen and Pedersen, The Matrix Cookbook (2012), chapter 2. Where an
operation has none here the gradient has no closed form, and is written out by components.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import prod
from types import MappingProxyType
from typing import Any

from diffcli.engines.shapes import Shape, shape_of
from diffcli.errors import LimitError
from diffcli.language.algebra import ONE, Algebra
from diffcli.language.builder import Builder
from diffcli.language.derivative import slope
from diffcli.language.expression import VARIABLE, Function, Node, node, number, variable
from diffcli.language.tensors import LAST, TENSORS


def gradients(function: Function, shapes: Mapping[Node, Shape]) -> dict[str, Node] | None:
    """Return the gradient of one formula of a number in each variable, or None without closed form.

    ``shapes`` are those of the function's nodes. A gradient broadcasts to its variable's shape.
    """
    try:
        return _Reverse(function, shapes).gradients()
    except _NoClosedFormError:
        return None


class _NoClosedFormError(LimitError):
    """An operation has no rule, or its cotangent doesn't fit one."""


def _fail(message: str, **_: Any) -> _NoClosedFormError:
    return _NoClosedFormError(message)


class _Reverse:
    """One backward pass."""

    def __init__(self, function: Function, shapes: Mapping[Node, Shape]) -> None:
        self.function, self.shapes = function, dict(shapes)
        self.algebra = Algebra(Builder(_fail, lambda _: None, {}))
        self.cotangents: dict[Node, list[Node]] = {function.outputs[0]: [ONE]}

    def gradients(self) -> dict[str, Node]:
        function = self.function
        varying: set[Node] = set()
        for each in function.nodes:
            if each.op == VARIABLE or (each.op != "detach" and varying.intersection(each.args)):
                varying.add(each)
        for each in reversed(function.nodes):
            if each in varying and each in self.cotangents and not each.is_leaf:
                total = self.total(each)
                for arg in dict.fromkeys(each.args):
                    if arg in varying:
                        found = self.pulled(each, arg, total)
                        self.cotangents.setdefault(arg, []).append(found)
        return {
            name: self.total(variable(name))
            for name in function.variables
            if variable(name) in self.cotangents
        }

    def total(self, each: Node) -> Node:
        """Return the sum of what reaches a node, products with one right side taken together."""
        whole = self.algebra.add(*reversed(self.cotangents[each]))
        by_right: dict[Node, list[Node]] = {}
        rest: list[Node] = []
        for term in whole.args if whole.op == "add" else (whole,):
            if term.op == "matmul":
                by_right.setdefault(term.args[1], []).append(term.args[0])
            else:
                rest.append(term)
        joined = [self.matmul(self.algebra.add(*left), right) for right, left in by_right.items()]
        return self.algebra.add(*joined, *rest)

    def pulled(self, each: Node, arg: Node, cotangent: Node) -> Node:
        """Return what reaches an argument of a node from the node's own cotangent."""
        rule = _RULES.get(each.op)
        if rule is not None:
            return rule(self, each, arg, cotangent)
        if each.op in TENSORS:
            raise _NoClosedFormError(f"{each.op} has no rule")
        local = self.algebra.mul(cotangent, slope(self.algebra, each, arg))
        return self.reduced(local, self.shape(each), self.shape(arg))

    def reduced(self, cotangent: Node, whole: Shape, wanted: Shape) -> Node:
        """Sum a cotangent over what an argument was broadcast along."""
        if wanted == whole:
            return cotangent
        here = self.shape(cotangent)
        if wanted == ():
            if here == whole:
                return node("sum", cotangent, static=(None,))
            if here == ():
                return self.algebra.mul(number(prod(whole)), cotangent)
        if len(whole) == 2 and wanted == whole[1:] and here == whole:
            return node("sum", cotangent, static=(0,))
        raise _NoClosedFormError("a broadcast has no short form")

    def shape(self, each: Node) -> Shape:
        return shape_of(each, self.shapes)

    def full(self, cotangent: Node, each: Node) -> Node:
        """Return a cotangent that must have its node's own shape."""
        if self.shape(cotangent) != self.shape(each):
            raise _NoClosedFormError("a cotangent is a number, and a tensor is wanted")
        return cotangent

    def matmul(self, left: Node, right: Node) -> Node:
        """Return a product, a vector times a matrix as the transpose times the vector."""
        if len(self.shape(left)) == 1 and len(self.shape(right)) == 2:
            left, right = self.transposed(right), left
        if left.op == "neg":
            return self.algebra.neg(self.matmul(left.args[0], right))
        return node("matmul", left, right)

    def transposed(self, each: Node) -> Node:
        if each.op == "transpose" and len(self.shape(each)) == 2:
            return each.args[0]
        return node("transpose", each) if len(self.shape(each)) == 2 else each


def _flat(each: Node) -> Node:
    """Return a vector without its transpositions, which do nothing."""
    while each.op == "transpose":
        (each,) = each.args
    return each


def _sum(at: _Reverse, each: Node, arg: Node, cotangent: Node) -> Node:
    axis = each.static[0]
    if axis is not None and axis not in (0, -len(at.shape(arg))) and at.shape(cotangent):
        raise _NoClosedFormError("a sum along rows")
    return cotangent


def _mean(at: _Reverse, each: Node, arg: Node, cotangent: Node) -> Node:
    count = prod(at.shape(arg)) // max(prod(at.shape(each)), 1)
    return at.algebra.div(_sum(at, each, arg, cotangent), number(count))


def _of_all(rule: Callable[[_Reverse, Node, Node], Node]) -> Callable[..., Node]:
    """Return the rule of a reduction of all entries, whose gradient is given."""

    def pull(at: _Reverse, each: Node, arg: Node, cotangent: Node) -> Node:
        if each.static != (None,):
            raise _NoClosedFormError("an axis")
        return at.algebra.cancelled(at.algebra.mul(cotangent, rule(at, each, arg)), each)

    return pull


def _norm(at: _Reverse, each: Node, arg: Node) -> Node:
    return at.algebra.div(arg, each)


def _logsumexp(at: _Reverse, _: Node, arg: Node) -> Node:
    if len(at.shape(arg)) != 1:
        raise _NoClosedFormError("of a matrix")
    return node("softmax", arg, static=(LAST,))


def _deviation(at: _Reverse, arg: Node) -> Node:
    mean = node("mean", arg, static=(None,))
    return at.algebra.add(arg, at.algebra.neg(mean))


def _var(at: _Reverse, _: Node, arg: Node) -> Node:
    twice = at.algebra.mul(number(2), _deviation(at, arg))
    return at.algebra.div(twice, number(prod(at.shape(arg)) - 1))


def _std(at: _Reverse, each: Node, arg: Node) -> Node:
    below = at.algebra.mul(number(prod(at.shape(arg)) - 1), each)
    return at.algebra.div(_deviation(at, arg), below)


def _softmax(at: _Reverse, each: Node, arg: Node, cotangent: Node) -> Node:
    if len(at.shape(arg)) != 1:
        raise _NoClosedFormError("of a matrix")
    weighted = node("dot", at.full(cotangent, each), each)
    return at.algebra.mul(each, at.algebra.add(cotangent, at.algebra.neg(weighted)))


def _dot(at: _Reverse, each: Node, arg: Node, cotangent: Node) -> Node:
    left, right = each.args
    others = [other for one, other in ((left, right), (right, left)) if one is arg]
    return at.algebra.mul(cotangent, at.algebra.add(*others))


def _outer(at: _Reverse, each: Node, arg: Node, cotangent: Node) -> Node:
    left, right = each.args
    whole = at.full(cotangent, each)
    terms = [at.matmul(whole, right)] * (arg is left)
    terms += [at.matmul(at.transposed(whole), left)] * (arg is right)
    return at.algebra.add(*terms)


def _matmul(at: _Reverse, each: Node, arg: Node, cotangent: Node) -> Node:
    left, right = each.args
    terms = []
    if arg is left:
        terms.append(_left_of(at, each, cotangent))
    if arg is right:
        terms.append(_right_of(at, each, cotangent))
    return at.algebra.add(*terms)


def _left_of(at: _Reverse, each: Node, cotangent: Node) -> Node:
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


def _right_of(at: _Reverse, each: Node, cotangent: Node) -> Node:
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


def _product_with(at: _Reverse, left: Node) -> Node:
    """Return a vector, one that is a vector times a matrix as the transpose times the vector."""
    if left.op == "matmul" and len(at.shape(left.args[0])) == 1:
        return at.matmul(at.transposed(left.args[1]), _flat(left.args[0]))
    return _flat(left)


def _transpose(at: _Reverse, _: Node, __: Node, cotangent: Node) -> Node:
    return at.transposed(cotangent)


def _det(at: _Reverse, each: Node, arg: Node, cotangent: Node) -> Node:
    whole = at.algebra.mul(cotangent, each, at.transposed(node("inv", arg)))
    return at.algebra.cancelled(whole, each)


def _inv(at: _Reverse, each: Node, _: Node, cotangent: Node) -> Node:
    turned = at.transposed(each)
    return at.algebra.neg(node("matmul", node("matmul", turned, at.full(cotangent, each)), turned))


def _solve(at: _Reverse, each: Node, arg: Node, cotangent: Node) -> Node:
    matrix, right = each.args
    if len(at.shape(right)) != 1 or matrix is right:
        raise _NoClosedFormError("of a matrix")
    back = node("solve", at.transposed(matrix), at.full(cotangent, each))
    return back if arg is right else at.algebra.neg(node("outer", back, each))


_RULES: Mapping[str, Callable[[_Reverse, Node, Node, Node], Node]] = MappingProxyType(
    {
        "sum": _sum,
        "mean": _mean,
        "norm": _of_all(_norm),
        "logsumexp": _of_all(_logsumexp),
        "var": _of_all(_var),
        "std": _of_all(_std),
        "softmax": _softmax,
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
