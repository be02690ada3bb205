"""The commands of the operators, made from their registry."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from math import hypot
from types import MappingProxyType
from typing import Any

from diffcli.commands.record import Command, Compute, Plan, Request, parse_asked
from diffcli.commands.sizes import check_size
from diffcli.differentiation import Settings, derive
from diffcli.differentiation.code.functions import UserFunction
from diffcli.differentiation.code.reports import derive_user
from diffcli.errors import DiffcliError, PointError, UsageError
from diffcli.language.expression import Node
from diffcli.language.function import Function
from diffcli.language.parser import parse
from diffcli.language.points import Point, Tensor, Typed, read_points
from diffcli.operators import MODES, OPERATORS, Directional, Eval, Grad, Operator, Partial
from diffcli.options import (
    ASSUME,
    CERTIFICATE,
    NUMBERS,
    ORDER,
    OUTPUT,
    POINTS,
    SHAPES,
    WRT,
    Kind,
    Option,
    names,
    one_of,
    variables,
)
from diffcli.output.answers import answer_of
from diffcli.output.document import Answer
from diffcli.studies.coordinates import COORDINATES, is_curved
from diffcli.studies.coordinates import plan as plan_curved

MODE = Option(
    "mode",
    Kind.TEXT,
    "How autograd goes: auto (default), reverse (by rows) or forward (by columns).",
    default="auto",
    metavar="MODE",
    group=NUMBERS,
    choices=tuple(MODES),
)
VECTOR = Option(
    "vector",
    Kind.VECTOR,
    "Vector to multiply by: x=1,y=-1, or [1,-1] in the order of the variables.",
    metavar="VECTOR",
    group=POINTS,
)
SPARSE = Option(
    "sparse",
    Kind.FLAG,
    "Give only the entries that the formula's structure lets differ from zero.",
    default=False,
    group=NUMBERS,
)
COMPONENTS = Option(
    "components",
    Kind.FLAG,
    "Write a derivative of tensors out, a formula for each of its numbers.",
    default=False,
    group=OUTPUT,
)
DIRECTIONAL = Option(
    "directional",
    Kind.VECTOR,
    "Differentiate along this vector, as long as it is: x=1,y=-1.",
    metavar="VECTOR",
    group=POINTS,
)


def read_vector(text: str | None) -> Typed | None:
    """Read a vector. Raises PointError where it can't be read, or is several."""
    if text is None:
        return None
    first, *more = read_points([text])
    if more:
        raise PointError("several vectors", hint="give one: x=1,y=-1")
    return first


FIELDS: Mapping[str, tuple[Option, Callable[[Any], Any]]] = MappingProxyType(
    {
        "wrt": (WRT, variables),
        "order": (ORDER, int),
        "mode": (MODE, lambda text: one_of(text, MODES, "--mode")),
        "vector": (VECTOR, read_vector),
        "sparse": (SPARSE, bool),
    }
)
"""The option that sets each field of an operator, and how its text is read."""


def command_of(name: str) -> Command:
    """Return the command of an operator; its fields are its options."""
    operator = OPERATORS[name]
    fields = inspect.signature(operator).parameters.values()
    own = (replace(FIELDS[field.name][0], default=field.default or None) for field in fields)
    more = (COMPONENTS,) if operator.has_closed_form else ()
    more = (*more, COORDINATES) if operator.knows_coordinates else more
    text = (inspect.getdoc(operator) or "").replace("``", "")
    command = Command(
        name,
        help=text,
        examples=operator.examples,
        options=(*own, *more),
        plan=_plan,
    )
    command = replace(command, **_OF_THEIR_OWN.get(name, {}))
    certificate = (CERTIFICATE,) if operator.has_certificate else ()
    return replace(command, options=(*command.options, SHAPES, ASSUME, *certificate))


def _refuse_certificate(request: Request, of_what: str) -> None:
    if request.options.get("certificate") is not None:
        raise UsageError(f"no certificate is written {of_what}", hint="leave out --certificate")


def _plan(request: Request) -> Plan:
    if is_curved(request):
        _refuse_certificate(request, "in other coordinates")
        return plan_curved(request)
    operator = OPERATORS[request.command]
    fields = inspect.signature(operator).parameters
    read = {field: FIELDS[field][1](request[field]) for field in fields if field != "wrt"}
    if "wrt" in fields:
        read["wrt"] = _chosen(request)
    return plan_of(operator(**read), request, declared=read.get("wrt", ()))


def _chosen(request: Request) -> tuple[str, ...]:
    """Return the variables of ``--wrt``; of code as typed, where ``0.bias`` is a parameter."""
    return names(request["wrt"]) if request["py"] is not None else variables(request["wrt"])


