"""A formula along a path that leaves a point: the germ of every node, on one side or at the point.

The path is x(h) = x₀ + s·h·d, as h falls to 0, for an exact direction d and a side s of 1 or −1.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from math import isfinite
from typing import Any, cast

from flint import arb, fmpq

from diffcli.engines.balls.decimals import flint_fraction
from diffcli.engines.balls.guards import Difficult, Trouble, Undefined, check_deadline
from diffcli.engines.balls.rules import LAZY
from diffcli.engines.balls.signs import Coordinate
from diffcli.engines.one_sided.atoms import Field, working_in
from diffcli.engines.one_sided.choices import CHOICES, DEFINED, Term, decided
from diffcli.engines.one_sided.coefficients import Coefficient, named, rational
from diffcli.engines.one_sided.elementary import power
from diffcli.engines.one_sided.functions import row
from diffcli.engines.one_sided.germs import Germ, constant_of, exact
from diffcli.engines.one_sided.nested import Inner
from diffcli.engines.one_sided.sums import add
from diffcli.errors import PointError
from diffcli.language.expression import (
    CONSTANT,
    NUMBER,
    VARIABLE,
    Node,
    constant,
    postorder,
    variable,
)
from diffcli.language.rules import ARGUMENTS
from diffcli.tensors.shapes import refuse_tensors

Direction = Mapping[str, Fraction | Node]
"""The components of a vector: rational numbers, or constants as typed."""

_STEP = (fmpq(1), fmpq(0), fmpq(0))


class Paths:
    """An output about one exact point, laid out for passes over its nodes.

    Raises PointError where the point has no value for a variable, or one that isn't finite.
    """

    def __init__(self, output: Node, point: Mapping[str, Coordinate]) -> None:
        refuse_tensors([output])
        self._coordinates = dict(point)
        typed = [coordinate for coordinate in point.values() if isinstance(coordinate, Node)]
        self._nodes = postorder([*typed, output])
        self._output = output
        self._varies: dict[Node, bool] = {}
        for term in self._nodes:
            inner = any(self._varies[arg] for arg in term.args)
            self._varies[term] = term.op == VARIABLE or inner
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
        terms = self._moved(field, path, self._at_point(field))
        for depth, (direction, order) in enumerate(across, start=1):
            with field.at_depth(depth, order):
                lifted: dict[Node, Term] = {
                    inner: value if isinstance(value, bool | Trouble) else exact(Inner(value))
                    for inner, value in terms.items()
                }
                terms = self._moved(field, direction, lifted)
        return terms[self._output]

    def _moved(
        self, field: Field, direction: Direction, start: Mapping[Node, Term]
    ) -> dict[Node, Term]:
        """Return the terms of all nodes when the variables move away from where they start."""
        moving = self._moving(direction)
        terms: dict[Node, Term] = {}
        with working_in(field):
            for term in self._nodes:
                if not moving[term]:
                    terms[term] = start[term]
                elif term.op == VARIABLE:
                    step = _component(direction[str(term.value)], field)
                    sense = 1 if field.depth else field.side
                    moved = exact(step.times(fmpq(sense)), _STEP)
                    initial = start[term]
                    terms[term] = (
                        initial if isinstance(initial, bool | Trouble) else add(initial, moved)
                    )
                else:
                    terms[term] = self._applied(term, [terms[arg] for arg in term.args])
        return terms

    def _moving(self, direction: Direction) -> dict[Node, bool]:
        moving: dict[Node, bool] = {}
        for term in self._nodes:
            own = term.op == VARIABLE and bool(direction.get(str(term.value)))
            inner = term.op != "detach" and any(moving[arg] for arg in term.args)
            moving[term] = own or inner
        return moving

    def _at_point(self, field: Field) -> dict[Node, Term]:
        key = field.bits, field.window, field.most
        if key not in self._values:
            terms: dict[Node, Term] = {}
            with working_in(field):
                for term in self._nodes:
                    if term.is_leaf:
                        terms[term] = self._leaf(term, terms)
                    else:
                        terms[term] = self._applied(term, [terms[arg] for arg in term.args])
            self._values[key] = terms
        return self._values[key]

    def _leaf(self, term: Node, terms: Mapping[Node, Term]) -> Term:
        if term.op == NUMBER:
            return exact(rational(flint_fraction(cast(Fraction, term.value))))
        if term.op == CONSTANT:
            return _constant(str(term.value))
        if term.value not in self._coordinates:
            raise PointError(f"the point gives {term.value} no value")
        coordinate = self._coordinates[str(term.value)]
        if isinstance(coordinate, Node):
            return terms[coordinate]
        if not isfinite(coordinate):
            raise PointError(f"{term.value} = {coordinate} is not a finite number")
        return exact(rational(flint_fraction(float(coordinate))))

    def _applied(self, term: Node, args: Sequence[Term]) -> Term:
        if term.op not in LAZY:
            for arg in args:
                if isinstance(arg, Trouble):
                    return arg
        try:
            check_deadline()
            return cast(Term, self._rule(term)(*args))
        except Trouble as trouble:
            return trouble

    def _rule(self, term: Node) -> Callable[..., Any]:
        if term.op == "pow":
            varies = self._varies.get(term.args[1], True)
            return lambda x, y: power(x, y, varies=varies)
        if term.op == "detach":
            return lambda x: x
        if term.op in DEFINED:
            return lambda *args: self._defined(DEFINED[term.op], args)
        return CHOICES.get(term.op) or row(term.op)

    def _defined(self, definition: Node, args: Sequence[Term]) -> Germ | bool:
        """Return a definition with these arguments. Raises the Trouble that it comes to."""
        terms = {variable(name): arg for name, arg in zip(ARGUMENTS, args, strict=False)}
        for term in postorder([definition]):
            if term not in terms:
                inner = [terms[arg] for arg in term.args]
                terms[term] = self._applied(term, inner) if inner else self._leaf(term, terms)
        return decided(terms[definition])


def _component(step: Fraction | Node, field: Field) -> Coefficient:
    """Return a component of a direction. Raises Difficult where it isn't a number."""
    if isinstance(step, Fraction):
        return rational(flint_fraction(step))
    value = Paths(step, {}).value(field)
    result = None if isinstance(value, bool | Trouble) else constant_of(value)
    if result is None:
        raise Difficult("a direction that isn't known")
    return result


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
