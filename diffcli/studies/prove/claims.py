"""Claims as typed: comparisons, or ``increasing(f, x)``, ``convex(f)`` and their like."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any

from diffcli.commands.boxes import by_components
from diffcli.errors import FormulaError, UsageError
from diffcli.language.expression import Node, names_in, node
from diffcli.language.function import Function
from diffcli.language.parser import parse
from diffcli.language.ranges import Ends, Ranges
from diffcli.studies.prove.forms import condition_of, spoken, with_equality
from diffcli.studies.prove.lists import split, written_out


class Kind(Enum):
    """What is claimed of a formula."""

    COMPARISON = "comparison"
    INCREASING = "increasing"
    DECREASING = "decreasing"
    CONVEX = "convex"
    CONCAVE = "concave"
    LIPSCHITZ = "lipschitz"
    INJECTIVE = "injective"


_CALL = re.compile(
    rf"\s*({'|'.join(kind.value for kind in Kind if kind is not Kind.COMPARISON)})\s*\((.*)\)\s*$",
    re.DOTALL,
)
EXAMPLE = '"sin(x) <= x", "convex(x^2)", "lipschitz(sin(x), 1)"'


@dataclass(frozen=True)
class Claim(Function):
    """A claim that has been read: its outputs are the comparison, or the formula it is about.

    ``variable`` is that of ``increasing(f, x)``, ``constant`` the L of ``lipschitz(f, L)``.
    """

    kind: Kind = Kind.COMPARISON
    variable: str | None = None
    constant: Node | None = None


def read_claim(texts: Sequence[str], **names: Any) -> Claim:
    """Read one claim; ``names`` are those of :func:`diffcli.language.parser.parse`.

    Raises FormulaError where it can't be read, or is none.
    """
    (text, *more) = texts
    if more:
        raise FormulaError("more than one claim", hint="join them: a < b and b < c")
    typed, text = text, written_out(text)
    call = _CALL.match(text)
    if call is None:
        return replace(_comparison(text, names), text=(typed,))
    kind = Kind(call[1])
    formula, *rest = split(call[2])
    function = parse([formula], **names)
    if not function.is_scalar:
        raise FormulaError(f"{kind.value} takes one formula", hint=EXAMPLE)
    claim = replace(_claimed(function, typed), kind=kind)
    if kind in (Kind.INCREASING, Kind.DECREASING):
        return replace(claim, variable=_variable(rest, function, kind))
    if kind is Kind.LIPSCHITZ:
        if len(rest) != 1:
            raise FormulaError("lipschitz takes a formula and a number", hint=EXAMPLE)
        bound = parse([rest[0]]).outputs[0]
        if names_in([bound]):
            raise FormulaError("the Lipschitz constant is a number", hint=EXAMPLE)
        return replace(claim, constant=bound)
    if rest:
        raise FormulaError(f"{kind.value} takes one formula", hint=EXAMPLE)
    return claim


def _claimed(function: Function, text: str) -> Claim:
    return Claim(
        (text,), function.outputs, function.variables, function.definitions, function.readings
    )


def _comparison(text: str, names: dict[str, Any]) -> Claim:
    if ";" not in text:
        text = with_equality(text)
    function = parse([text], **names)
    claim = condition_of(function.outputs[0]) if function.is_scalar else None
    if claim is None:
        raise FormulaError("this claims nothing", hint=f"a comparison, as in {EXAMPLE}")
    said = spoken(function.readings)
    return replace(_claimed(function, text), outputs=(claim,), readings=said)


def _variable(rest: Sequence[str], function: Function, kind: Kind) -> str:
    names = [name.strip() for name in rest]
    if not names and len(function.variables) == 1:
        return function.variables[0]
    if len(names) != 1 or names[0].partition("[")[0] not in function.variables:
        listed = ", ".join(function.variables)
        raise FormulaError(
            f"{kind.value} in which variable?", hint=f"{kind.value}(f, x); the formula has {listed}"
        )
    return "".join(names[0].split())


def claim_of_numbers(claim: Claim, box: Mapping[str, Ranges]) -> tuple[Claim, Mapping[str, Ends]]:
    """Return a claim over a box as one of numbers, and the ranges of its variables.

    What is claimed of a tensor is claimed of all its components. Raises UsageError where the
    operations don't take the shapes of the box, or a claim of tensors isn't clear.
    """
    parts = by_components(claim, box)
    if not parts.shapes:
        return _with_outputs(claim, claim.outputs, claim.variables), parts.ranges
    for each in claim.nodes:
        if each.op in ("or", "not") and parts.shapes[each]:
            raise UsageError(
                f"{each.op} joins claims of numbers, and this one is of tensors",
                hint="write the components: x[0] > 0 or x[1] > 0",
            )
    outputs = parts.function.outputs
    if claim.kind is Kind.COMPARISON and len(outputs) > 1:
        outputs = (node("and", *outputs),)
    if len(outputs) > 1:
        shape = list(parts.shapes[claim.outputs[0]])
        raise UsageError(
            f"{claim.kind.value} is about one number, and the formula has the shape {shape}",
            hint="sum, norm, or a component: x[0]",
        )
    return _with_outputs(claim, outputs, parts.function.variables), parts.ranges


def _with_outputs(claim: Claim, outputs: Sequence[Node], variables: tuple[str, ...]) -> Claim:
    if claim.variable is not None and claim.variable not in variables:
        raise FormulaError(
            f"{claim.kind.value} in which component?", hint=f"it has {', '.join(variables)}"
        )
    return replace(claim, outputs=tuple(outputs), variables=variables, definitions=())
