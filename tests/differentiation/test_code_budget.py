"""A proof of code that doesn't fit its time: what is proved by then, and what is said of the rest.

The clock is one that counts how often it was read, so that no machine's speed matters.
"""

from __future__ import annotations

import json
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from diffcli.cli.main import run
from diffcli.differentiation.code.proofs import Certificate
from diffcli.differentiation.code.weighing import OUT_OF_TIME
from diffcli.engines.trace import parts, replay, tape
from diffcli.engines.trace import proof as engine
from diffcli.engines.trace.record import record
from diffcli.language.expression import number
from diffcli.language.function import Function
from diffcli.operators import Grad, Jacobian, Scalars
from diffcli.verdict import Verdict

SIZE, WRONG_ROW = 30, 17


class OneRowIsWrong(torch.autograd.Function):
    """The sine, one of whose slopes is doubled."""

    @staticmethod
    def forward(ctx, x):  # type: ignore[no-untyped-def]
        ctx.save_for_backward(x)
        return x.sin()

    @staticmethod
    def backward(ctx, slope):  # type: ignore[no-untyped-def]
        (x,) = ctx.saved_tensors
        factor = torch.ones_like(x)
        factor[WRONG_ROW] = 2
        return slope * x.cos() * factor


def test_the_suspect_row_is_proved_first(monkeypatch: pytest.MonkeyPatch) -> None:
    ticks = count()
    monkeypatch.setattr(parts, "now", lambda: float(next(ticks)))
    monkeypatch.setattr(parts, "SEARCHED", 0.8)
    monkeypatch.setattr(tape, "now", lambda: 0.0)
    monkeypatch.setattr(replay, "now", lambda: 0.0)
    x = torch.linspace(0.1, 1.2, SIZE, dtype=torch.float64, requires_grad=True)
    scalars = Scalars(None, {"x": (SIZE,)}, ((SIZE,),))
    proof = Certificate(
        lambda x: (OneRowIsWrong.apply(x) * x.roll(1),), {"x": x}, scalars, "float64", deadline=50.0
    )
    names = tuple(scalars.columns)
    entries = Jacobian().entries(Function(("",), (number(0),) * SIZE, names), [])
    rows = torch.autograd.functional.jacobian(lambda x: OneRowIsWrong.apply(x) * x.roll(1), x)
    checks = proof.judge(Jacobian(), entries, [], rows.numpy().ravel(), 17).checks

    verdicts = np.array([check.verdict for check in checks]).reshape(SIZE, SIZE)
    assert verdicts[WRONG_ROW, WRONG_ROW] is Verdict.DISAGREES
    assert (verdicts == Verdict.DISAGREES).sum() == 1
    assert (verdicts == Verdict.CERTIFIED).sum() >= 2 * SIZE
    late = [check for check in checks if check.verdict is Verdict.UNVERIFIED]
    assert len(late) >= 5 * SIZE
    assert all(check.reason == OUT_OF_TIME for check in late)
    (remark,) = proof.sampled(checks)
    assert remark.startswith(f"{SIZE**2 - len(late)} of {SIZE**2} numbers were judged")


def test_a_sweep_that_ends_early_proves_the_last_layers(monkeypatch: pytest.MonkeyPatch) -> None:
    inputs = {
        name: torch.full((3,), start, dtype=torch.float64, requires_grad=True)
        for name, start in (("first", 0.3), ("last", 0.7))
    }

    def network(first: torch.Tensor, last: torch.Tensor) -> tuple[torch.Tensor]:
        return ((first.sin().exp().tanh() * last).sum(),)

    truth = torch.autograd.grad(network(**inputs)[0], list(inputs.values()))
    scalars = Scalars(None, dict.fromkeys(inputs, (3,)), ((),))
    names = tuple(scalars.columns)
    entries = Grad().entries(Function(("",), (number(0),), names), [])
    counts = []
    for deadline in range(8):
        ticks = count()
        monkeypatch.setattr(tape, "now", lambda ticks=ticks: float(next(ticks)))
        monkeypatch.setattr(replay, "now", lambda: 0.0)
        proof = Certificate(network, inputs, scalars, "float64", deadline=float(deadline))
        checks = proof.judge(Grad(), entries, [], torch.cat(truth).numpy(), 17).checks
        certified = [check.verdict is Verdict.CERTIFIED for check in checks]
        late = [OUT_OF_TIME in (check.reason or "") for check in checks]
        assert late == [not one for one in certified]
        counts.append((sum(certified[:3]), sum(certified[3:])))
    assert counts[0] == (0, 0)
    assert (0, 3) in counts
    assert counts[-1] == (3, 3)
    assert counts == sorted(counts)


