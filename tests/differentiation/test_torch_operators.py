"""Torch's own database of operators: their gradients on its sample inputs, proved or explained.

The database is what torch tests itself with, by difference quotients; a number that is called wrong
here is a false alarm, or a defect of torch that is named below.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.utils._pytree import tree_flatten, tree_unflatten

from diffcli.differentiation.code.proofs import Certificate
from diffcli.operators import Grad, Scalars
from diffcli.verdict import Check, Verdict

SAMPLES = 4
LARGEST = 400
"""Numbers among the inputs and outputs of a sample, so that all operators take minutes."""
ENCLOSED = {torch.float32: 350, torch.float64: 350}
"""How many operators have every number of some sample proved; the goal is 250."""
DEFECTS = {
    # Its backward compares x with 3 and −3 in another way than its forward does.
    ("nn.functional.hardsigmoid", torch.float64),
}
PROVED = (Verdict.CERTIFIED, Verdict.INEXACT, Verdict.NOT_DIFFERENTIABLE)


class Outline:
    """What the operator asks of a function: the names of its variables."""

    def __init__(self, variables: Sequence[str]) -> None:
        self.variables = tuple(variables)


def is_variable(value: Any) -> bool:
    is_moving = isinstance(value, Tensor) and value.requires_grad and not value.is_complex()
    return is_moving and value.layout is torch.strided


def weighted(out: Tensor) -> Tensor:
    weights = torch.arange(1, out.numel() + 1).reshape(out.shape)
    return (out * weights.to(out.dtype).cos()).sum()


def total_of(op: Any, sample: Any) -> tuple[Callable[..., Tensor], list[Tensor]] | None:
    """The weighted sum of an operator's outputs as a function of its variables, and these."""
    leaves, spec = tree_flatten((sample.input, sample.args, sample.kwargs))
    places = [place for place, each in enumerate(leaves) if is_variable(each)]

    def total(*values: Tensor) -> Tensor:
        given = list(leaves)
        for place, value in zip(places, values, strict=True):
            given[place] = value
        start, args, kwargs = tree_unflatten(given, spec)
        out = op(start, *args, **kwargs)
        if sample.output_process_fn_grad is not None:
            out = sample.output_process_fn_grad(out)
        parts = [
            (
                each * torch.arange(1, each.numel() + 1).reshape(each.shape).to(each.dtype).cos()
            ).sum()
            for each in tree_flatten(out)[0]
            if isinstance(each, Tensor) and each.is_floating_point() and each.requires_grad
        ]
        return torch.stack(parts).sum()

    inputs = [leaves[place].detach().clone().requires_grad_() for place in places]
    size = sum(each.numel() for each in inputs)
    return (total, inputs) if 0 < size <= LARGEST else None


def judged(total: Callable[..., Tensor], inputs: Sequence[Tensor]) -> tuple[Check, ...]:
    """Autograd's gradient of a sum, judged."""
    dtype = str(inputs[0].dtype).removeprefix("torch.")
    given = {f"x{place}": each for place, each in enumerate(inputs)}
    slopes = torch.autograd.grad(total(*inputs), inputs, materialize_grads=True)
    shapes = {name: tuple(each.shape) for name, each in given.items()}
    scalars = Scalars(None, shapes, ((),))
    proof = Certificate(lambda *x: (total(*x),), given, scalars, dtype)
    names = scalars.columns
    entries = Grad().entries(Outline(names))  # type: ignore[arg-type]
    flat = np.concatenate([each.double().numpy(force=True).ravel() for each in slopes])
    return proof.judge(Grad(), entries, (), flat, 17).checks


def samples(op: Any, dtype: torch.dtype) -> Iterator[tuple[Callable[..., Tensor], list[Tensor]]]:
    torch.manual_seed(0)
    given = op.sample_inputs("cpu", dtype, requires_grad=True)
    for sample in islice(given, SAMPLES):
        found = total_of(op, sample)
        if found is not None and all(each.dtype is dtype for each in found[1]):
            yield found


def verdicts_of(op: Any, dtype: torch.dtype) -> list[tuple[Check, ...]]:
    """The checks of each sample that torch itself can differentiate."""
    every = []
    for total, inputs in samples(op, dtype):
        try:
            torch.manual_seed(0)
            torch.autograd.grad(total(*inputs), inputs, materialize_grads=True)
        except (RuntimeError, NotImplementedError, TypeError, ValueError):
            continue  # what torch refuses has no gradient to judge
        torch.manual_seed(0)
        every.append(judged(total, inputs))
    return every


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # of what torch has deprecated
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
def test_the_gradients_of_torchs_own_database(dtype: torch.dtype) -> None:
    pytest.importorskip("expecttest", reason="torch.testing needs it")
    from torch.testing._internal.common_methods_invocations import op_db

    enclosed, tried, alarms, unexplained = set(), set(), {}, {}
    for op in op_db:
        name = op.full_name
        if not op.supports_autograd or dtype not in op.supported_backward_dtypes("cpu"):
            continue
        for checks in verdicts_of(op, dtype):
            tried.add(name)
            if checks and all(check.verdict in PROVED for check in checks):
                enclosed.add(name)
            wrong = [check for check in checks if check.verdict is Verdict.DISAGREES]
            if wrong and (name, dtype) not in DEFECTS:
                alarms[name] = wrong[0]
            bare = [c for c in checks if c.verdict is Verdict.UNVERIFIED and not c.reason]
            if bare:
                unexplained[name] = bare[0]
    assert not alarms
    assert not unexplained
    assert len(enclosed) >= ENCLOSED[dtype]
