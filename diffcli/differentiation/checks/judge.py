"""From what the engines say to a verdict.

Autograd's number is held against the ball that contains the truth, widened by a bound of the
rounding errors that floating point may make on the way.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from math import frexp, inf, isfinite, isnan, log10

from diffcli.engines.balls.decimals import FORMATS
from diffcli.engines.balls.precision import working
from diffcli.engines.difficult import Difficulty, Kind, as_float
from diffcli.engines.enclosure import MOST_BITS, Enclosure, Outcome
from diffcli.engines.evidence import Evidence
from diffcli.engines.rounding import Rounding
from diffcli.verdict import NOT_A_NUMBER, Check, Verdict

DIGITS_KEPT = {"float64": 10, "float32": 4}
"""Below so many right digits of the dtype's 16 or 7 a number is called inexact."""

DIGITS_TRUE = {"float64": 12, "float32": 4}
"""Below so many digits the truths at a typed point and at its floats aren't the same number."""

_NO_VALUE = {
    Kind.GRADIENTLESS: Verdict.NOT_DIFFERENTIABLE,
    Kind.KINK: Verdict.NOT_DIFFERENTIABLE,
    Kind.JUMP: Verdict.NOT_DIFFERENTIABLE,
    Kind.VERTICAL: Verdict.NOT_DIFFERENTIABLE,
    Kind.POLE: Verdict.UNDEFINED,
    Kind.UNDEFINED: Verdict.UNDEFINED,
}


def judge(
    entry: str,
    *,
    autograd: float | None,
    symbolic: float | None,
    evidence: Evidence | None,
    dtype: str,
    digits: int,
    is_of_nan: bool = False,
    shared: Callable[[], str | None] = lambda: None,
) -> Check:
    """Weigh what the engines say of one number; None stands for an engine that did not answer.

    ``digits`` is how many of the enclosure's are wanted. ``is_of_nan`` tells that torch gives no
    value for what is differentiated, whatever its derivative's formula gives. ``shared`` returns
    what rule autograd and the symbolic derivative have in common, if any: then they agree without
    being two witnesses.
    """
    check = Check(
        entry,
        Verdict.UNVERIFIED,
        value=_finite(autograd),
        autograd=_finite(autograd),
        symbolic=_finite(symbolic),
    )
    if is_of_nan and not _decides(evidence):
        return _of_nan(check, evidence)
    if evidence is None:
        return _by_agreement(check, None, "the enclosure engine was not asked", dtype, shared)
    if evidence.difficulty is not None:
        difficult = _by_difficulty(check, evidence.difficulty, evidence.note, dtype, digits)
        return (
            difficult
            if difficult.value is None
            else _at_the_point(difficult, evidence, difficult.value, dtype)
        )
    if evidence.undecided:
        return replace(check, reason=evidence.reason)
    if evidence.enclosure is None:
        return _by_agreement(check, evidence.rounding, evidence.reason, dtype, shared)
    check = replace(check, enclosure=evidence.enclosure.interval(digits + 3))
    truth = evidence.enclosure.nearest(dtype)
    if truth is None:
        return _by_agreement(check, evidence.rounding, "the enclosure is too wide", dtype, shared)
    check = replace(check, value=_finite(truth))
    here = evidence.at_floats or evidence.enclosure
    if symbolic is not None and not _holds(symbolic, here, evidence.rounding):
        return _contradicted(check, symbolic)
    if not isfinite(truth) or (truth == 0 and not evidence.enclosure.contains_zero):
        side, known = "below" if truth == 0 else "beyond", evidence.enclosure.digits(6)
        reason = f"{side} the range of {dtype}{f': {known}' if known else ''}"
        return replace(check, verdict=Verdict.INEXACT, reason=reason)
    if autograd is None:
        return replace(check, verdict=Verdict.CERTIFIED)
    seen = here.nearest(dtype)
    rounding = evidence.rounding or Rounding(inf)
    if seen is None or not isfinite(seen):
        check = _by_rounding(check, autograd, truth, Rounding(inf), dtype)
    else:
        check = _by_rounding(check, autograd, seen, rounding, dtype)
    return _at_the_point(check, evidence, truth, dtype)


