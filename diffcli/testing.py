"""Tests of gradients: ``gradcheck`` with torch's signature, and a proof in place of differences."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from diffcli.api.gradients import verify_gradients
from diffcli.errors import DisagreementError
from diffcli.output.report import Report
from diffcli.verdict import Verdict

WRONG = (Verdict.DISAGREES, Verdict.UNDEFINED, Verdict.NOT_DIFFERENTIABLE)
"""Verdicts that fail a test; what couldn't be decided fails it only if ``strict``."""


def gradcheck(
    function: Callable[..., Any],
    inputs: Any,
    *,
    raise_exception: bool = True,
    strict: bool = False,
) -> bool:
    """Return whether autograd's gradients are right, as ``torch.autograd.gradcheck`` does.

    Raises DisagreementError, with the backward at fault, unless ``raise_exception`` is false. No
    tolerance is given: what rounding may do in the inputs' dtype is computed. With ``strict`` an
    entry of which nothing is proved fails too.
    """
    given = inputs if isinstance(inputs, Sequence) else (inputs,)
    report = verify_gradients(function, *given)
    failures = failed(report, strict=strict)
    if failures and raise_exception:
        raise DisagreementError("\n".join(failures))
    return not failures


def failed(report: Report, *, strict: bool = False) -> list[str]:
    """Return what is wrong with the gradients of a report, a line an entry."""
    wrong = (*WRONG, Verdict.UNVERIFIED) if strict else WRONG
    return [
        f"{check.entry}: autograd {check.autograd}, proved {check.value}; {check.reason}"
        for result in report.results
        for check in result.checks
        if check.verdict in wrong
    ]
