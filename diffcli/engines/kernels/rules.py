"""How a kernel is differentiated: by closed partials, and never through a branch not taken."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from inspect import signature
from typing import Any, TypeAlias

import torch
from torch import Tensor
from torch._C import _are_functorch_transforms_active
from torch.autograd import forward_ad
from torch.autograd.forward_ad import unpack_dual
from torch.compiler import is_compiling

Formula: TypeAlias = Callable[..., Tensor]


class Rule:
    """An elementwise function with a closed partial in each argument.

    ``value`` maps tensors of one shape to a tensor of that shape; torch never differentiates it.
    ``partials`` are written in differentiable operations (other rules among them), so every order
    of derivative, forward mode and ``vmap`` follow. ``beyond_reals`` stands in for the whole rule
    when an argument is complex and ``value`` or a partial holds for real numbers only; torch
    differentiates it. Calling a rule broadcasts its arguments.
    """

    def __init__(
        self, value: Formula, *partials: Formula, beyond_reals: Formula | None = None
    ) -> None:
        self.value, self.partials, self.beyond_reals = value, partials, beyond_reals

    def __call__(self, *args: Tensor) -> Tensor:
        """Return the function's value, of the shape that the arguments broadcast to."""
        if self.beyond_reals is not None and any(arg.is_complex() for arg in args):
            return self.beyond_reals(*args)
        broadcast = torch.broadcast_tensors(*args) if len(args) > 1 else args
        if not _is_differentiated(broadcast):
            # What autograd needs takes ten times as long as the sigmoid of a few hundred numbers.
            return self.value(*broadcast)
        result: Tensor = _Elementwise.apply(self, *broadcast)  # type: ignore[no-untyped-call]
        return result

    @property
    def plain(self) -> Formula:
        """The function of real numbers, where nothing takes a derivative."""
        if len(self.partials) == 1:
            return self.value
        return lambda *args: self.value(*torch.broadcast_tensors(*args))


def is_transformed() -> bool:
    """Whether torch compiles, transforms or differentiates forward what is computed."""
    return is_compiling() or _are_functorch_transforms_active() or forward_ad._current_level >= 0


def _is_differentiated(args: Sequence[Tensor]) -> bool:
    """Whether something may take a derivative of what is computed: either mode, or torch.func."""
    if is_compiling():
        # What is compiled without autograd holds its derivatives already.
        return torch.is_grad_enabled()
    if _are_functorch_transforms_active():
        return True
    if torch.is_grad_enabled():
        for arg in args:
            if arg.requires_grad:
                return True
    # Outside a dual level nothing has a tangent, and to ask takes as long as a small sigmoid.
    is_forward = forward_ad._current_level >= 0
    return is_forward and any(unpack_dual(arg).tangent is not None for arg in args)


class _Elementwise(torch.autograd.Function):
    """Run a rule under autograd."""

    @staticmethod
    def forward(rule: Rule, *args: Tensor) -> Tensor:
        return rule.value(*args)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], _output: Tensor) -> None:
        ctx.rule, *args = inputs
        ctx.save_for_backward(*args)
        ctx.save_for_forward(*args)
        # A zero in place of an absent gradient would turn into nan against an infinite partial.
        ctx.set_materialize_grads(False)

    @staticmethod
    def backward(ctx: Any, grad: Tensor | None) -> tuple[Tensor | None, ...]:
        args: tuple[Tensor, ...] = ctx.saved_tensors
        needed: Sequence[bool] = ctx.needs_input_grad[1:]
        return None, *(
            grad * partial(*args).conj() if grad is not None and is_needed else None
            for partial, is_needed in zip(ctx.rule.partials, needed, strict=True)
        )

    @staticmethod
    def jvp(ctx: Any, _: None, *tangents: Tensor | None) -> Tensor:
        args: tuple[Tensor, ...] = ctx.saved_tensors
        terms = [
            tangent * partial(*args)
            for partial, tangent in zip(ctx.rule.partials, tangents, strict=True)
            if tangent is not None
        ]
        return torch.stack(terms).sum(0)

    @staticmethod
    def vmap(
        _info: Any, in_dims: tuple[int | None, ...], rule: Rule, *args: Tensor
    ) -> tuple[Tensor, int]:
        fronted = (
            arg if dim is None else arg.movedim(dim, 0)
            for arg, dim in zip(args, in_dims[1:], strict=True)
        )
        return rule(*fronted), 0


# torch asks inspect for this signature on every call, which takes longer than all the rest.
_Elementwise.forward.__signature__ = signature(_Elementwise.forward)  # type: ignore[attr-defined]


def guarded(condition: Tensor, x: Tensor) -> Tensor:
    """Return x, as seen by a branch that is taken where ``condition`` holds and nowhere else.

    The value is x everywhere: a branch not taken may compute nan or inf, which the selection
    discards. Its derivative is then 0·inf = nan, and is cut here, before it reaches x, in either
    mode and at every order. So each *variable* that a branch reads must pass through here, and the
    branch be selected by :func:`torch.where` with the same condition; no safe point is needed.
    """
    return torch.where(condition, x, x.detach())
