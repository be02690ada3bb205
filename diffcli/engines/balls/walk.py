"""One output at one exact point: the passes over its nodes that give values and Taylor series.

Every node comes to a :data:`Term`. A rule that can't hold there makes the node's term the reason,
which its users pass on; a piecewise looks only at the branch it takes. Passes are loops over the
nodes, arguments first, so neither depth nor sharing costs more than one visit a node.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from functools import cached_property, reduce
from math import isfinite
from operator import or_
from typing import cast

from flint import arb, arb_series, fmpq

from diffcli.engines.balls.decimals import flint_fraction
from diffcli.engines.balls.forms import Form
from diffcli.engines.balls.guards import (
    EXACT_BITS,
    Difficult,
    OutOfTime,
    Touching,
    Trouble,
    Undecided,
    Undefined,
    Value,
    ball,
    check_deadline,
)
from diffcli.engines.balls.known import Known, KnownSeries, forgotten
from diffcli.engines.balls.precision import working
from diffcli.engines.balls.rules import EXACT, LAZY
from diffcli.engines.balls.signs import Coordinate, Facts
from diffcli.errors import PointError
from diffcli.language.expression import CONSTANT, NUMBER, VARIABLE, Node, postorder
from diffcli.language.functions import TABLE, resolve
from diffcli.tensors.shapes import refuse_tensors

__all__ = ["Coordinate", "Steps", "Term", "Walk", "working"]

ELEMENTARY = frozenset(
    {
        *("arithmetic", "comparison", "logic", "trigonometric", "inverse trigonometric"),
        *("hyperbolic", "inverse hyperbolic", "exponential and logarithm", "powers and roots"),
        *("rounding and choice", "activation", "probability", "autograd"),
    }
)
ELEMENTARY_ROWS = frozenset({"erf", "erfc", "erfi"})
"""The rows, by group and by name, whose cost grows little faster than that of a product."""

Steps = int | Sequence[int | arb]
"""How a variable moves with t: its coefficients from degree 1 on."""

Term = Value | bool | Trouble
"""What a node comes to: a number, a series, a truth value, or why it has none."""


class Walk:
    """An output at one exact point, laid out for passes over its nodes.

    Raises PointError where the point has no value for a variable, or one that isn't finite.
    """

    def __init__(self, output: Node, point: Mapping[str, Coordinate]) -> None:
        self._coordinates = dict(point)
        refuse_tensors([output])
        exact = [coordinate for coordinate in point.values() if isinstance(coordinate, Node)]
        self.nodes = postorder([*exact, output])
        self._position = {node: i for i, node in enumerate(self.nodes)}
        self._output = self._position[output]
        self._rules: list[Callable[..., Value | bool] | None] = [
            None if node.is_leaf else resolve(TABLE[node.op].enclosure) for node in self.nodes
        ]
        self._arguments = [tuple(self._position[a] for a in node.args) for node in self.nodes]
        self._bit = {name: 1 << i for i, name in enumerate(point)}
        self._depends: list[int] = []
        for node, arguments in zip(self.nodes, self._arguments, strict=True):
            self._depends.append(self._variables_of(node, arguments))
        self._numbers: list[Term] = []
        self._bits = 0

    def _variables_of(self, node: Node, arguments: tuple[int, ...]) -> int:
        if node.op == VARIABLE:
            if node.value not in self._bit:
                raise PointError(f"the point gives {node.value} no value")
            return self._bit[str(node.value)]
        if node.op == "detach":
            return 0
        return reduce(or_, (self._depends[a] for a in arguments), 0)

    @cached_property
    def is_elementary(self) -> bool:
        """Whether every row costs little more than a product does, at any precision."""
        return all(
            node.is_leaf or node.op in ELEMENTARY_ROWS or TABLE[node.op].group in ELEMENTARY
            for node in self.nodes
        )

    def value(self, bits: int) -> Term:
        """Return the output's value at the point, with ``bits`` of working precision."""
        return self.numbers(bits)[self._output]

    def numbers(self, bits: int) -> Sequence[Term]:
        """Return every node's value at the point."""
        if self._bits != bits:
            self._numbers, self._bits = [], bits
            with working(bits):
                for i, node in enumerate(self.nodes):
                    self._numbers.append(self.number(i, node))
        return self._numbers

    def number(self, i: int, node: Node) -> Term:
        """Return the value of the i-th node, those before it being known."""
        rule = self._rules[i]
        if rule is not None:
            return self.apply(node, rule, [self._numbers[a] for a in self._arguments[i]])
        if node.op == NUMBER:
            exact = cast(Fraction, node.value)
            return flint_fraction(exact)
        if node.op == CONSTANT:
            return _constant(str(node.value))
        coordinate = self._coordinates[str(node.value)]
        if isinstance(coordinate, Node):
            return self._numbers[self._position[coordinate]]
        if not isfinite(coordinate):
            raise PointError(f"{node.value} = {coordinate} is not a finite number")
        return flint_fraction(float(coordinate))

    def series(self, direction: Mapping[str, Steps], order: int, bits: int) -> Term:
        """Return the output's Taylor series along a direction, or a curve, up to t^order."""
        numbers = self.numbers(bits)
        moving = sum(self._bit[name] for name, step in direction.items() if step)
        terms: list[Term] = []
        with working(bits, order):
            for i, node in enumerate(self.nodes):
                rule, here = self._rules[i], numbers[i]
                if not self._depends[i] & moving:
                    terms.append(here)
                elif rule is not None:
                    terms.append(self.apply(node, rule, [terms[a] for a in self._arguments[i]]))
                elif isinstance(here, fmpq | arb):
                    steps = direction[str(node.value)]
                    ahead = [steps] if isinstance(steps, int) else steps
                    terms.append(arb_series([ball(here), *ahead]))
                else:
                    terms.append(here)
        return terms[self._output]

    def apply(self, node: Node, rule: Callable[..., Value | bool], arguments: list[Term]) -> Term:
        """Return what a rule makes of its arguments, or why it makes nothing."""
        if node.op not in LAZY:
            for argument in arguments:
                if isinstance(argument, Trouble):
                    return argument
        if node.op not in EXACT:
            arguments = [arb(a) if isinstance(a, fmpq) else a for a in arguments]
        elif node.op == "pow" and self._depends[self._position[node.args[1]]]:
            # Only a constant exponent such as 1/3 means a real root of a negative base.
            arguments[1] = arb(arguments[1]) if isinstance(arguments[1], fmpq) else arguments[1]
        result = _ruled(node.op, rule, arguments)
        if isinstance(result, Undecided) and node.op not in LAZY:
            facts = self.facts_for(arguments)
            return result if facts is None else _decided(facts, node, rule, arguments, result)
        return result

    def facts_for(self, arguments: Sequence[Term]) -> Facts | None:  # noqa: ARG002
        """Return what is known of the terms at the point besides these balls of them."""
        return self._facts

    @cached_property
    def _facts(self) -> Facts:
        return Facts(self._coordinates)


