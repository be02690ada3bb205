"""The autograd engine: derivatives by torch, of many points in one pass.

A formula of numbers is applied element by element, so the derivative of the sum of its values
holds, element by element, the derivative at each point. A formula of tensors is differentiated
component by component.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from math import factorial, prod
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.autograd.functional import jvp

from diffcli.errors import UsageError
from diffcli.language.tensors import component_names

Array = NDArray[np.float64]
Mode = Literal["auto", "reverse", "forward"]


def tensors(point: Mapping[str, Array], dtype: str, device: str) -> dict[str, Tensor]:
    """Return arrays as tensors that require grad; ``dtype`` and ``device`` are torch's names."""
    target = device_of(device)
    kind = getattr(torch, dtype)
    return {
        name: torch.tensor(value, dtype=kind, device=target, requires_grad=True)
        for name, value in point.items()
    }


def device_of(name: str) -> torch.device:
    """Return torch's device of this name. Raises UsageError where there is none."""
    if name == "auto" or not name.startswith("cuda"):
        return torch.device("cpu")
    if not torch.cuda.is_available():
        raise UsageError("there is no CUDA device", hint="use --device cpu")
    return torch.device(name)


def to_array(tensor: Tensor) -> Array:
    """Return a tensor's numbers as a float64 array."""
    return tensor.detach().cpu().to(torch.float64).numpy(force=True)


def held(
    program: Callable[..., Sequence[Tensor]], variables: Mapping[str, Tensor], moving: Sequence[str]
) -> tuple[Callable[..., Sequence[Tensor]], dict[str, Tensor]]:
    """Return the program of some of its variables, the others held constant, and these."""

    def of_moving(*values: Tensor) -> Sequence[Tensor]:
        return program(*(dict(variables) | dict(zip(moving, values, strict=True))).values())

    return of_moving, {name: variables[name] for name in moving}


class Evaluation:
    """A program of tensors evaluated at a point, to be differentiated there.

    ``variables`` are its arguments in order, tensors that require grad. With
    ``element_by_element`` a formula of numbers was applied to many points at once. Derivatives in
    an argument that an output doesn't depend on are zero.
    """

    def __init__(
        self,
        program: Callable[..., Sequence[Tensor]],
        variables: Mapping[str, Tensor],
        *,
        element_by_element: bool = False,
    ) -> None:
        self.variables = variables
        self._program, self._inputs = program, list(variables.values())
        self._element_by_element = element_by_element
        self.outputs = tuple(program(*self._inputs))
        self.remarks: list[str] = []
        """What is to be said of how the derivatives were computed."""

    @property
    def _flat(self) -> Tensor:
        """All outputs as one vector."""
        return flattened(self.outputs)

    def gradient(self, inputs: Sequence[Tensor]) -> list[Tensor]:
        """Return the gradient of the sum of the first output in each input, shaped like it."""
        return gradient(self.outputs[0], inputs)

    def partial(self, wrt: Sequence[str], mode: Mode = "auto") -> Tensor:
        """Return the mixed partial of the first output in variables, or components, in turn.

        Raises UsageError for forward mode, which takes a formula.
        """
        if mode == "forward":
            raise UsageError("forward mode takes a formula", hint="--mode reverse")
        return self._nested([self._component(name) for name in wrt])

    def repeated(self, name: str, order: int, mode: Mode = "auto") -> Tensor:
        """Return the partial of some order in a variable, or in each of its components alone."""
        variable, index = self._component(name)
        if index is not None or self._element_by_element or variable.ndim == 0:
            return self.partial([name] * order, mode)
        names = component_names(name, tuple(variable.shape))
        parts = [self.partial([name] * order, mode) for name in names]
        return torch.stack(parts).reshape(variable.shape)

    def taylor(self, indices: Sequence[Sequence[str]]) -> list[Tensor]:
        """Return the Taylor coefficient of the first output of each partial, in components."""
        counts = [Counter(wrt).values() for wrt in indices]
        pairs = zip(indices, counts, strict=True)
        return [self.partial(wrt) / prod(map(factorial, coefficient)) for wrt, coefficient in pairs]

    @property
    def columns(self) -> list[str]:
        """The names of the variables' components: ``x``, ``x[0]``, ``A[0,1]``."""
        pairs = self.variables.items()
        return [
            part for name, column in pairs for part in component_names(name, tuple(column.shape))
        ]

    def _component(self, name: str) -> tuple[Tensor, int | None]:
        """Return the tensor that a variable or a component ``A[0,1]`` stands in, and where."""
        variable, bracket, index = name.partition("[")
        tensor = self.variables[variable]
        if not bracket:
            return tensor, None
        position = tuple(int(part) for part in index.removesuffix("]").split(","))
        return tensor, int(np.ravel_multi_index(position, tensor.shape))

    def _nested(self, wrt: Sequence[tuple[Tensor, int | None]]) -> Tensor:
        output = self.outputs[0]
        for done, (variable, index) in enumerate(wrt, start=1):
            (output,) = gradient(output, [variable], higher=done < len(wrt))
            output = output if index is None else output.reshape(-1)[index]
        return output

    def jacobian(self, mode: Mode = "auto") -> Tensor:
        """Return the matrix of first derivatives, a row an output, a column a variable, flattened.

        The rows (reverse) or the columns (forward) are batched into one pass; ``auto`` takes
        whichever are fewer.
        """
        columns = sum(tensor.numel() for tensor in self._inputs)
        if mode == "reverse" or (mode == "auto" and self._flat.numel() <= columns):
            return _rows(self._flat, self._inputs)
        slopes, weights = self._weighted()
        return _rows(flattened(slopes), weights).T

    def hessian(self) -> Tensor:
        """Return the matrix of second derivatives of the first output, a number."""
        slopes = gradient(self.outputs[0], self._inputs, higher=True)
        return _rows(flattened(slopes), self._inputs)

    def vjp(self, vector: Sequence[Tensor]) -> list[Tensor]:
        """Return a vector, a tensor for each output, times the Jacobian."""
        pairs = zip(self.outputs, vector, strict=True)
        return gradient(torch.stack([(out * v).sum() for out, v in pairs]), self._inputs)

    def jvp(self, vector: Sequence[Tensor]) -> list[Tensor]:
        """Return the Jacobian times a vector, a tensor for each variable."""
        slopes, weights = self._weighted()
        products = [(slope * v).sum() for slope, v in zip(slopes, vector, strict=True)]
        return gradient(torch.stack(products), weights)

    def _weighted(self) -> tuple[list[Tensor], list[Tensor]]:
        """Return the outputs' weighted sum's gradient, and the weights, in which it is linear.

        Its derivative in the weights is forward mode by two reverse passes. Torch's own forward
        mode takes a second to load.
        """
        weights = [torch.zeros_like(output, requires_grad=True) for output in self.outputs]
        pairs = zip(self.outputs, weights, strict=True)
        total = torch.stack([(output * weight).sum() for output, weight in pairs])
        return gradient(total, self._inputs, higher=True), weights

    def hvp(self, vector: Sequence[Tensor]) -> list[Tensor]:
        """Return the Hessian of the first output, a number, times a vector."""
        slopes = gradient(self.outputs[0], self._inputs, higher=True)
        products = [(slope * v).sum() for slope, v in zip(slopes, vector, strict=True)]
        return gradient(torch.stack(products), self._inputs)


