"""From what the engines say to a verdict.

The exact typed point decides first whether there is a derivative at all. An ordinary point is
then enclosed at the tensor's own dyadic value, and autograd's number held against the ball,
widened by a bound of the rounding errors that floating point may make on the way.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import frexp, inf, isclose, isfinite, isnan, log10

from flint import arb, ctx, fmpq

from diffcli.engines.decimals import FORMATS, certain_float
from diffcli.engines.difficult import Difficulty, Kind, classify, is_linear
from diffcli.engines.enclosure import (
    MOST_BITS,
    Coordinate,
    Enclosure,
    Index,
    Outcome,
    partials,
)
from diffcli.engines.rounding import Rounding, rounding_bounds
from diffcli.language.expression import Node
from diffcli.operators import Weight
from diffcli.verdict import NOT_A_NUMBER, Check, Verdict

DIGITS_KEPT = {"float64": 10, "float32": 4}
"""Below so many right digits of the dtype's 16 or 7 a number is called inexact."""

FLOAT_DIGITS = 17
"""The digits that a float64 has at most; more are shown at the point as typed."""

_NO_VALUE = {
    Kind.KINK: Verdict.NOT_DIFFERENTIABLE,
    Kind.JUMP: Verdict.NOT_DIFFERENTIABLE,
    Kind.VERTICAL: Verdict.NOT_DIFFERENTIABLE,
    Kind.POLE: Verdict.UNDEFINED,
    Kind.UNDEFINED: Verdict.UNDEFINED,
}


@dataclass(frozen=True)
class Evidence:
    """What the enclosure engine found for one entry at one point.

    Exactly one of ``enclosure`` (an ordinary point, enclosed at its dyadic value) and
    ``difficulty`` is given, or neither where the engine could not answer, as ``reason`` says.
    ``exact`` is the enclosure at the point as typed, where more digits than a float's are wanted.
    """

    enclosure: Enclosure | None = None
    exact: Enclosure | None = None
    difficulty: Difficulty | None = None
    rounding: Rounding | None = None
    reason: str | None = None
    note: str | None = None
    """What is to be said although there is a number."""
    undecided: bool = False
    """Whether the point is a difficult one, where other engines agree on a mere convention."""


def examine(
    output: Node,
    typed: Mapping[str, Coordinate],
    dyadic: Mapping[str, float],
    indices: Iterable[Index],
    *,
    digits: int,
    dtype: str,
    deadline: float,
) -> dict[Index, Evidence]:
    """Return the enclosure engine's evidence for several partials at one point.

    ``typed`` is the point as typed, ``dyadic`` the same in the dtype's floats; ``deadline`` is a
    reading of :func:`diffcli.clock.now`.
    """
    indices = tuple(indices)
    ordinary = partials(output, dyadic, indices, digits=digits, deadline=deadline)
    more = digits > FLOAT_DIGITS
    exact = ordinary
    if typed != dyadic:
        wanted = digits if more else 1
        exact = partials(output, typed, indices, digits=wanted, deadline=deadline)
        ordinary = {
            index: found if exact[index].outcome is Outcome.ENCLOSED else exact[index]
            for index, found in ordinary.items()
        }
    bounds = rounding_bounds(output, dyadic, indices, dtype)
    evidence = {}
    for index, found in ordinary.items():
        if found.outcome in (Outcome.DIFFICULT, Outcome.UNDEFINED):
            difficulty = classify(output, typed, index, deadline=deadline)
            note = _of_order(output, typed, index, difficulty, deadline)
            evidence[index] = replace(_of_difficulty(difficulty, bounds[index]), note=note)
        elif found.outcome is Outcome.ENCLOSED:
            shown = exact[index] if more else None
            evidence[index] = Evidence(enclosure=found, exact=shown, rounding=bounds[index])
        else:
            evidence[index] = Evidence(rounding=bounds[index], reason=found.reason)
    return _with_gradient(output, typed, evidence)


def _of_difficulty(difficulty: Difficulty, rounding: Rounding) -> Evidence:
    if difficulty.kind is Kind.UNDETERMINED:
        return Evidence(rounding=rounding, reason=difficulty.reason, undecided=True)
    return Evidence(difficulty=difficulty, rounding=rounding)


def _of_order(
    output: Node,
    typed: Mapping[str, Coordinate],
    index: Index,
    difficulty: Difficulty,
    deadline: float,
) -> str | None:
    """Say of a mixed second derivative at a difficult point where its order counts."""
    if difficulty.value is None or len(set(index)) != 2 or len(index) != 2:
        return None
    other = classify(output, typed, index[::-1], deadline=deadline).value
    if other is None or isclose(other, difficulty.value, rel_tol=1e-12, abs_tol=1e-300):
        return None
    return f"in {index[0]} first; in {index[1]} first it is {other:.6g}"


