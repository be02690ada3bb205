"""A certificate: what an answer claims, for the separate package ``diffcli_certificate`` to prove.

It holds the formula as operations that the checker knows, the exact points, and a claim for each
number that is proved. Every claim is tried with the checker before it is written.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from decimal import ROUND_CEILING, ROUND_FLOOR, Context, Decimal
from fractions import Fraction
from functools import partial
from itertools import accumulate, chain, islice
from math import factorial, isinf, prod
from types import MappingProxyType
from typing import Any

import numpy as np

from diffcli.engines.coordinates import arrays_of, by_component
from diffcli.engines.exact import rational
from diffcli.errors import LimitError, UsageError
from diffcli.language.expression import (
    CONSTANT,
    NUMBER,
    VARIABLE,
    IntegralOp,
    Integrand,
    Node,
    constant,
    names_in,
    node,
    number,
    postorder,
)
from diffcli.language.function import Function
from diffcli.language.functions import TABLE
from diffcli.language.points import Point
from diffcli.language.rules import stated
from diffcli.language.tensors import component_names
from diffcli.operators import Entry, Operator
from diffcli.operators.entries import output_name
from diffcli.output.report import Report
from diffcli.tensors.components import expand
from diffcli.tensors.pieces import Pieces
from diffcli.tensors.rules import Positions, Shape
from diffcli.tensors.shapes import shapes_of
from diffcli.tensors.sparsity import Dependence
from diffcli.verdict import Check, Verdict
from diffcli_certificate.claims import Certificate, Rejected, prove
from diffcli_certificate.graph import CONSTANTS, OPERATIONS

MAX_CLAIMS = 1000
"""Numbers of one answer that are claimed."""
MAX_FACTORIAL = 1000
"""Greatest number whose factorial is written out."""
SIDES = (-1, 1)
"""The left and the right."""
DIGITS = 17
"""Significant digits of the ends of an interval that is claimed."""
MEANINGS: Mapping[str, str] = MappingProxyType(
    {
        row.name: row.definition
        for row in TABLE.values()
        if row.definition and row.name != "factorial"  # the checker has no gamma
    }
    | {
        "asin": "2*atan(x/(1 + sqrt(1 - x^2)))",
        "atan2": "piecewise((2*atan(x/(hypot(x, y) + y)), y > 0 or x != 0), (pi, y < 0))",
        "tanh": "1 - 2/(exp(2*x) + 1)",
        "coth": "1 + 2/(exp(2*x) - 1)",
        "normpdf": "piecewise((exp(-((x - y)/z)^2/2)/(z*sqrt(2*pi)), z > 0))",
        "normcdf": "piecewise(((1 + erf((x - y)/(z*sqrt(2))))/2, z > 0))",
    }
)
"""Exact formulas of what the checker doesn't know, with the same domain, in ``x y z``.