def flattened(parts: Iterable[Tensor]) -> Tensor:
    """Return the components of some tensors as one vector."""
    return torch.cat([part.reshape(-1) for part in parts])


def _rows(flat: Tensor, inputs: Sequence[Tensor]) -> Tensor:
    """Return the Jacobian of a vector, its rows as one batch."""
    count = flat.numel()
    if not flat.requires_grad:
        return flat.new_zeros(count, sum(tensor.numel() for tensor in inputs))
    unit = torch.eye(count, dtype=flat.dtype, device=flat.device)
    blocks = torch.autograd.grad(
        flat, inputs, unit, retain_graph=True, is_grads_batched=True, allow_unused=True
    )
    pairs = zip(blocks, inputs, strict=True)
    rows = (flat.new_zeros(count, x.numel()) if block is None else block for block, x in pairs)
    return torch.cat([row.reshape(count, -1) for row in rows], dim=1)


def gradient(output: Tensor, inputs: Sequence[Tensor], *, higher: bool = False) -> list[Tensor]:
    """Return the gradient of the sum of ``output`` in each input, shaped like that input.

    An input that the output doesn't depend on has gradient zero. With ``higher`` the result can
    be differentiated again.
    """
    if not output.requires_grad:
        return [torch.zeros_like(tensor) for tensor in inputs]
    return list(
        torch.autograd.grad(
            output.sum(), inputs, create_graph=higher, retain_graph=True, materialize_grads=True
        )
    )


def partial(output: Tensor, wrt: Sequence[Tensor]) -> Tensor:
    """Return the mixed partial in each of ``wrt`` in turn, shaped like the last one.

    Nested reverse mode: the cost doubles with every order.
    """
    for index, variable in enumerate(wrt):
        (output,) = gradient(output, [variable], higher=index + 1 < len(wrt))
    return output


def forward_partial(
    program: Callable[..., Sequence[Tensor]],
    point: Mapping[str, Tensor],
    wrt: Sequence[str],
    output: int = 0,
) -> Tensor:
    """Return the mixed partial of a program's output in each of ``wrt`` in turn.

    The last one is a Jacobian-vector product, by the reverse pass of a reverse pass (dual numbers,
    torch.autograd.forward_ad, load a second's worth of imports at the first sum with a constant);
    those before it are reverse passes. ``point`` gives the program's arguments in order, tensors
    that require grad; the result is shaped like the output.
    """
    *before, last = wrt

    def lower(x: Tensor) -> Tensor:
        moving = {**point, last: x}
        value = program(*moving.values())[output]
        for name in before:
            (value,) = gradient(value, [moving[name]], higher=True)
        return value

    product: Tensor = jvp(lower, point[last], torch.ones_like(point[last]))[1]
    return product