def plan_of(operator: Operator, request: Request, **more: Any) -> Plan:
    """Return how an operator's derivative is computed: of real numbers, complex ones, or code.

    Raises UsageError for several formulas where the operator takes one.
    """
    formulas = more.get("formulas", request.formulas)
    if operator.of_one_number and len(formulas) > 1:
        raise UsageError(
            f"{operator.name} takes one formula, and there are {len(formulas)}",
            hint=_meant(formulas),
        )
    if request["dtype"] == "complex128":
        from diffcli.studies.complex import plan

        _refuse_certificate(request, "of complex numbers")
        return plan(operator, request, **more)
    if request["py"] is None:
        takes_unknowns = not isinstance(operator, Eval)
        return Plan(_compute(operator, request), takes_unknowns=takes_unknowns, **more)
    _refuse_certificate(request, "of code")
    if request.formulas:
        raise UsageError("a formula, and --py too", hint="give one of them")

    def compute(function: UserFunction, points: Sequence[Point], chosen: Settings) -> Answer:
        return answer_of(derive_user(operator, function, points, chosen))

    return Plan(compute, is_code=True)


def _meant(formulas: Sequence[str]) -> str:
    """Return what a second formula was probably meant as: a point, or the rest of the first."""
    try:
        read_points(formulas[1:2])
    except DiffcliError:
        whole = " ".join(formulas)
        return f'if it is one, write it in quotes: "{whole}"; of several there is their jacobian'
    return f"a point is given by --at {formulas[1]}; the derivative of several is their jacobian"


def _compute(operator: Operator, request: Request) -> Compute:
    def compute(function: Function, points: Sequence[Point], chosen: Settings) -> Answer:
        asked = operator.asked(function.asked)
        check_size(asked, function, points)
        if request["device"] == "auto" and any(map(_has_tensors, points)):
            from diffcli.engines.devices import device_for

            chosen = replace(chosen, device=device_for(function, points))
        with request.host.preview(asked, function, points, chosen):
            report = derive(asked, function, points, chosen)
        answer = answer_of(report)
        if (path := request.options.get("certificate")) is None:
            return answer
        from diffcli.export.certificate import certificate_of

        text = certificate_of(asked, function, points, report, seed=chosen.seed)
        return replace(answer, files={path: text})

    return compute


def _has_tensors(point: Point) -> bool:
    return not all(isinstance(value, Node) for value in point.values.values())


def _plan_grad(request: Request) -> Plan:
    if is_curved(request):
        _refuse_certificate(request, "in other coordinates")
        return plan_curved(request)
    order, chosen = request["order"], _chosen(request)
    along = read_vector(request["directional"])
    if along:
        if order > 1 or chosen:
            raise UsageError(
                "--directional goes without --order and --wrt", hint="the vector says all"
            )
        _tell_length(along, request)
        return plan_of(Directional(along), request)
    operator = Grad(order, chosen, FIELDS["mode"][1](request["mode"]))
    reader = parse if order > 1 or chosen else parse_asked
    return plan_of(operator, request, declared=chosen, reader=reader)


def _tell_length(vector: Typed, request: Request) -> None:
    """Say how long a direction is, which another convention would make a unit vector."""
    from diffcli.engines.enclosure import nearest_float

    values = (*vector.ordered, *vector.named.values())
    entries = [value.entries if isinstance(value, Tensor) else (value,) for value in values]
    numbers = [value for part in entries for value in part if isinstance(value, Node)]
    length = hypot(*map(nearest_float, numbers))
    if length != 1:
        request.host.say(
            f"the vector is taken as it is, of length {length:.6g}: no unit vector is made of it"
        )


def _plan_partial(request: Request) -> Plan:
    formulas, wrt = request.formulas, request["wrt"]
    if request["py"] is not None:
        chosen = tuple(name for text in formulas for name in names(text))
        return plan_of(Partial(wrt=chosen), replace(request, formulas=()))
    chosen = variables(wrt)
    if wrt is None:
        formulas, given = formulas[:1], formulas[1:]
        chosen = tuple(name for text in given for name in variables(text))
    if formulas and not chosen:
        raise UsageError("a partial in which variables?", hint=Partial.examples)
    return plan_of(Partial(wrt=chosen), request, formulas=formulas, declared=chosen)


_OF_THEIR_OWN: Mapping[str, Mapping[str, Any]] = {
    "grad": {"options": (ORDER, WRT, MODE, DIRECTIONAL, COORDINATES), "plan": _plan_grad},
    "partial": {
        "options": (replace(WRT, is_hidden=True),),
        "plan": _plan_partial,
        "takes_more": True,
    },
}
"""The records of commands that need more than their operator's fields."""