def _at_the_point(check: Check, evidence: Evidence, truth: float, dtype: str) -> Check:
    """Tell where the number that is shown, at the point as typed, isn't that at its floats."""
    seen = evidence.at_floats.nearest(dtype) if evidence.at_floats else None
    if seen is None or check.verdict is Verdict.DISAGREES:
        return check
    if _digits_kept(abs(seen - truth), truth, dtype) >= DIGITS_TRUE[dtype]:
        return check
    where = f"at the nearest {dtype}, {evidence.floats}," if evidence.floats else f"in {dtype}"
    reason = f"{where} it is {seen:.6g}"
    if check.verdict is Verdict.CERTIFIED and check.reason:
        reason = f"{check.reason}; {reason}"
    return replace(check, verdict=Verdict.INEXACT, reason=reason)


def _of_nan(check: Check, evidence: Evidence | None) -> Check:
    """Report what is nan to torch and not decided: undefined, or inf/inf of what overflowed."""
    known = "not proved" if evidence is None else evidence.reason
    return replace(check, value=None, reason=f"{NOT_A_NUMBER}; {known}")


def _decides(evidence: Evidence | None) -> bool:
    """Whether something is proved of a number."""
    return evidence is not None and (evidence.enclosure or evidence.difficulty) is not None


def _finite(number: float | None) -> float | None:
    return number if number is not None and isfinite(number) else None


def _contradicted(check: Check, symbolic: float) -> Check:
    reason = f"the symbolic derivative gives {symbolic:.6g}"
    return replace(check, verdict=Verdict.DISAGREES, reason=reason)


def _by_difficulty(
    check: Check, difficulty: Difficulty, note: str | None, dtype: str, digits: int
) -> Check:
    """Report what was found at a difficult point."""
    left, right = (as_float(ball, dtype) for ball in (difficulty.left, difficulty.right))
    check = replace(check, left=left, right=right, reason=_with_gap(difficulty, left, right))
    if difficulty.value is None:
        return replace(check, verdict=_NO_VALUE[difficulty.kind], value=None)
    here = Enclosure(Outcome.ENCLOSED, difficulty.value)
    value = here.nearest(dtype)
    if value is None:
        return replace(check, reason=f"the enclosure is too wide ({difficulty.reason})")
    check = replace(check, enclosure=here.interval(digits + 3))
    if not isfinite(value) or (value == 0 and not here.contains_zero):
        side = "beyond" if value else "below"
        reason = f"{side} the range of {dtype} ({difficulty.reason})"
        return replace(check, verdict=Verdict.INEXACT, value=_finite(value), reason=reason)
    if difficulty.kind is Kind.ENDPOINT:
        note = f"{difficulty.side} derivative"
    elif check.autograd is None or not _close(check.autograd, value, dtype):
        said = "no number" if check.autograd is None else f"{check.autograd:.6g}"
        note = note or f"autograd's convention gives {said} ({difficulty.reason})"
    return replace(check, verdict=Verdict.CERTIFIED, value=value, reason=note)


def _with_gap(difficulty: Difficulty, left: float | None, right: float | None) -> str:
    """Return the reason, and by how much one-sided derivatives differ whose floats are equal."""
    below, above = difficulty.left, difficulty.right
    if below is None or above is None or left != right or difficulty.kind is not Kind.KINK:
        return difficulty.reason
    with working(MOST_BITS):
        return f"{difficulty.reason}; the right one is {float(above - below):.6g} more"


def _holds(symbolic: float, here: Enclosure, rounding: Rounding | None) -> bool:
    """Whether the symbolic engine's number, which has all of a float64's digits, is the truth."""
    truth = here.nearest("float64")
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


def _by_agreement(
    check: Check,
    rounding: Rounding | None,
    why: str | None,
    dtype: str,
    shared: Callable[[], str | None],
) -> Check:
    """Compare the two other engines where no enclosure decides."""
    if check.autograd is None or check.symbolic is None:
        return replace(check, reason=why)
    if _close(check.autograd, check.symbolic, dtype):
        return agreeing(check, why, shared())
    if rounding is None or rounding.explains(abs(check.autograd - check.symbolic)):
        reason = f"{why}, and the symbolic derivative gives {check.symbolic:.6g}"
        return replace(check, reason=reason)
    return _contradicted(check, check.symbolic)


def agreeing(check: Check, why: str | None, rule: str | None) -> Check:
    """Return the verdict of two engines that agree, where ``why`` the third doesn't answer.

    Where both rest on one ``rule``, a slip in that would be in both.
    """
    if rule is None:
        return replace(check, verdict=Verdict.AGREES)
    reason = f"autograd and the symbolic derivative agree, but both rest on {rule}"
    return replace(check, reason=f"{why}; {reason}" if why else reason)


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
