"""A function's Taylor polynomial about a point, with exact coefficients where there are any."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import isclose
from typing import TYPE_CHECKING

from diffcli.clock import now
from diffcli.differentiation import Settings, derive
from diffcli.engines.remote import Partials
from diffcli.errors import DiffcliError, LimitError
from diffcli.language.algebra import ZERO, Algebra
from diffcli.language.builder import Builder
from diffcli.language.expression import Node, node, number, variable
from diffcli.language.function import Function
from diffcli.language.parser import parse
from diffcli.language.points import Point
from diffcli.language.printer import text_of
from diffcli.language.tensors import component_name
from diffcli.operators import Taylor
from diffcli.operators.expansion import factorials, indices, monomial
from diffcli.output.cells import Cell, cells
from diffcli.output.report import Report, Result

if TYPE_CHECKING:
    from diffcli.engines.symbolic import Symbolic

LONGEST = 40
"""Characters of an exact coefficient."""


@dataclass(frozen=True)
class Expansion:
    """A Taylor polynomial at one point.

    ``result`` has the coefficients by their monomials, with a check each; ``about`` is the point
    as typed; ``exact`` has the coefficients that are known exactly, as text; ``terms`` says what
    each monomial is in the distances from the point, and so is ``polynomial``, None where a
    coefficient is missing; ``is_rounded`` where it has coefficients that lost digits.
    ``summands`` are the polynomial's terms as far as their coefficients are known, 0 among them.
    """

    result: Result
    about: Mapping[str, str]
    exact: Mapping[str, str]
    terms: Mapping[str, str]
    polynomial: str | None
    is_rounded: bool = False
    summands: tuple[Node, ...] = ()


def expand(
    function: Function,
    points: Sequence[Point],
    settings: Settings,
    *,
    order: int,
    digits: int | None = None,
) -> tuple[Report, tuple[Expansion, ...]]:
    """Return the Taylor polynomials of one formula about points, up to an order.

    ``digits`` are those of coefficients that aren't exact. Raises UsageError for several formulas,
    LimitError where there are too many coefficients.
    """
    report = derive(Taylor(order), function, points, settings)
    expansions = []
    for point, result in zip(points, report.results, strict=True):
        exact: dict[str, str] = {}
        coordinates = _places(point, result)
        if "symbolic" in settings.engines and not function.has_tensors:
            exact = _exact(function, place_of(point), order, result, settings.budget)
        about = {name: text_of(coordinate) for name, coordinate in coordinates.items()}
        powers = _powers(coordinates, order)
        terms = {name: text_of(power) for name, power in powers.items()}
        summands = _summands(result, exact, powers, digits)
        polynomial = text_of(total(summands)) if len(summands) == len(powers) else None
        rounded = any(
            _is_rounded(cell, digits) for cell in cells(result) if cell.entry not in exact
        )
        expansions.append(Expansion(result, about, exact, terms, polynomial, rounded, summands))
    return report, tuple(expansions)


def place_of(point: Point) -> dict[str, Node]:
    """Return the coordinates that were typed as numbers."""
    return {name: value for name, value in point.values.items() if isinstance(value, Node)}


def _places(point: Point, result: Result) -> dict[str, Node]:
    """Return each component's coordinate: as typed, or where it was computed its float."""
    coordinates: dict[str, Node] = {}
    for name, value in point.values.items():
        if isinstance(value, Node):
            coordinates[name] = value
        else:
            coordinates |= _components(name, (result.at or {})[name])
    return coordinates


def _components(name: str, value: object, index: tuple[int, ...] = ()) -> dict[str, Node]:
    if isinstance(value, float):
        return {component_name(name, index): number(value)}
    components: dict[str, Node] = {}
    for index_of_part, part in enumerate(value if isinstance(value, list) else ()):
        components |= _components(name, part, (*index, index_of_part))
    return components


