"""One request: formulas and points are read, the command computes, and an Answer comes back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from diffcli.commands.record import Host, Request
from diffcli.commands.registry import command
from diffcli.commands.settings import settings
from diffcli.errors import DiffcliError, FormulaError, PointError, UsageError
from diffcli.language.declarations import declarations
from diffcli.language.function import Function, Given
from diffcli.language.given import given_by
from diffcli.language.parser import parse, unambiguous
from diffcli.language.points import Point, Typed, check_count, read_points
from diffcli.language.tokens import is_latex
from diffcli.language.unknown import refuse_unknown
from diffcli.language.vocabulary import IMAGINARY
from diffcli.options import variables
from diffcli.output.document import Answer, Mark

if TYPE_CHECKING:
    from diffcli.differentiation.code.functions import UserFunction

_OF_COMPLEX_NUMBERS = frozenset({"eval", "grad", "partial"})
"""Commands that answer for complex numbers too."""


def run(request: Request, rows: Sequence[Typed] | None = None) -> Answer:
    """Answer a request; ``rows`` are the points of a file.

    Raises DiffcliError for what can't be read, and for what the command refuses.
    """
    asked = command(request.command)
    request = request.filled(asked.all_options)
    if asked.plan is None:
        raise UsageError(f"{request.command} answers no requests")
    plan = asked.plan(request)
    if request["py"] is not None and not plan.is_code:
        raise UsageError("a formula is wanted here", hint="--py goes with grad, jacobian and such")
    if request["py"] is None and (request["loss"] or request["inputs"]):
        raise UsageError("a loss and a batch of no module", hint="--py FILE:NAME names the module")
    chosen = settings(request, is_complex=plan.is_complex)
    points = _points(request["at"] if plan.at is None else plan.at, rows)
    if plan.is_code:
        user = _code(request, points)
        bound = user.starts or [point.bind(user.variables) for point in points]
        return plan.compute(user, bound, chosen)
    formulas = request.formulas if plan.formulas is None else plan.formulas
    reader = plan.reader
    if plan.takes_unknowns and not points:
        reader = partial(reader, unknowns=True)
    function = read_function(request, formulas, points, plan.declared, reader)
    if function.has_tensors:
        refuse_unknown(function.nodes)
    if (unit := _unit(request, function, points)) is not None:
        answer = _of_complex_numbers(request, unit, rows)
        if answer is not None:
            return answer
    defined = dict(function.definitions)
    bound = [point.bind(function.variables, defined) for point in points]
    answer = plan.compute(function, bound, chosen)
    if plan.is_complex or answer.figure is not None:
        return answer
    return replace(answer, figure=partial(_figure, function, bound, answer.marks))


def _figure(function: Function, points: Sequence[Point], marks: Sequence[Mark]) -> str | None:
    """Return the plot beside an answer."""
    from diffcli.output.plots.beside import figure_beside

    return figure_beside(function, points, marks)


def _unit(request: Request, function: Function, points: Sequence[Typed]) -> str | None:
    """Return the ``i`` that has no value where all other variables have one, if it is so."""
    if request.command not in _OF_COMPLEX_NUMBERS or request["dtype"] not in (None, "float64"):
        return None
    units = [name for name in function.variables if name in IMAGINARY]
    count = len(function.variables) - 1
    is_alone = points and all(
        units[0] not in point.named and len(point.named) + len(point.ordered) == count
        for point in points
        if units
    )
    return units[0] if len(units) == 1 and is_alone else None


def _of_complex_numbers(request: Request, unit: str, rows: Sequence[Typed] | None) -> Answer | None:
    """Return the answer in complex128 where every value is real to its last digit, else None."""
    quiet = replace(request, options={**request.options, "dtype": "complex128"}, host=Host())
    try:
        answer = run(quiet, rows)
    except DiffcliError:
        return None
    values = [result["value"] for result in answer.data()["results"]]
    if not values or not all(value and value["im"] == 0 for value in values):
        return None
    request.host.say(f"{unit} has no value: it is the imaginary unit, as with --dtype complex128")
    return answer


def _code(request: Request, points: Sequence[Typed]) -> UserFunction:
    """Load the function of ``--py``, or the loss of its module at a batch."""
    from diffcli.differentiation.code.functions import load, load_module

    loss, inputs = request["loss"], request["inputs"]
    if loss is None and inputs is None:
        return load(request["py"])
    return load_module(request["py"], loss, inputs, points, request["dtype"])


def _points(at: Sequence[str] | None, rows: Sequence[Typed] | None) -> Sequence[Typed]:
    typed = read_points(at or ())
    if rows is None:
        return typed if at else ()
    check_count(len(rows) * len(typed))
    return [_together(row, given) for row in rows for given in typed]


def _together(row: Typed, given: Typed) -> Typed:
    for name in row.named.keys() & given.named.keys():
        raise PointError(f"{name} has two values", hint="it stands in --at and in the file")
    return Typed({**row.named, **given.named}, given.ordered)


def read_function(
    request: Request,
    formulas: Sequence[str],
    points: Sequence[Typed],
    declared: Sequence[str] = (),
    reader: Callable[..., Function] = parse,
) -> Function:
    """Read the formulas of a request; tell its host what has two readings.

    The names of the points, and those ``declared``, are variables. Raises FormulaError where the
    formulas can't be read, or with ``strict`` have two readings.
    """
    if not formulas:
        raise UsageError("no formula", hint='diffcli grad "x^2 + 1" --at 3')
    named = [name for point in points for name in point.named]
    read = partial(
        reader,
        formulas,
        variables=variables(request["vars"]),
        declared=(*named, *declared),
        definitions=request["let"] or (),
    )
    texts = request.options.get("shapes"), request.options.get("assume")
    if not any(map(is_latex, formulas)) and texts == (None, None):
        function = read()
    else:
        function = _read_with(read, given_by(points), texts)
        if any(point.ordered for point in points):
            # Which values are whose is known now, and so are the vectors among the variables.
            function = _read_with(read, given_by(points, function.variables), texts)
    if function.readings and request["strict"]:
        raise FormulaError(
            f"the formula has more than one reading: {'; '.join(function.readings)}",
            hint=_unambiguous(function),
        )
    if function.readings:
        request.host.say(f"read as {function.read_as}")
        for reading in function.readings:
            request.host.say(f"  {reading}")
    return function


def _read_with(
    read: Callable[..., Function], given: Given, texts: tuple[str | None, str | None]
) -> Function:
    """Read formulas of which a point, and the texts of shapes and assumptions, say more."""
    return read(given=given, said=declarations(*texts, given.shapes))


def _unambiguous(function: Function) -> str:
    """Return how a formula with two readings is typed with one."""
    text = unambiguous(function)
    if text is None:
        return "leave out --strict, or give the variables names that mean nothing else"
    needs_names = any(len(name) > 1 and name.isalpha() for name in function.variables)
    names = f" with --vars {','.join(function.variables)}" if needs_names else ""
    return f"if this is meant, write {text}{names}"
