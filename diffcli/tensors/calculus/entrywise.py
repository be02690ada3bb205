"""Functions of numbers that are others in disguise: the loss of a logistic model, a maximum.

Each identity holds for all real numbers and keeps the domain: log(1 + e^u) is softplus(u), and
max(a, b) is b + relu(a − b). What they are written by has a short differential, and keeps its
digits where an exponential overflows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from functools import reduce
from types import MappingProxyType
from typing import NamedTuple

from diffcli.language.algebra import ONE, ZERO
from diffcli.language.expression import CONSTANT, Node, node, number


def entrywise(tensor: Node) -> Node:
    """Return a node of the same value at all real numbers, a simpler function where one is seen."""
    rule = _RULES.get(tensor.op)
    return tensor if rule is None else rule(tensor)


def _negated(tensor: Node) -> Node:
    return tensor.args[0] if tensor.op == "neg" else node("neg", tensor)


def _minus(left: Node, right: Node) -> Node:
    return node("add", left, _negated(right))


def _exponent(tensor: Node) -> Node | None:
    """Return u of e^u; None of another node."""
    if tensor.op == "exp":
        return tensor.args[0]
    if tensor.op == "pow" and (tensor.args[0].op, tensor.args[0].value) == (CONSTANT, "e"):
        return tensor.args[1]
    return None


def _beside_one(tensor: Node) -> Node | None:
    """Return t of 1 + t; None of another node."""
    if tensor.op != "add" or len(tensor.args) != 2 or ONE not in tensor.args:
        return None
    return tensor.args[0] if tensor.args[1] is ONE else tensor.args[1]


# -- logistic functions ---------------------------------------------------------------------------


def _log(tensor: Node) -> Node:
    argument = tensor.args[0]
    if len(tensor.args) > 1:
        return tensor
    if argument.op == "sigmoid":
        return node("logsigmoid", *argument.args)
    if argument.op == "index" and argument.args[0].op == "softmax":
        (inner,) = argument.args
        whole = node("log_softmax", *inner.args, static=inner.static)
        return node("index", whole, static=argument.static)
    rest = _beside_one(argument)
    return tensor if rest is None else _log_of_one_and(rest) or tensor


def _log1p(tensor: Node) -> Node:
    return _log_of_one_and(tensor.args[0]) or tensor


def _log_of_one_and(rest: Node) -> Node | None:
    """Return log(1 + t) where t is an exponential, or a sigmoid with a minus."""
    exponent = _exponent(rest)
    if exponent is not None:
        return node("softplus", exponent)
    if rest.op == "neg" and rest.args[0].op == "sigmoid":
        return node("logsigmoid", _negated(*rest.args[0].args))
    return None


def _quotient(tensor: Node) -> Node:
    """Return 1/(1 + e^u), and e^u/(1 + e^u), as a sigmoid."""
    above, below = tensor.args
    rest = _beside_one(below)
    exponent = None if rest is None else _exponent(rest)
    if exponent is None or (above is not ONE and above is not rest):
        return tensor
    return node("sigmoid", _negated(exponent) if above is ONE else exponent)


class _Weighted(NamedTuple):
    """A term ``sign*weight*logsigmoid(argument)``."""

    sign: int
    weight: Node
    argument: Node


def _weighted(term: Node) -> _Weighted | None:
    sign, term = (-1, term.args[0]) if term.op == "neg" else (1, term)
    if term.op != "mul" or len(term.args) != 2:
        return None
    weight, other = term.args if term.args[1].op == "logsigmoid" else reversed(term.args)
    if other.op != "logsigmoid":
        return None
    sign, weight = (-sign, weight.args[0]) if weight.op == "neg" else (sign, weight)
    return _Weighted(sign, weight, *other.args)


def _cross_entropy(tensor: Node) -> Node:
    """Return a logsigmoid(u) + (1 − a) logsigmoid(−u), of two terms, as a u − softplus(u)."""
    if len(tensor.args) != 2:
        return tensor
    first, second = map(_weighted, tensor.args)
    if first is None or second is None or first.sign != second.sign:
        return tensor
    if first.argument is not _negated(second.argument):
        return tensor
    for one, other in ((first, second), (second, first)):
        if _beside_one(other.weight) is _negated(one.weight):
            product = node("mul", one.weight, one.argument)
            whole = _minus(product, node("softplus", one.argument))
            return whole if first.sign > 0 else _negated(whole)
    return tensor


# -- choices --------------------------------------------------------------------------------------


def _greatest(tensor: Node) -> Node:
    return reduce(_greater, tensor.args)


def _least(tensor: Node) -> Node:
    return reduce(_smaller, tensor.args)


def _greater(left: Node, right: Node) -> Node:
    """Return b + relu(a − b), of a number b if one of both is."""
    if _value(left) is not None:
        left, right = right, left
    excess = _excess(left, right)
    return excess if right is ZERO else node("add", right, excess)


def _smaller(left: Node, right: Node) -> Node:
    """Return b − relu(b − a), of a number b if one of both is."""
    if _value(left) is not None:
        left, right = right, left
    excess = _negated(_excess(right, left))
    return excess if right is ZERO else node("add", right, excess)


def _excess(left: Node, right: Node) -> Node:
    """Return relu(a − b)."""
    if left is ZERO:
        return node("relu", _negated(right))
    return node("relu", left if right is ZERO else _minus(left, right))


def _clamp(tensor: Node) -> Node:
    """Return a + relu(x − a) − relu(x − b), for numbers a ≤ b, else the choices one by one."""
    argument, low, high = tensor.args
    first, last = _value(low), _value(high)
    if first is None or last is None or first > last:
        return _smaller(_greater(argument, low), high)
    return _between(argument, first, last)


def _value(tensor: Node) -> Fraction | None:
    sign, inner = (-1, tensor.args[0]) if tensor.op == "neg" else (1, tensor)
    return sign * Fraction(inner.value) if isinstance(inner.value, (int, Fraction)) else None


def _between(argument: Node, low: Fraction, high: Fraction) -> Node:
    over, under = _excess(argument, number(low)), _excess(argument, number(high))
    return node("add", number(low), over, _negated(under))


def _hardtanh(tensor: Node) -> Node:
    return _between(tensor.args[0], Fraction(-1), Fraction(1))


def _leaky_relu(tensor: Node) -> Node:
    argument, scale = tensor.args
    return node("add", node("relu", argument), node("mul", scale, _smaller(argument, ZERO)))


_RULES: Mapping[str, Callable[[Node], Node]] = MappingProxyType(
    {
        "add": _cross_entropy,
        "clamp": _clamp,
        "div": _quotient,
        "hardtanh": _hardtanh,
        "leaky_relu": _leaky_relu,
        "log": _log,
        "log1p": _log1p,
        "max": _greatest,
        "min": _least,
    }
)
"""Writes a function of numbers by a simpler one."""