def _decided(
    facts: Facts,
    node: Node,
    rule: Callable[..., Value | bool],
    arguments: list[Term],
    undecided: Undecided,
) -> Term:
    """Apply a rule that balls don't decide to balls that know which constants they enclose."""
    try:
        constants = [facts.constant(arg) for arg in node.args]
    except Trouble:
        return undecided
    field = facts.field
    known: dict[Node, Term] = {}
    for arg, constant, argument in zip(node.args, constants, arguments, strict=True):
        if isinstance(argument, arb_series) and isinstance(constant, Form):
            known[arg] = KnownSeries(argument, field, constant)
        elif isinstance(argument, arb) and isinstance(constant, Form):
            known[arg] = Known(argument, field, constant)
    followed = [
        known.get(arg, argument) for arg, argument in zip(node.args, arguments, strict=True)
    ]
    decided = _ruled(node.op, rule, followed)
    # What isn't certain although its sign is may be so with more precision.
    is_open = isinstance(decided, Difficult) and not isinstance(decided, Touching | OutOfTime)
    return undecided if is_open else forgotten(decided)


def _ruled(op: str, rule: Callable[..., Value | bool], arguments: list[Term]) -> Term:
    try:
        check_deadline()
        return _sound(op, rule(*arguments))
    except Trouble as trouble:
        return trouble
    except ValueError:  # how python-flint refuses a series that it can't divide by
        return Difficult(f"{op}: too large or too uncertain")


def _constant(name: str) -> Term:
    match name:
        case "pi":
            return arb.pi()
        case "tau":
            return 2 * arb.pi()
        case "e":
            return arb.const_e()
        case "true" | "false":
            return name == "true"
        case _:
            return Undefined(f"{name} is not a real number")


def _sound(op: str, value: Value | bool) -> Value | bool:
    """Refuse balls that bound nothing, and turn exact numbers that grew long into balls."""
    match value:
        case fmpq():
            return arb(value) if value.height_bits() > EXACT_BITS else value
        case arb() if not value.is_finite():
            raise Difficult(f"{op}: too large or too uncertain")
        case arb_series() if not all(c.is_finite() for c in value.coeffs()):
            raise Difficult(f"{op}: too large or too uncertain")
    return value
