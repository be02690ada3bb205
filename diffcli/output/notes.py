"""Notes beside numbers: why one is missing, how far it is proved, what they mean."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from diffcli.output.text import number, numbers
from diffcli.verdict import Check, Verdict

MARKS: Mapping[Verdict, str] = {
    Verdict.CERTIFIED: "✓",
    Verdict.AGREES: "≈",
    Verdict.INEXACT: "!",
    Verdict.UNVERIFIED: "?",
    Verdict.NOT_DIFFERENTIABLE: "✗",
    Verdict.UNDEFINED: "✗",
    Verdict.DISAGREES: "‼",
}

_DIGITS = 6
_ALL_DIGITS = 17
_QUOTIENT = 10
"""Digits of a difference quotient, which has no more."""


def marked(verdict: Verdict | None) -> str:
    """Return a verdict as it stands beside a number: ``✓ certified``; None is no verdict."""
    return f"{MARKS[verdict]} {verdict.words}" if verdict else "· not checked"


def note(check: Check, dtype: str) -> str | None:
    """Return what a person should know of a check, or None where the verdict says it all."""
    return _NOTES.get(check.verdict, _reason)(check, dtype)


def evidence(check: Check) -> str:
    """Return what each engine says: ``autograd 38, symbolic 38, enclosure [38, 38], 0 ulps``."""
    parts = [f"{name} {number(value, 17)}" for name, value in _engines(check)]
    if check.enclosure:
        parts.append(f"enclosure [{', '.join(check.enclosure)}]")
    if check.quotient:
        parts.append(f"quotient {quotient(check)}")
    if check.error_ulps is not None:
        parts.append(f"{number(check.error_ulps, 3)} ulps")
    return ", ".join(parts) or "no engine answered"


def quotient(check: Check | None) -> str:
    """Return a difference quotient with its error, ``0.5651591 ± 9e-12``; nothing without one."""
    if check is None or check.quotient is None:
        return ""
    value, error = check.quotient
    return f"{number(value, _QUOTIENT)} ± {number(error, 1)}"


def _engines(check: Check) -> list[tuple[str, float]]:
    pairs = (("autograd", check.autograd), ("symbolic", check.symbolic))
    return [(name, value) for name, value in pairs if value is not None]


def _reason(check: Check, _dtype: str) -> str | None:
    return check.reason


def _inexact(check: Check, dtype: str) -> str:
    reason = check.reason or f"{dtype} loses digits here"
    if check.autograd is None:
        return f"{reason}: autograd gives no number"
    return f"{reason}: autograd says {number(check.autograd, _DIGITS)}"


def _one_sided(check: Check, _dtype: str) -> str | None:
    known = {
        side: value
        for side, value in (("left", check.left), ("right", check.right))
        if value is not None
    }
    alike = len({number(value, _DIGITS) for value in known.values()}) < len(set(known.values()))
    digits = _ALL_DIGITS if alike else _DIGITS
    sides = [f"{side} derivative {number(value, digits)}" for side, value in known.items()]
    return "; ".join(part for part in (", ".join(sides), check.reason) if part) or None


def _contradiction(check: Check, _dtype: str) -> str:
    return "; ".join(part for part in (evidence(check), check.reason) if part)


_NOTES: Mapping[Verdict, Callable[[Check, str], str | None]] = {
    Verdict.INEXACT: _inexact,
    Verdict.NOT_DIFFERENTIABLE: _one_sided,
    Verdict.DISAGREES: _contradiction,
}


def analysis_text(analysis: Mapping[str, Any], digits: int | None) -> str:
    """Return ``eigenvalues [1, 3], positive definite``."""
    return ", ".join(
        words(analysis[key], digits) for key, words in _WORDS.items() if key in analysis
    )


_WORDS: Mapping[str, Callable[[Any, int | None], str]] = {
    "rank": lambda rank, _: f"rank {rank}",
    "determinant": lambda value, digits: f"determinant {number(value, digits)}",
    "condition": lambda value, digits: (
        "singular" if value is None else f"condition number {number(value, digits)}"
    ),
    "eigenvalues": lambda values, digits: f"eigenvalues {numbers(values, digits)}",
    "definiteness": lambda word, _: str(word),
    "critical_point": lambda kind, _: f"a critical point: {kind}",
    "entries": lambda count, _: f"{count:,} entries may differ from zero",
    "products": lambda count, _: f"{count:,} product{'s' if count != 1 else ''} with vectors",
}
"""How each part is said, in order."""
