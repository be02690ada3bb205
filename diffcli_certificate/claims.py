"""What a certificate can claim of its formula at its points, and how each claim is proved.

``number``: the derivative in some variables in turn, or the value, lies in an interval.
``slope``: the derivative from one side lies in an interval, or is infinite.
``kink``: it has no derivative in a variable, as the slopes of the two sides differ or one is
infinite. ``jump``: it has none, as it isn't continuous from one side. ``undefined``: it has no
value. ``bounds``: on a box that is cut into parts, the value lies in an interval.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import factorial
from typing import Any

from mpmath import iv

from diffcli_certificate.graph import Operation, evaluated, variable
from diffcli_certificate.reals import Real, Undecided, Undefined
from diffcli_certificate.series import ROOT, Value, coefficients

PRECISIONS = (128, 512, 2048, 8192)
"""Bits, tried in turn."""
MALFORMED = (ArithmeticError, AttributeError, LookupError, RecursionError, StopIteration, TypeError,
             ValueError)  # fmt: skip
"""What reading a certificate that isn't well formed may raise."""
TERMS = 3
"""Powers of t that a one-sided series is computed to."""


class Rejected(Exception):
    """A claim that isn't proved."""


@dataclass(frozen=True)
class Certificate:
    """The operations, which of them are outputs, and which the variables' values at each point."""

    operations: Sequence[Operation]
    outputs: Sequence[int]
    points: Sequence[Mapping[str, int]]

    def point(self, claim: Mapping[str, Any]) -> dict[str, Real]:
        """Return the variables' values where a claim is made, at the present precision."""
        values = evaluated(self.operations, {})
        return {name: values[point] for name, point in self.points[claim["point"]].items()}

    def output(self, claim: Mapping[str, Any], variables: Mapping[str, Value]) -> Any:
        """Return the output that a claim is about. Raises what stands in its way."""
        value = evaluated(self.operations, variables)[self.outputs[claim["output"]]]
        if isinstance(value, Exception):
            raise value
        return value


def prove(certificate: Certificate, claim: Mapping[str, Any]) -> None:
    """Prove a claim. Raises Rejected where it isn't proved, with the reason."""
    reason, before = "", iv.prec
    try:
        for iv.prec in PRECISIONS:
            try:
                if min(claim["point"], claim["output"]) < 0:
                    raise ValueError("points and outputs are counted from 0")
                if PROOFS[claim["kind"]](certificate, claim):
                    return
                reason = "it is not so, or too narrow to be proved"
            except Undecided as undecided:
                reason = f"{undecided} is undecided"
    except Undefined as undefined:
        reason = f"there is no value: {undefined}"
    except MALFORMED as error:
        reason = f"it can't be read: {error!r}"
    finally:
        iv.prec = before
    raise Rejected(reason)


def _number(certificate: Certificate, claim: Mapping[str, Any]) -> bool:
    variables: dict[str, Value] = dict(certificate.point(claim))
    names = list(dict.fromkeys(claim["partial"]))
    orders = [claim["partial"].count(name) for name in names]
    for level, (name, order) in enumerate(zip(names, orders, strict=True), 1):
        variables[name] = variable(variables[name], level, order)
    try:
        value = certificate.output(claim, variables)
        for level, order in reversed(list(enumerate(orders, 1))):
            value = coefficients(value, level, order)[order] * Real(factorial(order))
    except Undecided:
        if orders != [1]:
            raise
        about = {**claim, "variable": names[0]}
        value, other = (_slope(certificate, {**about, "side": side}) for side in (-1, 1))
        if value is None or other is None or value.exact is None or value.exact != other.exact:
            raise
    return bool(value.lies_within(*_interval(claim["interval"])))


def _slope(certificate: Certificate, claim: Mapping[str, Any]) -> Value:
    """Return the derivative from one side, or None where it is infinite."""
    gap, *terms = _change(certificate, claim)
    if gap.sign():
        raise Undecided("a slope at a jump")
    if any(term.sign() for term in terms[: ROOT - 1]):
        return None
    return terms[ROOT - 1] * Real(claim["side"])


def _change(certificate: Certificate, claim: Mapping[str, Any]) -> Sequence[Value]:
    """Return the coefficients of the output on one side of the point, less its value there."""
    if claim["side"] not in (-1, 1):
        raise ValueError("a side is -1 or 1")
    point, name = certificate.point(claim), claim["variable"]
    start = certificate.output(claim, point)
    moved = variable(point[name], 1, TERMS, side=claim["side"])
    return coefficients(certificate.output(claim, {**point, name: moved}) + -start, 1, ROOT)


def _one_sided(certificate: Certificate, claim: Mapping[str, Any]) -> bool:
    slope = _slope(certificate, claim)
    if claim["interval"] is None or slope is None:
        return claim["interval"] is slope
    return bool(slope.lies_within(*_interval(claim["interval"])))


def _kink(certificate: Certificate, claim: Mapping[str, Any]) -> bool:
    slopes = {-1: claim["left"], 1: claim["right"]}
    for side, slope in slopes.items():
        if not _one_sided(certificate, {**claim, "side": side, "interval": slope}):
            return False
    if None in slopes.values():
        return True
    (low, high), (other_low, other_high) = map(_interval, slopes.values())
    return high < other_low or other_high < low


def _jump(certificate: Certificate, claim: Mapping[str, Any]) -> bool:
    return bool(_change(certificate, claim)[0].sign())


def _bounds(certificate: Certificate, claim: Mapping[str, Any]) -> bool:
    """Prove the bounds on each part; ``cuts`` says in preorder which side is halved, or null."""
    low, high = _interval(claim["interval"])
    cuts = iter(claim["cuts"])

    def is_proved(box: Mapping[str, tuple[Fraction, Fraction]]) -> bool:
        name = next(cuts)
        if name is None:
            return any(value.lies_within(low, high) for value in _forms(certificate, claim, box))
        start, end = box[name]
        middle = (start + end) / 2
        return is_proved({**box, name: (start, middle)}) and is_proved({**box, name: (middle, end)})

    return is_proved({name: _interval(ends) for name, ends in claim["box"].items()})


def _forms(certificate: Certificate, claim: Mapping[str, Any], box: Mapping[str, Any]) -> Any:
    """Yield intervals that hold all values on a box: the natural one, and the mean value form."""
    middles = {name: Real(sum(ends) / 2) for name, ends in box.items()}
    radii = {name: (end - start) / 2 for name, (start, end) in box.items()}
    point = certificate.point(claim) if certificate.points else {}
    wide = {**point, **{name: middles[name].widened(radii[name]) for name in box}}
    yield certificate.output(claim, wide)
    value = certificate.output(claim, {**point, **middles})
    for name in box:
        slope = certificate.output(claim, {**wide, name: variable(wide[name], 1, 1)})
        value = value + coefficients(slope, 1, 1)[1] * Real(0).widened(radii[name])
    yield value


def _undefined(certificate: Certificate, claim: Mapping[str, Any]) -> bool:
    try:
        certificate.output(claim, certificate.point(claim))
    except Undefined:
        return True
    return False


PROOFS: Mapping[str, Callable[[Certificate, Mapping[str, Any]], bool]] = {
    "number": _number,
    "slope": _one_sided,
    "kink": _kink,
    "jump": _jump,
    "undefined": _undefined,
    "bounds": _bounds,
}


def _interval(ends: Sequence[str]) -> tuple[Fraction, Fraction]:
    low, high = (Fraction(end) for end in ends)
    return low, high
