"""The differentiation of a formula, written out rule by rule, its result proved.

The rules are those of :mod:`diffcli.studies.steps.rules`, applied to the typed DAG; the symbolic
engine has its own. What the two arrive at is proved to be the same before anything is told.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from diffcli.clock import now
from diffcli.engines.remote import Partials
from diffcli.errors import DisagreementError, UsageError
from diffcli.language.expression import Node, is_integral
from diffcli.language.function import Function
from diffcli.language.parser import parse
from diffcli.language.printer import text_of
from diffcli.language.unknown import PARTIAL, refuse_unknown
from diffcli.operators import Entry
from diffcli.studies.steps.derivation import Step, written

if TYPE_CHECKING:
    from flint import arb

    from diffcli.engines.enclosure import Coordinate
    from diffcli.studies.check.places import RandomPoint

HIGHEST_ORDER = 3
POINTS = 50
"""At which two formulas are compared that aren't proved to be the same."""
DRAWN = 2_000
"""Points that are drawn at most: a formula may be defined at few of them."""
PATIENCE = 10
"""How many times the budget certified points may take."""


@dataclass(frozen=True)
class Proof:
    """How the result is known to be right: exactly, or at so many points with certified digits."""

    exact: bool
    points: int = 0


@dataclass(frozen=True)
class Derivation:
    """One differentiation: of ``term`` in ``wrt``, which is the ``order``-th.

    ``derivative`` is what the steps end on; ``tidied`` the symbolic engine's form of it, or where
    the two aren't proved to be the same, its shortest form.
    """

    entry: Entry
    term: Node
    step: Step
    derivative: Node
    tidied: Node
    proof: Proof

    @property
    def wrt(self) -> str:
        """The variable."""
        return self.entry.wrt[-1]


@dataclass(frozen=True)
class Explanation:
    """Every differentiation that was asked for, in order."""

    function: Function
    derivations: tuple[Derivation, ...]


def explain(
    function: Function,
    *,
    wrt: Sequence[str] = (),
    order: int = 1,
    budget: float = 0.5,
    seed: int = 0,
) -> Explanation:
    """Write the derivatives of each output out, in each variable or in those of ``wrt``.

    ``order`` is up to 3: each order is differentiated from the tidied one before it. ``budget`` is
    in seconds, for tidying and an exact proof; certified points may take ten times that. Raises
    UsageError for another order, FormulaError for a function without a closed derivative,
    LimitError where a formula is too long to be written out, DisagreementError where the symbolic
    engine has another derivative.
    """
    if not 1 <= order <= HIGHEST_ORDER:
        raise UsageError(f"order {order}", hint=f"steps are written out up to {HIGHEST_ORDER}")
    names = checked_names(function, wrt)
    derivations: list[Derivation] = []
    for output, formula in enumerate(function.outputs):
        for name in names:
            term = formula
            for count in range(1, order + 1):
                entry = Entry.partial(name, output, (name,) * count)
                derivations.append(_derivation(function, entry, term, budget, seed))
                term = derivations[-1].tidied
    return Explanation(function, tuple(derivations))


def checked_names(function: Function, wrt: Sequence[str]) -> tuple[str, ...]:
    """Return the variables to differentiate in, all of them or those of ``wrt``.

    Raises UsageError for a name that isn't in the formula.
    """
    for name in wrt:
        if name not in function.variables:
            raise UsageError(
                f"{name!r} is not a variable of the formula",
                hint=f"its variables: {', '.join(function.variables) or 'none'}",
            )
    return tuple(wrt) or function.variables or ("x",)


def _derivation(
    function: Function, entry: Entry, term: Node, budget: float, seed: int
) -> Derivation:
    deadline = now() + budget
    step = written(term, entry.wrt[-1], function.variables)
    derivative, output = step.lines[-1], function.outputs[entry.output]
    shortest, partials = tidied(output, derivative, function.variables, deadline)
    proof = proof_of(partials, entry, budget, seed)
    if proof.exact:
        shortest = _read(partials.formula(entry.wrt).text, function.variables) or shortest
    return Derivation(entry, term, step, derivative, shortest, proof)


def tidied(
    output: Node, derivative: Node, variables: tuple[str, ...], deadline: float
) -> tuple[Node, Partials]:
    """Return the shortest form of a derivative, and the symbolic engine on the output and it."""
    partials = Partials(Function(("",), (output, derivative), variables), deadline)
    shortest = derivative
    if read := _read(partials.formula((), 1).text, variables):
        shortest = min(read, derivative, key=lambda form: len(text_of(form)))
    if shortest is not derivative:
        partials = Partials(Function(("",), (output, shortest), variables), deadline)
    return shortest, partials


def _read(text: str | None, variables: tuple[str, ...]) -> Node | None:
    """Return a formula of the symbolic engine; None where it has none, or partials by place."""
    if not text or PARTIAL in text:
        return None
    (read,) = parse(text, variables=variables, unknowns=True).outputs
    return read


def proof_of(partials: Partials, entry: Entry, budget: float, seed: int) -> Proof:
    """Prove that the second output is a partial of the first, or hold them together at points.

    Raises DisagreementError where they differ at a point, UsageError where no point was found.
    """
    if partials.is_equal(entry.wrt, 0, 1):
        return Proof(exact=True)
    return Proof(exact=False, points=_agreeing(partials.function, entry, budget, seed))


def _agreeing(function: Function, entry: Entry, budget: float, seed: int) -> int:
    """Return at how many points the second output is proved to be as a partial of the first."""
    # Imported late: most answers are proved without a ball.
    from diffcli.studies.check.places import draw

    formula, claim = function.outputs
    refuse_unknown([formula])
    has_integral = any(is_integral(node.op) for node in function.nodes)
    drawn = draw(function.variables or entry.wrt, seed, modest=has_integral)
    return count_equal(
        drawn,
        lambda point: (point.number(formula, entry.wrt), point.number(claim)),
        budget,
        missing="the formula has a derivative",
    )


def count_equal(
    drawn: Iterable[Mapping[str, Coordinate]],
    sides: Callable[[RandomPoint], tuple[arb | None, arb | None]],
    budget: float,
    *,
    missing: str,
) -> int:
    """Return at how many of the points drawn two sides are equal as far as digits go.

    A point counts where both have a value. Raises DisagreementError where they differ, UsageError
    where no point counts; ``missing`` is what no point was found for.
    """
    from diffcli.studies.check.places import RandomPoint

    deadline, points = now() + PATIENCE * budget, 0
    for coordinates in islice(drawn, DRAWN):
        point = RandomPoint(coordinates, deadline=deadline)
        left, right = sides(point)
        if left is None or right is None:
            continue
        if not left.overlaps(right):
            raise _disagreement(point)
        points += 1
        if points == POINTS:
            break
    if not points:
        raise UsageError(
            f"no point was found where {missing}, and no proof of the steps",
            hint="allow more time with --check-budget",
        )
    return points


def _disagreement(point: RandomPoint) -> DisagreementError:
    """Return the error that the steps end on another derivative than the engines' at a point."""
    where = ", ".join(f"{name} = {x:g}" for name, x in point.floats.items())
    return DisagreementError(
        f"the steps end on another derivative than the engines' at {where}",
        hint="this is a defect of diffcli: please report the formula",
    )
