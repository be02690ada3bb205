"""Implicit differentiation written out: both sides of an equation, then solved for y′."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from diffcli.clock import now
from diffcli.engines.remote import Partials
from diffcli.errors import LimitError, UsageError
from diffcli.language.algebra import ZERO, Algebra, signed
from diffcli.language.builder import Builder
from diffcli.language.derivative import differentiate
from diffcli.language.equations import Equations
from diffcli.language.expression import Node, variable
from diffcli.language.function import Function
from diffcli.studies.steps.derivation import Step, written
from diffcli.studies.steps.differentiation import Proof, count_equal, tidied

if TYPE_CHECKING:
    from flint import arb

    from diffcli.engines.symbolic import Symbolic
    from diffcli.studies.check.places import RandomPoint

PRIME = "′"


@dataclass(frozen=True)
class ImplicitDerivation:
    """One derivative of ``dependent``, a function of ``wrt`` by an equation.

    ``steps`` differentiate either side; what comes of them is equal where ``factor``·y′ = ``rest``.
    ``derivative`` is y′ as it comes out of that, ``tidied`` its shortest form.
    """

    wrt: str
    dependent: str
    sides: tuple[Node, Node]
    steps: tuple[Step, Step]
    factor: Node
    rest: Node
    derivative: Node
    tidied: Node
    proof: Proof

    @property
    def prime(self) -> Node:
        """The variable that stands for y′."""
        return variable(f"{self.dependent}{PRIME}")


@dataclass(frozen=True)
class ImplicitExplanation:
    """Every derivative that was asked for, in order."""

    equations: Equations
    derivations: tuple[ImplicitDerivation, ...]


def explain_implicit(
    equations: Equations, *, wrt: Sequence[str] = (), budget: float = 0.5, seed: int = 0
) -> ImplicitExplanation:
    """Write out the derivatives of the last variable that is not in ``wrt``, in each of the others.

    ``budget`` is in seconds, as for
    :func:`~diffcli.studies.steps.differentiation.explain`, which raises the same.
    Raises UsageError too unless there is one equation in two variables or more.
    """
    names = equations.function.variables
    if len(equations.sides) != 1:
        raise UsageError("several equations", hint="steps are written for one at a time")
    if foreign := [name for name in wrt if name not in names]:
        raise UsageError(f"{foreign[0]!r} is not a variable", hint=f"those are {', '.join(names)}")
    dependent = next((name for name in reversed(names) if name not in wrt), None)
    others = tuple(wrt) or tuple(name for name in names if name != dependent)
    if dependent is None or not others:
        raise UsageError(
            "no variable is a function of another here",
            hint='an equation in two variables: diffcli steps "x^2 + y^2 = 25"',
        )
    derivations = tuple(_derivation(equations, x, dependent, budget, seed) for x in others)
    return ImplicitExplanation(equations, derivations)


def _derivation(
    equations: Equations, x: str, y: str, budget: float, seed: int
) -> ImplicitDerivation:
    names, deadline = equations.function.variables, now() + budget
    (sides,) = equations.sides
    prime = variable(f"{y}{PRIME}")
    steps = tuple(
        written(side, x, names, dependent=(variable(y), prime), number=str(index))
        for index, side in enumerate(sides, 1)
    )
    build = Builder()
    algebra = Algebra(build)
    left, right = (step.lines[-1] for step in steps)
    total = algebra.add(left, algebra.neg(right))
    still = algebra.graft(total, {prime: ZERO})
    rest = algebra.add(*map(algebra.neg, still.args if still.op == "add" else [still]))
    factor = differentiate(total, str(prime.value), build)
    if factor is ZERO:
        raise UsageError(
            f"the equation says nothing of {y} as a function of {x}",
            hint="name the independent variable with --wrt",
        )
    derivative = signed(algebra.div(rest, factor))
    (output,) = equations.function.outputs
    shortest, partials = tidied(output, derivative, names, deadline)
    proof = _proof(partials, x, y, budget, seed)
    return ImplicitDerivation(
        x, y, sides, (steps[0], steps[1]), factor, rest, derivative, shortest, proof
    )


def _proof(partials: Partials, x: str, y: str, budget: float, seed: int) -> Proof:
    """Prove that the second output is −(∂f/∂x)/(∂f/∂y) of the first."""
    try:
        if partials.ask(_is_slope, x, y):
            return Proof(exact=True)
    except LimitError:  # certified numbers don't need the formula
        pass
    return Proof(exact=False, points=_agreeing(partials.function, x, y, budget, seed))


def _is_slope(symbolic: Symbolic, x: str, y: str) -> bool:
    from diffcli.engines.terms.identity import proved_equal

    slope = -symbolic.partial((x,)) / symbolic.partial((y,))
    return proved_equal(slope, symbolic.outputs[1], symbolic.deadline)


def _agreeing(function: Function, x: str, y: str, budget: float, seed: int) -> int:
    """Return at how many points ∂f/∂x + ∂f/∂y·y′ is certified to be 0 as far as digits go."""
    from diffcli.studies.check.places import draw

    output, claim = function.outputs

    def sides(point: RandomPoint) -> tuple[arb | None, arb | None]:
        across, up = point.number(output, (x,)), point.number(output, (y,))
        slope = point.number(claim)
        rise = None if up is None or slope is None else up * slope
        return None if across is None else -across, rise

    drawn = draw(function.variables, seed)
    return count_equal(drawn, sides, budget, missing="the derivative is certain")