def _with_gradient(
    output: Node, typed: Mapping[str, Coordinate], evidence: dict[Index, Evidence]
) -> dict[Index, Evidence]:
    """Say of the partials at a difficult point whether they make up a gradient."""
    slopes = {
        index[0]: found.difficulty.value
        for index, found in evidence.items()
        if len(index) == 1 and found.difficulty is not None and found.difficulty.value is not None
    }
    if len(slopes) < 2 or is_linear(output, typed, slopes):
        return evidence
    note = "the partials exist, but they make up no gradient"
    return {
        index: replace(found, note=note)
        if found.difficulty is not None and index and index[0] in slopes
        else found
        for index, found in evidence.items()
    }


def combined(parts: Sequence[tuple[Weight, Evidence | None]], dtype: str) -> Evidence | None:
    """Return the evidence for a linear combination, of (weight, evidence) pairs.

    That is the first part without a number, if there is one. ``dtype`` is that of the sum.
    """
    if len(parts) == 1 and parts[0][0] == 1:
        return parts[0][1]
    proved = [(weight, part, _ball(part)) for weight, part in parts]
    for _, part, ball in proved:
        if ball is None:
            return part
    with ctx.workprec(MOST_BITS):
        terms = [
            fmpq(*weight.as_integer_ratio()) * ball
            for weight, _, ball in proved
            if ball is not None
        ]
        total, size = sum(terms, arb(0)), float(sum(map(abs, terms), arb(0)).mid())
    for _, part, _ in proved:
        if part is not None and part.difficulty is not None:
            together = replace(part.difficulty, value=float(total), left=None, right=None)
            return Evidence(difficulty=together, rounding=part.rounding)
    bounds = [(abs(float(w)), part.rounding or Rounding(inf)) for w, part, _ in proved if part]
    adding = len(terms) * size * 2.0 ** -FORMATS[dtype][0]
    rounding = Rounding(
        adding + sum(weight * each.bound for weight, each in bounds),
        max((weight * each.scale for weight, each in bounds), default=0.0),
        any(each.out_of_range for _, each in bounds),
    )
    return Evidence(Enclosure(Outcome.ENCLOSED, total), rounding=rounding)


def normwise(evidence: Evidence | None, relative: float, size: float) -> Evidence | None:
    """Return the evidence for an entry whose error is ``relative`` to the largest's ``size``."""
    if evidence is None or evidence.rounding is None:
        return evidence
    return replace(evidence, rounding=evidence.rounding.normwise(relative, size))


def _ball(part: Evidence | None) -> arb | None:
    """Return what is proved of a number, if anything is."""
    if part is not None and part.difficulty is not None:
        value = part.difficulty.value
        return None if value is None else arb(value)
    return None if part is None or part.enclosure is None else part.enclosure.ball


def judge(
    entry: str,
    *,
    autograd: float | None,
    symbolic: float | None,
    evidence: Evidence | None,
    dtype: str,
    digits: int,
    is_of_nan: bool = False,
) -> Check:
    """Weigh what the engines say of one number; None stands for an engine that did not answer.

    ``digits`` is how many of the enclosure's are wanted. ``is_of_nan`` tells that torch gives no
    value for what is differentiated, whatever its derivative's formula gives.
    """
    check = Check(
        entry,
        Verdict.UNVERIFIED,
        value=_finite(autograd),
        autograd=_finite(autograd),
        symbolic=_finite(symbolic),
    )
    if is_of_nan and not _decides(evidence):
        return replace(check, verdict=Verdict.UNDEFINED, value=None, reason=NOT_A_NUMBER)
    if evidence is None:
        return _by_agreement(check, None, "the enclosure engine was not asked", dtype)
    if evidence.difficulty is not None:
        return _by_difficulty(check, evidence.difficulty, evidence.note, dtype)
    if evidence.undecided:
        return replace(check, reason=evidence.reason)
    if evidence.enclosure is None:
        return _by_agreement(check, evidence.rounding, evidence.reason, dtype)
    shown = evidence.exact or evidence.enclosure
    check = replace(check, enclosure=shown.interval(digits + 3))
    truth = evidence.enclosure.nearest(dtype)
    if truth is None:
        return _by_agreement(check, evidence.rounding, "the enclosure is too wide", dtype)
    check = replace(check, value=_finite(truth))
    if symbolic is not None and not _holds(symbolic, evidence.enclosure, evidence.rounding):
        return _contradicted(check, symbolic)
    if not isfinite(truth) or (truth == 0 and not evidence.enclosure.contains_zero):
        place, known = "below" if truth == 0 else "beyond", evidence.enclosure.digits(6)
        reason = f"{place} the range of {dtype}{f': {known}' if known else ''}"
        return replace(check, verdict=Verdict.INEXACT, reason=reason)
    if autograd is None:
        return replace(check, verdict=Verdict.CERTIFIED)
    return _by_rounding(check, autograd, truth, evidence.rounding or Rounding(inf), dtype)


