"""The gradient of code, proved: for Python programs and their tests."""

from __future__ import annotations

from collections.abc import Callable
from inspect import signature
from typing import TYPE_CHECKING, Any

from diffcli.differentiation.code.functions import UserFunction
from diffcli.differentiation.code.modules import OfParameters
from diffcli.differentiation.code.reports import derive_user
from diffcli.errors import UsageError
from diffcli.language.points import Computed, Point
from diffcli.operators import Grad, Jacobian, Operator
from diffcli.output.report import Report

if TYPE_CHECKING:
    from torch import Tensor
    from torch.nn import Module


def verify_gradients(
    function: Callable[..., Any], *inputs: Any, loss: Callable[..., Any] | None = None
) -> Report:
    """Prove autograd's gradient of a function of tensors, or find what is wrong with it.

    The variables are the inputs that require grad, or all floating-point tensors where none does;
    of a ``torch.nn.Module`` they are its parameters, and ``loss`` takes its output and the inputs
    that its ``forward`` doesn't. Several outputs have a Jacobian. The report's ``exit_code`` is 5
    where a backward is proved wrong; its checks name the entry, both numbers and the line.

    Raises UsageError where there is nothing to differentiate by, NoDerivativeError where autograd
    can't follow the function.
    """
    import torch

    if isinstance(function, torch.nn.Module):
        return _of_module(function, inputs, loss)
    floating = [
        position
        for position, tensor in enumerate(inputs)
        if isinstance(tensor, torch.Tensor) and tensor.is_floating_point()
    ]
    moving = [position for position in floating if inputs[position].requires_grad] or floating
    if not moving:
        raise UsageError("no input is a floating-point tensor", hint="torch.tensor([1.0, 2.0])")
    dtype = str(inputs[moving[0]].dtype).removeprefix("torch.")
    names = _names(function, len(inputs))

    # Here, and not in what is recorded: an input may have a history of its own.
    constants = [
        tensor.detach() if isinstance(tensor, torch.Tensor) else tensor for tensor in inputs
    ]

    def call(*values: Tensor) -> Any:
        given = list(constants)
        for position, value in zip(moving, values, strict=True):
            given[position] = value
        outputs = function(*given)
        return outputs if loss is None else loss(outputs)

    point = {names[position]: inputs[position] for position in moving}
    return _report(_text(function), point, call, dtype)


def _of_module(module: Module, inputs: tuple[Any, ...], loss: Callable[..., Any] | None) -> Report:
    dtype = next((str(x.dtype).removeprefix("torch.") for x in module.parameters()), "float64")
    call = OfParameters(module, inputs, loss, dtype)
    return _report(type(module).__name__, call.parameters, call, dtype)


def _report(text: str, point: dict[str, Any], call: Callable[..., Any], dtype: str) -> Report:
    import torch

    from diffcli.differentiation import Settings
    from diffcli.differentiation.code.weighing import DIGITS_KEPT

    if dtype not in DIGITS_KEPT:
        raise UsageError(f"{dtype} has no proofs", hint=f"one of {', '.join(DIGITS_KEPT)}")
    function = UserFunction(text, tuple(point), call)
    values = {
        name: Computed(value.detach().cpu().double().numpy()) for name, value in point.items()
    }
    outputs = function(*(value.detach().requires_grad_() for value in point.values()))
    is_number = sum(output.numel() for output in outputs) == 1
    operator: Operator = Grad() if is_number else Jacobian()
    with torch.enable_grad():
        return derive_user(operator, function, [Point(values)], Settings(dtype=dtype))


def _names(function: Callable[..., Any], count: int) -> list[str]:
    """Return the names of a function's arguments, as far as it has any."""
    try:
        own = list(signature(function).parameters)
    except (TypeError, ValueError):
        own = []
    return [own[position] if position < len(own) else f"x{position}" for position in range(count)]


def _text(function: Callable[..., Any]) -> str:
    return str(getattr(function, "__qualname__", type(function).__name__))