@pytest.mark.parametrize(("steps", "bits"), [(5, 113), (18, 240), (55, 320), (80, 500)])
def test_the_precision_leaves_what_the_way_back_loses(
    monkeypatch: pytest.MonkeyPatch, steps: int, bits: int
) -> None:
    x = torch.tensor(0.3, dtype=torch.float64, requires_grad=True)

    def logistic(x: torch.Tensor) -> tuple[torch.Tensor]:
        for _ in range(steps):  # each loses two bits on balls
            x = 4 * x * (1 - x)
        return (x,)

    def proof(deadline: float) -> engine.Proof:
        return engine.Proof(record(logistic, [x]), [x], "float64", deadline)

    assert proof(float("inf")).bits == bits
    (gradient,) = proof(float("inf")).gradient([np.ones(())])
    assert gradient.radius <= 2.0**-64 * abs(gradient.middle)
    if steps == 18:  # known at the first precision, with too little left for the way back
        ticks = count()
        monkeypatch.setattr(replay, "now", lambda: float(next(ticks)))
        late = proof(1.5 * 3 * steps)
        assert late.bits == 113
        assert late.blocks("unknown") is None


def test_a_proof_that_has_no_time_is_tried_once(monkeypatch: pytest.MonkeyPatch) -> None:
    tries: list[float] = []

    class Counted(replay.Replay):
        def __init__(self, *given: Any, **options: Any) -> None:
            tries.append(0.0)
            super().__init__(*given, **options)

    monkeypatch.setattr(engine, "Replay", Counted)
    x = torch.ones(SIZE, dtype=torch.float64, requires_grad=True)
    scalars = Scalars(None, {"x": (SIZE,)}, ((),))
    proof = Certificate(
        lambda x: ((x * x).sum(),), {"x": x}, scalars, "float64", deadline=float("-inf")
    )
    entries = Grad().entries(Function(("",), (number(0),), tuple(scalars.columns)), [])
    checks = proof.judge(Grad(), entries, [], np.full(SIZE, 2.0), 17).checks
    assert [check.entry for check in checks] == scalars.columns
    assert {(check.verdict, check.reason) for check in checks} == {
        (Verdict.UNVERIFIED, OUT_OF_TIME)
    }
    assert proof.values([np.array(float(SIZE))], 17)[0].verdict is Verdict.UNVERIFIED
    assert (proof.remarks, proof.has_jump) == ([], False)
    assert len(tries) == 1


def test_without_any_time_the_reason_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "m.py").write_text("def f(x):\n    return (x**3).sum()\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    arguments = ["grad", "--py", "m.py:f", "--at", "x=[1,2]", "--format", "json"]
    assert run([*arguments, "--check-budget", "0"]) == 0
    (result,) = json.loads(capsys.readouterr().out)["results"]
    assert all(OUT_OF_TIME in check["reason"] for check in result["checks"])
    assert {check["verdict"] for check in result["checks"]} == {"agrees"}
    assert run(arguments) == 0
    (result,) = json.loads(capsys.readouterr().out)["results"]
    assert {check["verdict"] for check in result["checks"]} == {"certified"}
