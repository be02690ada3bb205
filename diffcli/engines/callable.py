"""A Function as a callable of torch's tensors."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from diffcli.engines.program import Program
from diffcli.engines.remote import lower
from diffcli.errors import UsageError
from diffcli.language.function import Function


@dataclass(frozen=True)
class Callable:
    """A function of tensors, in the order of the variables or by their names.

    It broadcasts as torch does, has the dtype and the device of its arguments, and returns a tensor
    for one formula, a tuple for several. It is made of torch's operations and of
    ``torch.autograd.Function`` with rules for every order, forward mode and ``vmap``, so
    autograd, ``torch.func`` and ``torch.compile`` take it; rules stand between compiled graphs.
    It can be pickled.
    """

    variables: tuple[str, ...]
    program: Program
    is_scalar: bool

    def __call__(self, *values: Tensor, **named: Tensor) -> Tensor | tuple[Tensor, ...]:
        """Return the value. Raises UsageError for missing or unknown variables."""
        names = self.variables[len(values) :]
        if set(named) != set(names):
            raise UsageError(
                f"a value for each of {', '.join(self.variables) or 'no variables'}",
                hint="in order, or by name",
            )
        inputs = (*values, *(named[name] for name in names))
        outputs = self.program(*(torch.as_tensor(each) for each in inputs))
        return outputs[0] if self.is_scalar else outputs


def callable_of(function: Function) -> Callable:
    """Return a Function's callable."""
    return Callable(function.variables, lower(function).ready(), function.is_scalar)
