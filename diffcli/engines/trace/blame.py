"""Which backward is at fault, where autograd's gradient is proved wrong.

Every custom function is checked by itself: what it made of the adjoints that autograd gave it is
compared with what its recorded forward makes of them, as balls. So a right backward is never
blamed for what came to it wrong already.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from diffcli.engines.balls.precision import working
from diffcli.engines.trace.proof import SAFETY, Proof
from diffcli.engines.trace.replay import Replay
from diffcli.engines.trace.steps import Call
from diffcli.engines.trace.tape import Value

Floats = NDArray[np.float64]
CLEARLY = {"float64": 1e-9, "float32": 1e-5, "float16": 0.08, "bfloat16": 0.6}
"""How far off, relative to the largest number, what is blamed is at least."""


@dataclass(frozen=True)
class Blame:
    """What is at fault, and a number that shows it: autograd's and the proved one."""

    culprit: str
    detail: str

    def __str__(self) -> str:
        return f"{self.culprit}: {self.detail}" if self.detail else self.culprit


def blame(proof: Proof, seeds: Sequence[Floats]) -> Blame | None:
    """Return what makes the gradient of the outputs, weighted by ``seeds``, wrong."""
    record = proof.record
    seen: dict[int, tuple[Any, Any]] = {}
    handles = [
        call.node.register_hook(_keeper(seen, id(call)))
        for call in record.calls
        if call.node is not None
    ]
    try:
        recorded_gradient(proof, seeds)
    finally:
        for handle in handles:
            handle.remove()
    for call in reversed(record.calls):
        if id(call) in seen:
            result = _local(proof, call, *seen[id(call)])
            if result is not None:
                return result
    hook = None if proof.is_cut else _hook(proof, seeds)
    return None if proof.is_cut else hook or _unseen_write(proof)


def _keeper(seen: dict[int, tuple[Any, Any]], key: int) -> Callable[[Any, Any], None]:
    def keep(outgoing: Any, incoming: Any) -> None:
        seen[key] = (outgoing, incoming)

    return keep


def recorded_gradient(proof: Proof, seeds: Sequence[Floats]) -> list[Floats]:
    """Return autograd's gradient of the recorded run."""
    record = proof.record
    total = torch.stack(
        [
            (output * torch.tensor(seed, dtype=output.dtype)).sum()
            for output, seed in zip(record.results, seeds, strict=True)
            if output.requires_grad
        ]
    ).sum()
    gradients = torch.autograd.grad(total, proof.inputs, retain_graph=True, materialize_grads=True)
    return [gradient.double().numpy(force=True) for gradient in gradients]


def _local(proof: Proof, call: Call, outgoing: Any, incoming: Any) -> Blame | None:
    """Return whether a custom function's backward is wrong at what it was given."""
    given = {
        position: adjoint.detach().double().numpy()
        for position, adjoint in enumerate(incoming)
        if adjoint is not None
    }
    truth = _pulled(proof.exact(proof.bits), proof.bits, call, given)
    with np.errstate(all="ignore"):
        bounds = _pulled(proof.bounded(), proof.bits, call, given)
    worst: tuple[float, Blame] | None = None
    for position, (ball, bound) in enumerate(zip(truth, bounds, strict=True)):
        if ball is None or position >= len(outgoing):
            continue
        middle, radius = ball.middles(), ball.radii()
        own = outgoing[position]
        seen = np.zeros(middle.shape) if own is None else own.detach().double().numpy()
        if seen.shape != middle.shape:
            continue
        off = np.abs(seen - middle)
        scale = np.max(np.abs(middle), initial=0.0, where=np.isfinite(middle))
        limit = np.maximum(radius + SAFETY * bound.radius, CLEARLY[proof.dtype] * scale)
        excess = np.where(np.isfinite(limit) & np.isfinite(off), off - limit, -1.0)
        if excess.size and excess.max() > 0 and (worst is None or excess.max() > worst[0]):
            index = np.unravel_index(int(excess.argmax()), excess.shape)
            name = call.names[position]
            label = f"{name}[{','.join(map(str, index))}]" if index else name
            detail = (
                f"its gradient of {name} is {seen[index]:.10g} at {label}, "
                f"proved {middle[index]:.10g}"
            )
            worst = (float(excess.max()), Blame(call.label, detail))
    return None if worst is None else worst[1]


def _pulled(replay: Replay, bits: int, call: Call, given: dict[int, Floats]) -> list[Any]:
    """Return what a recorded forward makes of adjoints of its outputs, for each input."""
    windows = replay.windows.get(id(call))
    if windows is None:
        return []
    with working(bits):
        seeds: dict[int, Any] = {}
        for position, adjoint in given.items():
            output = windows.outputs.get(position)
            if isinstance(output, Value) and output.node is not None:
                own = replay.kind.array(adjoint).reshape(output.shape)
                before = seeds.get(output.node)
                seeds[output.node] = own if before is None else before + own
        wanted = [part.node for pair in windows.inputs for part in pair if isinstance(part, Value)]
        nodes = [node for node in wanted if node is not None]
        pulled = replay.tape.sweep(
            seeds, nodes, first=windows.first, arithmetic=replay.kind.arithmetic
        )
        results: list[Any] = []
        for (own, whole), reference in zip(windows.inputs, call.inputs, strict=True):
            if not isinstance(own, Value) or own.node is None:
                results.append(None)
                continue
            total = pulled.get(own.node)
            if isinstance(whole, Value) and whole.node != own.node and whole.node in pulled:
                part = pulled[whole.node].take(replay.places(reference))
                total = part if total is None else total + part
            results.append(own.data.zeros() if total is None else total.reshape(own.shape))
        return results


def _hook(proof: Proof, seeds: Sequence[Floats]) -> Blame | None:
    """Return the first hook, where without hooks autograd's gradient is right."""
    hooked = [tensor for tensor in proof.record.tensors if tensor._backward_hooks]
    if not hooked:
        return None
    hooks = [dict(tensor._backward_hooks or {}) for tensor in hooked]
    for tensor in hooked:
        (tensor._backward_hooks or {}).clear()
    try:
        without = recorded_gradient(proof, seeds)
    finally:
        for tensor, own in zip(hooked, hooks, strict=True):
            (tensor._backward_hooks or {}).update(own)
    for seen, true in zip(without, proof.gradient(seeds), strict=True):
        scale = np.max(np.abs(true.middle), initial=0.0)
        if (np.abs(seen - true.middle) > true.bound + CLEARLY[proof.dtype] * scale).any():
            return None
    code = getattr(next(iter(hooks[0].values())), "__code__", None)
    where = f" ({Path(code.co_filename).name}:{code.co_firstlineno})" if code else ""
    return Blame(f"a hook on a tensor{where}", "it changes the gradient that passes")


def _unseen_write(proof: Proof) -> Blame | None:
    """Return a write in place that autograd was told not to see."""
    for step in reversed(proof.record.steps):
        target = step.arguments[0] if step.arguments else None
        hidden = step.is_no_grad or getattr(target, "is_constant", False)
        if step.is_in_place and step.call is None and hidden:
            return Blame(
                f"the write in place at {step.where}", f"autograd doesn't see {step.name}_ there"
            )
    return None
