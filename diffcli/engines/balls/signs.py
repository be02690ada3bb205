"""The sign of a term at an exact point, where it is proved: 0 is a fact, never a narrow ball.

A ball that doesn't hold 0 decides. Else the term is written as an exact constant, which is 0 by
its normal form or by a separation bound, and whose own ball decides where cancellation in the
formula as typed hid the sign: 1 − tanh(10^6) is 2/(e^(2·10^6) + 1).
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from math import isfinite
from types import MappingProxyType
from typing import cast

from flint import arb

from diffcli.clock import LONGEST, now, until
from diffcli.engines.balls.constants import COMPARISONS, DEFINITIONS, FUNCTIONS, definition
from diffcli.engines.balls.field import Field
from diffcli.engines.balls.forms import Form, TooLong, number
from diffcli.engines.balls.guards import Trouble
from diffcli.engines.balls.values import FIRST_BITS, MAX_BITS, Unknown
from diffcli.language.expression import CONSTANT, NUMBER, VARIABLE, Node, names_in, postorder
from diffcli.language.functions import TABLE
from diffcli.language.tensors import TENSORS

Coordinate = float | Node
"""A coordinate of a point: a float, exactly, or an exact constant such as 1/10 or pi/2."""

Constant = Form | bool
"""What a term comes to: a number, or a truth value."""

MAX_NODES = 2000
"""Nodes of a term that is written as a constant."""


INVERSES: Mapping[str, str] = MappingProxyType(
    {
        "asin": "sin",
        "acos": "cos",
        "atan": "tan",
        "asinh": "sinh",
        "acosh": "cosh",
        "erf": "erfinv",
        "erfinv": "erf",
        "erfc": "erfcinv",
        "erfcinv": "erfc",
    }
)
"""What undoes a function, on its own range."""


class Facts:
    """The terms of formulas at one exact point, as constants.

    A variable of which only a ball is known, by ``balls``, may be any number of it.
    """

    def __init__(
        self, point: Mapping[str, Coordinate], balls: Mapping[str, arb] | None = None
    ) -> None:
        # A ball that is given gets no narrower by more precision.
        self.field = Field(FIRST_BITS if balls else MAX_BITS)
        self._at, self._balls = point, balls or {}
        self._constants: dict[Node, Constant | None] = {}

    def sign(self, term: Node) -> int | None:
        """Return the sign of a term's value, where it is proved that it has this one."""
        try:
            constant = self.constant(term)
            return self.field.sign(constant) if isinstance(constant, Form) else None
        except (Trouble, TooLong):
            return None

    def constant(self, term: Node) -> Constant | None:
        """Return a term as a constant; None where that isn't known to have a value."""
        if term not in self._constants:
            order = postorder([term])
            if len(order) > MAX_NODES:
                return None
            for inner in order:
                if inner not in self._constants:
                    self._constants[inner] = self._made(inner)
        return self._constants[term]

    def _made(self, term: Node) -> Constant | None:
        try:
            if term.is_leaf:
                return self._leaf(term)
            return self._applied(term.op, term, [self._constants[arg] for arg in term.args])
        except (Unknown, TooLong):
            return None

    def _leaf(self, leaf: Node) -> Constant | None:
        if leaf.op == NUMBER:
            return number(cast(Fraction, leaf.value))
        if leaf.op == CONSTANT:
            return self._named(str(leaf.value))
        name = str(leaf.value)
        if name in self._balls:
            ball = self._balls[name]
            return self.field.opaque(("variable", name), lambda: ball)
        coordinate = self._at.get(name)
        if isinstance(coordinate, Node):
            return self.constant(coordinate)
        return (
            number(Fraction(coordinate))
            if coordinate is not None and isfinite(coordinate)
            else None
        )

    def _named(self, name: str) -> Constant | None:
        match name:
            case "pi":
                return self.field.pi
            case "tau":
                return self.field.pi * number(2)
            case "e":
                return self.field.exp(number(1))
            case "true" | "false":
                return name == "true"
        return None

    def _applied(self, op: str, term: Node, arguments: list[Constant | None]) -> Constant | None:
        match op:
            case "piecewise":
                return _first(arguments)
            case "and" | "or":
                decisive = op == "or"
                if any(argument is decisive for argument in arguments):
                    return decisive
                return None if None in arguments else not decisive
            case "not":
                return None if arguments[0] is None else not arguments[0]
        numbers = [argument for argument in arguments if isinstance(argument, Form)]
        if len(numbers) != len(arguments) or op in TENSORS:
            return None
        if op in COMPARISONS:
            same = term.args[0] is term.args[1]
            difference = number(0) if same else numbers[0] - numbers[1]
            return COMPARISONS[op](self.field.certain_sign(difference))
        if op == "pow" and names_in([term.args[1]]) and self.field.certain_sign(numbers[0]) < 0:
            # Only a constant exponent such as 1/3 means a real root of a negative base.
            exponent = numbers[1].rational
            return (
                None
                if exponent is None or exponent.denominator > 1
                else FUNCTIONS[op](self.field, *numbers)
            )
        undone = self._undone(term)
        if undone is not None:
            return undone
        if op in DEFINITIONS:
            return self._defined(op, numbers)
        if op in FUNCTIONS:
            return FUNCTIONS[op](self.field, *numbers)
        return self.field.call(op, numbers, term.static)

    def _undone(self, term: Node) -> Form | None:
        """Return u where the term is asin(sin(u)), or another inverse that gives u back."""
        if INVERSES.get(term.op) != term.args[0].op:
            return None
        angle = self._constants.get(term.args[0].args[0])
        if not isinstance(angle, Form):
            return None
        low, high = self.field.ends(TABLE[term.op].range)
        is_within = (low is None or self.field.certain_sign(angle - low) >= 0) and (
            high is None or self.field.certain_sign(high - angle) >= 0
        )
        return angle if is_within else None

    def _defined(self, op: str, numbers: list[Form]) -> Constant | None:
        arguments = dict(zip("xyzw", numbers, strict=False))
        constants: dict[Node, Constant | None] = {}
        for term in postorder([definition(op)]):
            if term.op == VARIABLE:
                constants[term] = arguments[str(term.value)]
            elif term.is_leaf:
                constants[term] = self._leaf(term)
            else:
                constants[term] = self._applied(
                    term.op, term, [constants[arg] for arg in term.args]
                )
        return constants[definition(op)]


def _first(branches: list[Constant | None]) -> Constant | None:
    for value, condition in zip(branches[::2], branches[1::2], strict=True):
        if condition is None:
            return None
        if condition:
            return value
    return None


def proved_sign(term: Node, point: Mapping[str, Coordinate]) -> int | None:
    """Return the sign of a term's value at an exact point: −1, 0 or 1, each proved, or None.

    It is looked for until the deadline that is set, or for ``LONGEST`` at most.
    """
    with until(now() + LONGEST):
        return Facts(point).sign(term)
