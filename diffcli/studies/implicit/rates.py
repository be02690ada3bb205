"""Related rates: x(t)² + y(t)² = 25 differentiated in t, and y' where x' is known.

Along x₀ + x'·t + … the equation is one in t and the functions whose rates are wanted, so that their
derivatives are implicit ones, decided and proved as those of any curve.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from math import factorial
from typing import Any

from diffcli.clock import now
from diffcli.differentiation import Settings
from diffcli.engines.remote import Partials
from diffcli.errors import DiffcliError, PointError, UsageError
from diffcli.language.algebra import ZERO, Algebra
from diffcli.language.builder import Builder
from diffcli.language.derivative import differentiate
from diffcli.language.equations import Equations, Residuals, read_equations
from diffcli.language.expression import (
    VARIABLE,
    Node,
    is_unknown,
    names_in,
    node,
    number,
    postorder,
    substituted,
    variable,
)
from diffcli.language.formula import Formula
from diffcli.language.function import Function
from diffcli.language.latex.scan import scan
from diffcli.language.names import natural_key
from diffcli.language.points import Point
from diffcli.language.tokens import NAME
from diffcli.language.unknown import parts_of
from diffcli.studies.implicit.derivatives import Derivative, derivatives
from diffcli.studies.implicit.formulas import Unknowns
from diffcli.verdict import Check, Verdict

PRIME = "'"
"""The sign behind the name of a function whose rate is meant, once for each order."""


@dataclass(frozen=True)
class Related(Residuals):
    """Equations between functions of one variable, ``time``, each as a variable of its own.

    ``variables`` are what a point gives: values of the functions, of the constants, and rates.
    """

    functions: tuple[str, ...] = ()
    time: str = ""

    @property
    def known(self) -> tuple[str, ...]:
        """The functions whose rates the point gives."""
        return tuple(name for name in self.functions if name + PRIME in self.variables)

    def orders(self, name: str) -> Iterator[tuple[int, str]]:
        """Yield the orders of a function that the point gives, from the value on."""
        order = 0
        while (rate := name + PRIME * order) in self.variables:
            yield order, rate
            order += 1


def read_related(
    texts: Sequence[str], asked: Sequence[str], *, declared: Sequence[str] = (), **known: Any
) -> Function:
    """Read equations; those between functions of one variable, as :class:`Related`.

    A name is a function although the point gives its value where the point gives a rate.
    ``declared`` ends in the names ``asked`` for by options. Raises what ``read_equations`` raises,
    and UsageError for functions of several variables.
    """
    given = declared[: len(declared) - len(asked)]
    rates = [name for name in given if PRIME in name]
    plain = [name for name in given if PRIME not in name]
    called = _called(texts)
    if plain and not rates:
        _check_rates(called, plain)
        called = {}
    free = [name for name in (*plain, *asked) if name not in called]
    equations = read_equations(texts, declared=free, unknowns=bool(called), **known)
    calls = [term for term in postorder(equations.function.outputs) if is_unknown(term.op)]
    return _related(equations, calls, plain, rates) if calls else equations.function


def _check_rates(called: Mapping[str, str], plain: Sequence[str]) -> None:
    """Refuse a point that gives values of functions, no rate, and nothing for their variable."""
    for name, time in called.items():
        if name in plain and time not in plain:
            raise PointError(
                f"{name}({time}) has a value here, and nothing says how fast it changes",
                hint=f'give rates too: --at "{name}=3,{name}\'=2"',
            )


def _related(
    equations: Equations, calls: Sequence[Node], plain: Sequence[str], rates: Sequence[str]
) -> Related:
    """Return equations with a variable in the place of each call.

    ``plain`` are the names that the point gives, ``rates`` those of derivatives.
    """
    function = equations.function
    times = {str(arg.value) for call in calls for arg in call.args if arg.op == VARIABLE}
    if len(times) != 1 or any(len(call.args) > 1 or call.args[0].op != VARIABLE for call in calls):
        raise UsageError(
            "an equation of functions that aren't all of one variable",
            hint="write x(t)^2 + y(t)^2 = 25, or define them: f(x) = x^2; f(x) + y^2 = 1",
        )
    if any(parts_of(call.op)[1] != (0,) for call in calls):
        raise UsageError("an equation with rates in it", hint="write it in the functions alone")
    (time,) = times
    variables = {call: variable(parts_of(call.op)[0]) for call in calls}
    outputs = tuple(substituted(output, variables) for output in function.outputs)
    functions = sorted({str(function.value) for function in variables.values()}, key=natural_key)
    names = names_in(outputs)
    wanted = [name for name in names if name not in functions or not plain or name in plain]
    for name in rates:
        if name.rstrip(PRIME) not in functions:
            raise PointError(
                f"{name} is no rate of the equation", hint=f"its functions: {', '.join(functions)}"
            )
    return Related(
        text=function.text,
        outputs=outputs,
        variables=(*sorted(wanted, key=natural_key), *sorted(rates)),
        definitions=function.definitions,
        readings=function.readings,
        sides=equations.sides,
        functions=tuple(functions),
        time=time,
    )


def _called(texts: Sequence[str]) -> dict[str, str]:
    """Return the names before a bracket that holds one name alone, with that name."""
    calls = {}
    for text in texts:
        tokens = scan(text).tokens
        for index, token in enumerate(tokens[:-3]):
            following = [token.text for token in tokens[index + 1 : index + 4]]
            is_call = following[0] == "(" and following[2] == ")" and token.kind == NAME
            if is_call and tokens[index + 2].kind == NAME:
                calls[token.text] = following[1]
    return calls


def unknown_rates(function: Related, of: Collection[str]) -> Unknowns:
    """Return which rates are wanted: those that the point doesn't give, else the last ones.

    Raises UsageError where there aren't as many as equations.
    """
    count = len(function.outputs)
    wanted = tuple(of) or tuple(x for x in function.functions if x not in function.known)
    chosen = not of and not function.known and len(wanted) > count
    wanted = wanted[-count:] if chosen else wanted
    if len(wanted) != count or not set(wanted) <= set(function.functions):
        rates = ", ".join(name + PRIME for name in function.functions)
        raise UsageError(
            f"{count} equation{'s' * (count > 1)} for {len(wanted)} unknown rates",
            hint=f"of {rates} the point gives all but {count}",
        )
    return Unknowns(wanted, (function.time,), chosen)


def rates(
    function: Related,
    unknowns: Unknowns,
    points: Sequence[Point],
    settings: Settings,
    order: int,
) -> list[list[Derivative]]:
    """Return the rates up to an order at each point; without a point, formulas of the first order.

    Raises PointError where the point gives too little, or isn't on the curve.
    """
    formulas = _formulas(function, unknowns, settings) if "symbolic" in settings.engines else {}
    if not points:
        if order > 1:
            raise UsageError("a rate of a higher order without a point", hint="leave out --order")
        return [
            [
                Derivative(name, function.time, 1, formulas.get(name, Formula()))
                for name in unknowns.of
            ]
        ]
    results = []
    for point in points:
        curve, coordinates = _along(function, unknowns, point, order)
        try:
            (answers,) = derivatives(curve, unknowns, [coordinates], settings, order=order)
            if shifted := _shifted(point):
                other, _ = _along(function, unknowns, shifted, order)
                (others,) = derivatives(other, unknowns, [coordinates], settings, order=order)
                answers = list(map(_weighed, answers, others))
        except PointError as error:
            raise PointError(
                f"at the values that are given, {error.message}", hint=error.hint
            ) from None
        first = [replace(answer, formula=formulas.get(answer.of, Formula())) for answer in answers]
        results.append(
            [
                answer if answer.order == 1 else replace(answer, formula=Formula())
                for answer in first
            ]
        )
    return results


def _shifted(point: Point) -> Point | None:
    """Return a point with other rates, which no equation is made for; None if it has no rates."""
    rates = [name for name in point.values if PRIME in name]
    values = dict(point.values)
    for index, name in enumerate(rates):
        if isinstance(value := values[name], Node):
            values[name] = node("add", value, number(Fraction(1009 + 97 * index, 1013)))
    return Point(values) if rates else None


def _weighed(answer: Derivative, other: Derivative) -> Derivative:
    """Return a derivative along a line as one along all curves that have its rates, if it is.

    Where the equation isn't smooth, x'·t + … isn't every function with the rate x': of y³ = x with
    x' = 0 it makes y' = 0, but x = t³ makes it 1. There other rates have another verdict.
    """
    if answer.check is None or other.check is None:
        return answer
    if answer.check.verdict is other.check.verdict:
        return answer
    reason = "the equation is singular or not smooth there: these rates may not determine it"
    return replace(answer, check=Check(answer.check.entry, Verdict.UNVERIFIED, reason=reason))


def _along(
    function: Related, unknowns: Unknowns, point: Point, order: int
) -> tuple[Function, Point]:
    """Return the equations in the variable and the unknown functions alone, and their point."""
    values: dict[str, Node] = {}
    for name, value in point.values.items():
        if not isinstance(value, Node):
            raise PointError(f"{name} is one number here", hint='--at "x=3,y=4,x\'=2"')
        values[name] = value
    time = function.time
    start = values.get(time, ZERO)
    step = variable(time) if start is ZERO else node("add", variable(time), node("neg", start))
    polynomials: dict[Node, Node] = {}
    for name in function.functions:
        if name in unknowns.of:
            continue
        given = dict(function.orders(name))
        missing = next((n for n in range(order + 1) if n not in given), None)
        if missing is not None:
            raise PointError(
                f"no value for {name + PRIME * missing}", hint=f'add --at "{name}\'=…"'
            )
        terms = [_term(values[given[n]], step, n) for n in range(order + 1)]
        polynomials[variable(name)] = node("add", *terms)
    for name, value in values.items():
        if name not in function.functions and PRIME not in name and name != time:
            polynomials[variable(name)] = value
    outputs = tuple(substituted(output, polynomials) for output in function.outputs)
    coordinates = {time: start}
    for name in unknowns.of:
        coordinates[name] = values[name] if name in values else _solved(function, name, values)
    return Function(function.text, outputs, (time, *unknowns.of)), Point(coordinates)


def _term(value: Node, step: Node, order: int) -> Node:
    """Return a term of the Taylor polynomial of a function whose derivatives are known."""
    if order == 0:
        return value
    power = step if order == 1 else node("pow", step, number(order))
    return node("div", node("mul", value, power), number(factorial(order)))


def _solved(function: Related, name: str, values: Mapping[str, Node]) -> Node:
    """Return the value that an equation gives a function which stands alone on one side of it."""
    known = {variable(name): value for name, value in values.items()}
    for sides in function.sides:
        for alone, other in (sides, sides[::-1]):
            if not (is_unknown(alone.op) and parts_of(alone.op)[0] == name):
                continue
            calls = {
                name: variable(parts_of(name.op)[0])
                for name in postorder([other])
                if is_unknown(name.op)
            }
            value = substituted(substituted(other, calls), known)
            if not names_in([value]):
                return value
    raise PointError(f"no value for {name}", hint=f"add --at {name}=…")


def _formulas(function: Related, unknowns: Unknowns, settings: Settings) -> dict[str, Formula]:
    """Return the rate of one equation as a formula: −(Σ Fₓ·x' + Fₜ)/F_y."""
    if len(function.outputs) > 1:
        return {}
    (output,), (name,) = function.outputs, unknowns.of
    algebra = Algebra(Builder())
    try:
        moved = [
            algebra.mul(differentiate(output, x, algebra.build), variable(x + PRIME))
            for x in function.functions
            if x != name
        ]
        if function.time in names_in([output]):
            moved.append(differentiate(output, function.time, algebra.build))
        below = differentiate(output, name, algebra.build)
    except DiffcliError as error:
        return {name: Formula(reason=error.message)}
    rate = node("neg", node("div", algebra.add(*moved), below))
    names = tuple(sorted(names_in([rate]), key=natural_key))
    partials = Partials(Function(("",), (rate,), names), now() + settings.budget)
    return {name: partials.formula((), 0)}
