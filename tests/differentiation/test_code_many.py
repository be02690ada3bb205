"""Proofs of code of very many numbers: what is made of all of them together is what each gives."""

from __future__ import annotations

import gc
import pickle
from dataclasses import replace

import numpy as np
import pytest
import torch

import diffcli
from diffcli.clock import uncollected
from diffcli.differentiation import Settings
from diffcli.differentiation.code import proofs
from diffcli.differentiation.code.functions import UserFunction
from diffcli.differentiation.code.reports import derive_user
from diffcli.language.expression import number
from diffcli.language.function import Function
from diffcli.language.points import Computed, Point
from diffcli.operators import Entry, Grad, Notation, labels_of
from diffcli.verdict import Check, Verdict

NAMES = ("x", "A[0,1]", "A[1,0]")


def test_checks_made_together_are_those_made_one_by_one() -> None:
    plain = Check.each(Verdict.CERTIFIED, NAMES, (1.0, 2.0, 0.0), (1.0, 2.5, 0.0), (0.0, 3.0, 0.0))
    assert plain == [
        Check("x", Verdict.CERTIFIED, 1.0, 1.0, error_ulps=0.0),
        Check("A[0,1]", Verdict.CERTIFIED, 2.0, 2.5, error_ulps=3.0),
        Check("A[1,0]", Verdict.CERTIFIED, 0.0, 0.0, error_ulps=0.0),
    ]
    late = Check.each(Verdict.UNVERIFIED, NAMES, (None,) * 3, (None,) * 3, reason="late")
    assert late == [Check(name, Verdict.UNVERIFIED, reason="late") for name in NAMES]
    assert [check.because("why") for check in late] == [replace(c, reason="why") for c in late]
    assert pickle.loads(pickle.dumps(late)) == late  # noqa: S301  it was written here
    assert hash(late[0]) == hash(Check("x", Verdict.UNVERIFIED, reason="late"))
    with pytest.raises(ValueError, match="zip"):
        Check.each(Verdict.CERTIFIED, NAMES, (1.0,), (1.0,))


@pytest.mark.parametrize("order", [1, 3])
def test_entries_and_notation_are_made_when_they_are_asked_for(order: int) -> None:
    function = Function(("",), (number(0),), NAMES)
    entries = Grad(order=order).entries(function)
    whole = [Entry.partial(name, 0, (name,) * order) for name in NAMES]
    assert list(entries) == whole
    assert list(entries[1:]) == whole[1:]
    assert entries[-1] == whole[-1]
    assert list(labels_of(entries)) == list(labels_of(whole)) == list(NAMES)
    assert dict(Notation(entries, function)) == {
        entry.label: entry.notation(function) for entry in whole
    }
    assert Notation(entries, function).get("y") is None


def test_points_of_several_lengths_have_the_notation_of_all() -> None:
    function = UserFunction("f", ("x",), lambda x: (x**3).sum())
    for lengths in ((2, 3), (3, 2)):
        points = [Point({"x": Computed(np.ones(length))}) for length in lengths]
        report = derive_user(Grad(), function, points, Settings())
        assert dict(report.notation) == {f"x[{i}]": f"∂f/∂x[{i}]" for i in range(3)}


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
def test_the_verdicts_of_many_numbers_are_those_of_few(
    monkeypatch: pytest.MonkeyPatch, dtype: torch.dtype
) -> None:
    x = torch.tensor([0.3, 0.0, 1e-30, 7.0, 0.30001, -2.0], dtype=dtype)

    def function(x: torch.Tensor) -> torch.Tensor:
        return (x.sin() * (x - 0.3) ** 2).sum() + torch.relu(x[1:3]).sum()

    few = diffcli.verify_gradients(function, x).results[0].checks
    monkeypatch.setattr(proofs, "MAX_INTERVALS", 0)
    many = diffcli.verify_gradients(function, x).results[0].checks
    assert [replace(check, enclosure=None) for check in few] == list(many)
    assert len({check.verdict for check in few}) > 1


def test_the_collector_goes_on_as_before() -> None:
    was_collecting = gc.isenabled()
    with uncollected(), uncollected():
        assert not gc.isenabled()
    assert gc.isenabled() == was_collecting
