"""A formula along a path that leaves a point: the germ of every node, on one side or at the point.

The path is x(h) = x₀ + s·h·d, as h falls to 0, for an exact direction d and a side s of 1 or −1.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from math import isfinite
from typing import Any, cast

from flint import arb, fmpq

from diffcli.engines.balls.guards import Difficult, Trouble, Undefined, check_deadline
from diffcli.engines.balls.rules import LAZY
from diffcli.engines.balls.signs import Coordinate
from diffcli.engines.one_sided.atoms import Field, working_in
from diffcli.engines.one_sided.choices import CHOICES, Term
from diffcli.engines.one_sided.coefficients import Coefficient, named, rational
from diffcli.engines.one_sided.elementary import power
from diffcli.engines.one_sided.functions import row
from diffcli.engines.one_sided.germs import constant_of, exact
from diffcli.engines.one_sided.nested import Inner
from diffcli.engines.one_sided.sums import add
from diffcli.errors import PointError
from diffcli.language.expression import CONSTANT, NUMBER, VARIABLE, Node, constant, postorder
from diffcli.tensors.shapes import refuse_tensors

Direction = Mapping[str, Fraction | Node]
"""The components of a vector: rational numbers, or constants as typed."""

_STEP = (fmpq(1), fmpq(0), fmpq(0))


class Paths:
    """An output about one exact point, laid out for passes over its nodes.

    Raises PointError where the point has no value for a variable, or one that isn't finite.
    """

    def __init__(self, output: Node, at: Mapping[str, Coordinate]) -> None:
        refuse_tensors([output])
        self._coordinates = dict(at)
        places = [place for place in at.values() if isinstance(place, Node)]
        self._nodes = postorder([*places, output])
        self._output = output
        self._varies: dict[Node, bool] = {}
        for each in self._nodes:
            inner = any(self._varies[arg] for arg in each.args)
            self._varies[each] = each.op == VARIABLE or inner
        self._values: dict[tuple[int, int, int], dict[Node, Term]] = {}

    def value(self, field: Field) -> Term:
        """Return the value at the point itself, a constant germ."""
        return self._at_point(field)[self._output]

    def germ(self, field: Field, direction: Direction, side: int) -> Term:
        """Return the germ of the output on one side."""
        return self.germs(field, direction, side)[self._output]

    def germs(self, field: Field, direction: Direction, side: int) -> Mapping[Node, Term]:
        """Return the germs of all nodes on one side."""
        field.side = side
        return self._moved(field, direction, self._at_point(field))

    def nested(
        self, field: Field, across: Sequence[tuple[Direction, int]], path: Direction, side: int
    ) -> Term:
        """Return the expansion across the path, the last direction's outermost, on one side.

        The coefficients are expansions in the directions before it, and at last germs.
        """
        field.side = side
        found = self._moved(field, path, self._at_point(field))
        for depth, (direction, order) in enumerate(across, start=1):
            with field.at_depth(depth, order):
                lifted: dict[Node, Term] = {
                    each: value if isinstance(value, bool | Trouble) else exact(Inner(value))
                    for each, value in found.items()
                }
                found = self._moved(field, direction, lifted)
        return found[self._output]

    def _moved(
        self, field: Field, direction: Direction, start: Mapping[Node, Term]
    ) -> dict[Node, Term]:
        """Return the terms of all nodes when the variables move away from where they start."""
        moving = self._moving(direction)
        found: dict[Node, Term] = {}
        with working_in(field):
            for each in self._nodes:
                if not moving[each]:
                    found[each] = start[each]
                elif each.op == VARIABLE:
                    step = _component(direction[str(each.value)], field)
                    sense = 1 if field.depth else field.side
                    moved = exact(step.times(fmpq(sense)), _STEP)
                    at = start[each]
                    found[each] = at if isinstance(at, bool | Trouble) else add(at, moved)
                else:
                    found[each] = self._applied(each, [found[arg] for arg in each.args])
        return found

    def _moving(self, direction: Direction) -> dict[Node, bool]:
        moving: dict[Node, bool] = {}
        for each in self._nodes:
            own = each.op == VARIABLE and bool(direction.get(str(each.value)))
            inner = each.op != "detach" and any(moving[arg] for arg in each.args)
            moving[each] = own or inner
        return moving

    def _at_point(self, field: Field) -> dict[Node, Term]:
        key = field.bits, field.window, field.most
        if key not in self._values:
            found: dict[Node, Term] = {}
            with working_in(field):
                for each in self._nodes:
                    if each.is_leaf:
                        found[each] = self._leaf(each, found)
                    else:
                        found[each] = self._applied(each, [found[arg] for arg in each.args])
            self._values[key] = found
        return self._values[key]

    def _leaf(self, each: Node, found: Mapping[Node, Term]) -> Term:
        if each.op == NUMBER:
            return exact(rational(fmpq(*cast(Fraction, each.value).as_integer_ratio())))
        if each.op == CONSTANT:
            return _constant(str(each.value))
        if each.value not in self._coordinates:
            raise PointError(f"the point gives {each.value} no value")
        place = self._coordinates[str(each.value)]
        if isinstance(place, Node):
            return found[place]
        if not isfinite(place):
            raise PointError(f"{each.value} = {place} is not a finite number")
        return exact(rational(fmpq(*float(place).as_integer_ratio())))

    def _applied(self, each: Node, args: Sequence[Term]) -> Term:
        if each.op not in LAZY:
            for arg in args:
                if isinstance(arg, Trouble):
                    return arg
        try:
            check_deadline()
            return cast(Term, self._rule(each)(*args))
        except Trouble as trouble:
            return trouble

    def _rule(self, each: Node) -> Callable[..., Any]:
        if each.op == "pow":
            varies = self._varies[each.args[1]]
            return lambda x, y: power(x, y, varies=varies)
        if each.op == "detach":
            return lambda x: x
        return CHOICES.get(each.op) or row(each.op)


def _component(step: Fraction | Node, field: Field) -> Coefficient:
    """Return a component of a direction. Raises Difficult where it isn't a number."""
    if isinstance(step, Fraction):
        return rational(fmpq(*step.as_integer_ratio()))
    value = Paths(step, {}).value(field)
    found = None if isinstance(value, bool | Trouble) else constant_of(value)
    if found is None:
        raise Difficult("a direction that isn't known")
    return found


def _constant(name: str) -> Term:
    match name:
        case "pi":
            return exact(named("pi", arb.pi(), lambda: constant("pi")))
        case "tau":
            return exact(named("pi", arb.pi(), lambda: constant("pi")).times(fmpq(2)))
        case "e":
            return exact(rational(1).exp())
        case "true" | "false":
            return name == "true"
        case _:
            return Undefined(f"{name} is not a real number")
