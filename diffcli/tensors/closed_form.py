"""The gradient of a formula of tensors as a formula of tensors, by reverse-mode rules over its DAG.

The rules are those of Petersen and Pedersen, The Matrix Cookbook (2012), chapter 2. Where an
operation has none the gradient has no closed form, and is written out by components. Where nobody
gave the shapes, it has one if no shape changes it.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product
from math import prod
from typing import Any

from diffcli.errors import LimitError, UsageError
from diffcli.language.algebra import ONE, ZERO, Algebra
from diffcli.language.builder import Builder
from diffcli.language.derivative import slope
from diffcli.language.expression import VARIABLE, Node, node, number, postorder, variable
from diffcli.language.function import Function
from diffcli.language.tensors import TENSORS
from diffcli.tensors.rules import Shape, Shapes, rule_of
from diffcli.tensors.shapes import shape_of, shapes_of

UNIT = node("unit matrix")
"""The cotangent of a trace, which disappears in products; no formula of the language has it."""
LENGTHS = (16, 17)
"""Two lengths on which the formulas of a gradient must agree."""
MAX_VARIABLES = 6
_WORDS = {0: "a number", 1: "a vector", 2: "a square matrix"}


class NoClosedFormError(LimitError):
    """An operation has no rule, or its cotangent doesn't fit one."""


def gradients(function: Function, shapes: Shapes) -> dict[str, Node] | None:
    """Return the gradient of one formula of a number in each variable, or None without closed form.

    ``shapes`` are those of the function's nodes. A gradient broadcasts to its variable's shape.
    """
    try:
        return Reverse(function, shapes).gradients()
    except NoClosedFormError:
        return None


def assumed_gradients(function: Function) -> tuple[dict[str, Node], dict[str, str]]:
    """Return the gradient's formulas, and what each variable was taken for.

    A name that begins with a capital is a matrix where that goes, another one a vector. Raises
    LimitError where the gradient has no closed form, or depends on the lengths.
    """
    examples = (
        f"{name}=ones({'3,3' if name[0].isupper() else '3'})" for name in function.variables
    )
    hint = f"a point gives it: {','.join(examples)}"
    orders = _orders(function)
    if orders is None:
        raise LimitError("it takes the tensors' shape", hint=hint)
    found = [_of_length(function, orders, length) for length in LENGTHS]
    if None in found or found[0] != found[1] or found[0] is None:
        raise LimitError("it takes the tensors' shape", hint=hint)
    return found[0], {name: _WORDS[order] for name, order in orders.items()}


def _orders(function: Function) -> dict[str, int] | None:
    """Return the number of axes of each variable, of the first choice that goes together."""
    if len(function.outputs) != 1 or len(function.variables) > MAX_VARIABLES:
        return None
    choices = ((2, 1, 0) if name[0].isupper() else (1, 0, 2) for name in function.variables)
    for chosen in product(*choices):
        orders = dict(zip(function.variables, chosen, strict=True))
        if _shapes(function, orders, LENGTHS[0]) is not None:
            return orders
    return None


def _shapes(function: Function, orders: Mapping[str, int], length: int) -> dict[Node, Shape] | None:
    """Return the shapes of all terms, None where they don't go together to a number."""
    try:
        found = shapes_of(function, {name: (length,) * order for name, order in orders.items()})
    except UsageError:
        return None
    return found if found[function.outputs[0]] == () else None


def _of_length(
    function: Function, orders: Mapping[str, int], length: int
) -> dict[str, Node] | None:
    shapes = _shapes(function, orders, length)
    return None if shapes is None else gradients(function, shapes)


def _fail(message: str, **_: Any) -> NoClosedFormError:
    return NoClosedFormError(message)


class Reverse:
    """One backward pass."""

    def __init__(self, function: Function, shapes: Shapes) -> None:
        self.function, self.shapes = function, dict(shapes)
        self.algebra = Algebra(Builder(_fail, lambda _: None, {}))
        self.cotangents: dict[Node, list[Node]] = {function.outputs[0]: [ONE]}

    def gradients(self) -> dict[str, Node]:
        """Return the gradient in each variable that the formula depends on."""
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
        gradients = {
            name: self.total(variable(name))
            for name in function.variables
            if variable(name) in self.cotangents
        }
        if UNIT in postorder(gradients.values()):
            raise NoClosedFormError("the unit matrix can't be typed")
        return gradients

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
        if each.op in TENSORS:
            rule = rule_of(each.op).adjoint
            if rule is None:
                raise NoClosedFormError(f"{each.op} has no closed form")
            return rule(self, each, arg, cotangent)
        if each.op == "piecewise":
            return self._of_choice(each, arg, cotangent)
        local = self.algebra.mul(cotangent, slope(self.algebra, each, arg))
        return self.reduced(local, self.shape(each), self.shape(arg))

    def _of_choice(self, each: Node, arg: Node, cotangent: Node) -> Node:
        """Return the cotangent where the argument is taken, and zero elsewhere."""
        if arg not in each.args[::2]:
            return ZERO
        parts = [
            part if position % 2 else cotangent if part is arg else ZERO
            for position, part in enumerate(each.args)
        ]
        return self.reduced(node("piecewise", *parts), self.shape(each), self.shape(arg))

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
        raise NoClosedFormError("a broadcast has no short form")

    def shape(self, each: Node) -> Shape:
        """Return the shape of a node, of the formula or of a cotangent."""
        return shape_of(each, self.shapes)

    def full(self, cotangent: Node, each: Node) -> Node:
        """Return a cotangent that must have its node's own shape."""
        if self.shape(cotangent) != self.shape(each):
            raise NoClosedFormError("a cotangent is a number, and a tensor is wanted")
        return cotangent

    def matmul(self, left: Node, right: Node) -> Node:
        """Return a product, a vector times a matrix as the transpose times the vector."""
        if len(self.shape(left)) == 1 and len(self.shape(right)) == 2:
            left, right = self.transposed(right), left
        if left.op == "neg":
            return self.algebra.neg(self.matmul(left.args[0], right))
        for side, other in ((left, right), (right, left)):
            factors = list(side.args) if side.op == "mul" else [side]
            if UNIT in factors:
                factors.remove(UNIT)
                return self.algebra.mul(*factors, other)
        return node("matmul", left, right)

    def transposed(self, each: Node) -> Node:
        """Return a matrix's transpose, of a product's factors alone; a vector is its own."""
        if each is UNIT or len(self.shape(each)) != 2:
            return each
        if each.op == "transpose":
            return each.args[0]
        if each.op == "matmul" and all(len(self.shape(arg)) == 2 for arg in each.args):
            left, right = each.args
            return node("matmul", self.transposed(right), self.transposed(left))
        if each.op == "mul" and sum(bool(self.shape(arg)) for arg in each.args) == 1:
            return self.algebra.mul(*map(self.transposed, each.args))
        return node("transpose", each)