Those that aren't the table's read each argument once, are of functions that the checker has, or
leave out the arguments that aren't in the domain.
"""
_TURNED = {"gt": "lt", "ge": "le"}
_EXTREMES = {"max": "piecewise((x, x >= y), (y, True))", "min": "piecewise((x, x <= y), (y, True))"}


def certificate_of(
    operator: Operator, function: Function, points: Sequence[Point], report: Report, *, seed: int
) -> str:
    """Return the certificate of an answer at points, as JSON.

    Raises UsageError where there is no point, where the formula has a function that the checker
    doesn't know, and where none of the answer's claims is proved by it.
    """
    arrays = [arrays_of(point, dtype="float64", seed=seed) for point in points]
    operations = Operations()
    places = [
        {
            name: value
            for name, value in by_component(point, array).values.items()
            if isinstance(value, Node)
        }
        for point, array in zip(points, arrays, strict=True)
    ]
    shapes = {name: array.shape for name, array in arrays[0].items()} if arrays else {}
    outputs, entries = _claimed(operator, function, shapes, report)
    positions = [operations.position(output) for output in outputs]
    used = names_in(outputs)
    read = {
        "points": [
            {name: operations.position(point[name]) for name in point if name in used}
            for point in places
        ],
        "operations": operations.records,
        "outputs": positions,
    }
    claims = [
        claim
        for index, result in enumerate(report.results)
        for check in (*result.value_checks, *result.checks)[:MAX_CLAIMS]
        if (entry := entries.get(check.entry))
        for claim in islice(filter(partial(is_proved, read), claims_of(check, entry, index)), 1)
    ]
    if not claims:
        raise UsageError("no number of this answer is proved by the checker of certificates")
    return certificate_text(report.read_as, report.command, read, claims)


def _claimed(
    operator: Operator, function: Function, shapes: Mapping[str, Shape], report: Report
) -> tuple[Sequence[Node], Mapping[str, Entry]]:
    """Return formulas of numbers, and by its label which partial of which of them a check is of."""
    if function.has_tensors:
        with suppress(LimitError):
            function, shapes = expand(function, shapes_of(function, shapes), shapes), {}
    if any(shapes.values()):
        labels = [check.entry for result in report.results for check in result.checks]
        return _components(operator, function, shapes, labels[:MAX_CLAIMS])
    values = [
        Entry.partial(output_name(function, index), index, ())
        for index in range(len(function.outputs))
    ]
    entries = [*values, *operator.entries(function, ())]
    return function.outputs, {entry.label: entry for entry in entries if entry.is_partial}


def _components(
    operator: Operator, function: Function, shapes: Mapping[str, Shape], labels: Sequence[str]
) -> tuple[Sequence[Node], Mapping[str, Entry]]:
    """Return the terms of each number's own component, where all of them would be too many.

    A formula of numbers at vectors is that of each row; a gradient is that of its sum.
    """
    of_numbers = {
        entry.label: entry.wrt for entry in operator.entries(function, ()) if entry.is_partial
    }
    by_variable = {name: component_names(name, shape) for name, shape in shapes.items()}
    columns = {name: index for index, name in enumerate(chain(*by_variable.values()))}
    known = shapes_of(function, shapes)
    pieces = Pieces(function, known, lambda name, position: by_variable[name][position])
    outputs: list[Node] = []
    entries: dict[str, Entry] = {}
    for label in labels:
        first, *rest = parts = _PART.findall(label)
        output = _OUTPUT.fullmatch(first) if rest and first not in columns else None
        wrt = tuple(rest if output else parts)
        if len(rows := of_numbers.get(label.partition("[")[0], ())) > 1:  # of a formula of numbers
            wrt *= len(rows)
        if not columns.keys() >= {*wrt}:
            continue
        dependence = Dependence(function, known, shapes, np.array([columns[wrt[0]]]))

        def matters(term: Node, positions: Positions, dependence: Dependence = dependence) -> Any:
            return dependence.rows(term, 0)[positions]

        starts = list(accumulate((prod(known[root]) for root in function.outputs), initial=0))
        chosen = [int(output[1]) - 1] if output else range(starts[-1])
        terms = [
            pieces.component(root, position - start, matters)
            for root, start, end in zip(function.outputs, starts, starts[1:], strict=False)
            for position in chosen
            if start <= position < end and dependence.rows(root, 0)[position - start]
        ]
        entries[label] = Entry.partial(label, len(outputs), wrt)
        outputs.append(node("add", number(0), *terms))
    return outputs, entries


_PART = re.compile(r"[^,\[]+(?:\[[^]]*\])?")
"""One of the names of a label: the output's, or a component's, as in ``f2,A[0,1]``."""
_OUTPUT = re.compile(r"f(\d+)")


def certificate_text(
    formula: str, command: str, read: Mapping[str, Any], claims: Sequence[Mapping[str, Any]]
) -> str:
    """Return the JSON of a certificate."""
    text = {"certificate": 1, "formula": formula, "command": command}
    return json.dumps({**text, **read, "claims": claims}, indent=1) + "\n"


def is_proved(read: Mapping[str, Any], claim: Mapping[str, Any]) -> bool:
    """Return whether the checker proves a claim of the operations, outputs and points."""
    try:
        prove(Certificate(**read), claim)
    except Rejected:
        return False
    return True


class Operations:
    """The operations of formulas, each once, arguments before their users."""

    def __init__(self) -> None:
        self.records: list[list[Any]] = []
        self._positions: dict[Node, int] = {}

    def position(self, root: Node) -> int:
        """Return where a node stands among the records, after adding what it needs."""
        for term in postorder([root]):
            if term not in self._positions:
                self._positions[term] = self._added(term)
        return self._positions[root]

    def _added(self, term: Node) -> int:
        args = [self._positions[arg] for arg in term.args]
        if term.op in (NUMBER, VARIABLE):
            return self._record(term.op, str(term.value))
        if term.op == CONSTANT:
            return self._constant(term)
        if term.op == "piecewise":
            return self._record("choose", *args)
        if isinstance(term.op, IntegralOp):
            return self._integral(term.op.integrand, args)
        if term.op in _TURNED:
            return self._record(_TURNED[term.op], *reversed(args))
        if term.op == "ne":
            return self._record("not", self._record("eq", *args))
        if term.op in _EXTREMES:
            return self._extreme(term)
        if term.op in OPERATIONS:
            return self._record(term.op, *args)
        if (exact := self._exact(term)) is not None:
            return self._record(NUMBER, str(exact))
        if term.op in MEANINGS:
            return self.position(stated(MEANINGS[term.op], term))
        raise UsageError(
            f"the checker of certificates doesn't know {term.op}", hint="leave out --certificate"
        )

    def _integral(self, integrand: Integrand, args: Sequence[int]) -> int:
        body = Operations()
        root = body.position(integrand.body)
        described = {
            "variable": integrand.variable,
            "parameters": list(integrand.parameters),
            "operations": body.records,
            "root": root,
        }
        return self._record("integral", described, *args)

    def _exact(self, term: Node) -> Fraction | None:
        """Return a constant, such as 5!, that is computed as a fraction."""
        if term.op == "factorial" and term.args[0].op == NUMBER:
            count = Fraction(term.args[0].value or 0)
            is_whole = count.denominator == 1 and 0 <= count <= MAX_FACTORIAL
            return Fraction(factorial(int(count))) if is_whole else None
        return None if names_in([term]) or term.op not in TABLE else rational(term)

    def _record(self, name: str, *rest: Any) -> int:
        self.records.append([name, *rest])
        return len(self.records) - 1

    def _constant(self, term: Node) -> int:
        if term.value == "tau":
            return self._record("mul", self._record(NUMBER, "2"), self._constant(constant("pi")))
        if term.value in ("true", "false"):
            truth = self._record("true")
            return truth if term.value == "true" else self._record("not", truth)
        if term.value not in CONSTANTS:
            raise UsageError(
                f"the checker of certificates doesn't know {term.value}",
                hint="leave out --certificate",
            )
        return self._record(CONSTANT, term.value)

    def _extreme(self, term: Node) -> int:
        """Add the greatest, or the least, of two arguments or more."""
        best, *others = term.args
        for other in others:
            best = stated(_EXTREMES[term.op], node(term.op, best, other))
        return self.position(best)


def claims_of(check: Check, entry: Entry, point: int) -> Iterator[dict[str, Any]]:
    """Yield what a check may claim, for the checker to choose from."""
    about: dict[str, Any] = {"point": point, "output": entry.output}
    if check.verdict is Verdict.UNDEFINED:
        yield {"kind": "undefined", **about}
    if check.enclosure:
        interval = widened(*check.enclosure)
        yield {"kind": "number", **about, "partial": list(entry.wrt), "interval": interval}
    if len(entry.wrt) != 1:
        return
    about["variable"] = entry.wrt[0]
    if check.enclosure:  # the point is an end of the domain
        yield from (
            {"kind": "slope", **about, "side": side, "interval": interval} for side in SIDES
        )
    if check.verdict is Verdict.NOT_DIFFERENTIABLE:
        if check.left is not None and check.right is not None:
            sides = {"left": _slope(check.left), "right": _slope(check.right)}
            yield {"kind": "kink", **about, **sides}
        yield from ({"kind": "jump", **about, "side": side} for side in SIDES)
        yield from ({"kind": "slope", **about, "side": side, "interval": None} for side in SIDES)


def _slope(value: float) -> list[str] | None:
    """Return an interval around a one-sided derivative; None where it is infinite."""
    return None if isinf(value) else widened(repr(value), repr(value))


def widened(low: str, high: str) -> list[str]:
    """Return decimal ends a little outside an interval, so that it can be proved by intervals."""
    ends = Decimal(low), Decimal(high)
    size = max(map(abs, ends))
    margin = Decimal(1).scaleb(size.adjusted() - DIGITS + 1 if size else -300)
    down, up = Context(DIGITS, ROUND_FLOOR), Context(DIGITS, ROUND_CEILING)
    return [str(down.subtract(ends[0], margin)), str(up.add(ends[1], margin))]