def _exact(
    function: Function, coordinates: Mapping[str, Node], order: int, result: Result, budget: float
) -> dict[str, str]:
    """Return the coefficients that sympy evaluates to a short constant, equal to the number."""
    partials = Partials(function, now() + budget)
    point = Function(tuple(coordinates), tuple(coordinates.values()), ())
    coefficients: dict[str, str] = {}
    for wrt in indices(function.variables, order):
        value = result.derivative[monomial(wrt)]
        try:
            text = partials.ask(_coefficient, point, wrt)
        except LimitError:
            break
        if text is None or len(text) > LONGEST or not _is_near(text, value):
            # Those of higher degree are longer still.
            break
        coefficients[monomial(wrt)] = text
    return coefficients


def _coefficient(symbolic: Symbolic, point: Function, wrt: Sequence[str]) -> str | None:
    """Return a partial at a point, over its factorials, as text. Raises LimitError."""
    from sympy import Integer, Pow

    from diffcli.engines.symbolic import expression, symbol
    from diffcli.engines.terms.formulas import evaluated, readable

    pairs = zip(map(symbol, point.text), expression(point), strict=True)
    values = {name: evaluated(value) for name, value in pairs}
    deadline = symbolic.deadline
    try:
        term = evaluated(symbolic.partial(wrt), deadline, values)
        if any(power.base.is_zero and power.exp.is_negative for power in term.atoms(Pow)):
            return None  # the derivative's formula has a hole there, though the function has none
        coefficient = term / Integer(factorials(wrt))
        return readable(coefficient, deadline, symbolic.spelling).text
    except (TypeError, ValueError, LookupError, AttributeError, ArithmeticError):
        # What sympy raises where a piece that isn't taken has no real value at the point.
        return None


def _is_near(text: str, value: float | None) -> bool:
    """Whether a constant's text is the number that was computed."""
    from diffcli.engines.enclosure import nearest_float

    try:
        (constant,) = parse(text).outputs
        known = nearest_float(constant)
    except DiffcliError:
        return False
    return value is not None and isclose(known, value, rel_tol=1e-9, abs_tol=1e-300)


def _algebra() -> Algebra:
    return Algebra(Builder(_fail))


def _powers(coordinates: Mapping[str, Node], order: int) -> dict[str, Node]:
    """Return each monomial in the distances from the point."""
    algebra = _algebra()
    steps = {
        name: algebra.add(variable(name), algebra.neg(coordinate))
        for name, coordinate in coordinates.items()
    }
    return {
        monomial(wrt): algebra.mul(*(steps[name] for name in wrt))
        for wrt in indices(tuple(coordinates), order)
    }


def _summands(
    result: Result, exact: Mapping[str, str], powers: Mapping[str, Node], digits: int | None
) -> tuple[Node, ...]:
    """Return each power by its coefficient, up to the first coefficient that is missing."""
    algebra = _algebra()
    decimals = {cell.entry: cell.text(digits) for cell in cells(result)}
    summands: list[Node] = []
    for name, power in powers.items():
        if result.derivative[name] is None:
            break
        (coefficient,) = parse(exact.get(name) or decimals[name]).outputs
        summands.append(ZERO if coefficient is ZERO else algebra.mul(coefficient, power))
    return tuple(summands)


def total(summands: Sequence[Node]) -> Node:
    """Return the sum of terms, without those that are 0."""
    terms = [term for term in summands if term is not ZERO]
    return node("add", *terms) if len(terms) > 1 else [*terms, ZERO][0]


def _is_rounded(cell: Cell, digits: int | None) -> bool:
    """Whether it is certain that a coefficient differs from what is shown."""
    if cell.number is None:
        return False
    ends = (cell.check and cell.check.enclosure) or (repr(cell.number),) * 2
    low, high = sorted(map(Fraction, ends))
    return not low <= Fraction(cell.text(digits)) <= high


def _fail(message: str, **_: object) -> LimitError:
    return LimitError(message)