def _decides(evidence: Evidence | None) -> bool:
    """Whether something is proved of a number."""
    return evidence is not None and (evidence.enclosure or evidence.difficulty) is not None


def _finite(number: float | None) -> float | None:
    return number if number is not None and isfinite(number) else None


def _contradicted(check: Check, symbolic: float) -> Check:
    reason = f"the symbolic derivative gives {symbolic:.6g}"
    return replace(check, verdict=Verdict.DISAGREES, reason=reason)


def _by_difficulty(check: Check, difficulty: Difficulty, note: str | None, dtype: str) -> Check:
    """Report what was found at a difficult point."""
    check = replace(check, left=difficulty.left, right=difficulty.right, reason=difficulty.reason)
    if difficulty.value is None:
        return replace(check, verdict=_NO_VALUE[difficulty.kind], value=None)
    value = difficulty.value
    if isfinite(value):
        value = certain_float(arb(value), *FORMATS[dtype]) or 0.0
    if not isfinite(value):
        reason = f"beyond the range of {dtype} ({difficulty.reason})"
        return replace(check, verdict=Verdict.INEXACT, value=None, reason=reason)
    if difficulty.kind is Kind.ENDPOINT:
        note = f"{difficulty.side} derivative"
    elif check.autograd is None or not _close(check.autograd, value, dtype):
        said = "no number" if check.autograd is None else f"{check.autograd:.6g}"
        note = note or f"autograd's convention gives {said} ({difficulty.reason})"
    return replace(check, verdict=Verdict.CERTIFIED, value=value, reason=note)


def _holds(symbolic: float, enclosure: Enclosure, rounding: Rounding | None) -> bool:
    """Whether the symbolic engine's number, which has all of a float64's digits, is the truth."""
    truth = enclosure.nearest("float64")
    if truth is None or symbolic == truth:
        return True
    error = abs(symbolic - truth)
    # The sum of many may cancel.
    within = rounding is not None and error <= rounding.bound < inf
    return within or error <= 4 * _ulp(truth, "float64")


def _by_rounding(
    check: Check, autograd: float, truth: float, rounding: Rounding, dtype: str
) -> Check:
    """Hold autograd's number against a truth that is proved."""
    if not isfinite(autograd):
        what = "overflows" if rounding.out_of_range else "breaks down"
        return replace(check, verdict=Verdict.INEXACT, reason=f"{dtype} {what} here")
    error = abs(autograd - truth)
    if truth or not error:
        check = replace(check, error_ulps=_finite(error / _ulp(truth, dtype)))
    if _close(autograd, truth, dtype) or (truth == 0 and _is_noise(error, rounding, dtype)):
        return replace(check, verdict=Verdict.CERTIFIED)
    if rounding.explains(error):
        kept = int(_digits_kept(error, truth, dtype))
        digits = f"{kept or 'no'} digit{'s' if kept > 1 else ''}"
        return replace(check, verdict=Verdict.INEXACT, reason=f"{dtype} keeps {digits} here")
    return replace(check, verdict=Verdict.DISAGREES, reason="autograd lies outside the enclosure")


def _by_agreement(check: Check, rounding: Rounding | None, why: str | None, dtype: str) -> Check:
    """Compare the two other engines where no enclosure decides."""
    if check.autograd is None or check.symbolic is None:
        return replace(check, reason=why)
    if _close(check.autograd, check.symbolic, dtype):
        return replace(check, verdict=Verdict.AGREES)
    if rounding is None or rounding.explains(abs(check.autograd - check.symbolic)):
        reason = f"{why}, and the symbolic derivative gives {check.symbolic:.6g}"
        return replace(check, reason=reason)
    return _contradicted(check, check.symbolic)


def _close(number: float, truth: float, dtype: str) -> bool:
    return _digits_kept(abs(number - truth), truth, dtype) >= DIGITS_KEPT[dtype]


def _is_noise(error: float, rounding: Rounding, dtype: str) -> bool:
    """Whether what should be 0 is small beside the terms that cancel."""
    return error <= rounding.bound < inf and error <= rounding.scale * 10.0 ** -DIGITS_KEPT[dtype]


def _digits_kept(error: float, truth: float, dtype: str) -> float:
    if error == 0:
        return 99.0
    if truth == 0 or isnan(error):
        return 0.0
    # A denormal truth has fewer digits to keep than the dtype's.
    excess = error - _ulp(truth, dtype)
    return max(0.0, log10(abs(truth)) - log10(excess)) if excess > 0 else 99.0


def _ulp(number: float, dtype: str) -> float:
    """Return the unit in the last place of a number in a dtype."""
    bits, least = FORMATS[dtype][:2]
    exponent = frexp(number)[1] if number else least
    return float(2.0 ** max(exponent - bits, least))
