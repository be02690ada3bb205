"""A compiled formula: straight-line torch source with its constants and its references."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property, reduce
from math import inf
from typing import TYPE_CHECKING, Any, TypeAlias

from diffcli.errors import UsageError
from diffcli.language.functions import resolve

if TYPE_CHECKING:
    import torch
    from torch import Tensor

Constant: TypeAlias = Fraction | float | complex | bool

Tensors: TypeAlias = "tuple[Tensor, ...]"


@dataclass(frozen=True)
class Program:
    """A function of tensors, written by :func:`diffcli.engines.lambdify.lambdify`.

    ``source`` defines ``program(inputs, constants, functions, shape)``; ``arity`` is the number of
    inputs; ``references`` name the functions as the table does. It can be pickled.
    """

    source: str
    arity: int
    constants: tuple[Constant, ...]
    references: tuple[str, ...]

    def __call__(self, *inputs: Tensor, shape: tuple[int, ...] | None = None) -> Tensors:
        """Return the outputs at tensors that broadcast against each other, or as the formula says.

        The outputs have the inputs' common dtype (integers become float64) and device; an output
        that depends on no input has the shape given, or their broadcast shape. Raises UsageError
        for another number of inputs, or for an imaginary constant among real inputs.
        """
        import torch

        if len(inputs) != self.arity:
            raise UsageError(f"{len(inputs)} values for {self.arity} variables")
        dtype = reduce(torch.promote_types, (each.dtype for each in inputs)) if inputs else None
        if dtype is None or not (dtype.is_floating_point or dtype.is_complex):
            dtype = torch.float64
        values = tuple(each if each.dtype == dtype else each.to(dtype) for each in inputs)
        device = values[0].device if values else torch.device("cpu")
        if shape is None:
            shape = torch.broadcast_shapes(*(each.shape for each in values))
        return self._compiled(values, self._constants(dtype, device), self._functions, shape)

    def ready(self) -> Program:
        """Return this program, compiled and its functions imported: torch can't trace that."""
        _ = self._compiled, self._functions, self._tensors
        return self

    def __getstate__(self) -> dict[str, Any]:
        # What was compiled can't be pickled, and is soon compiled again.
        return {name: getattr(self, name) for name in self.__dataclass_fields__}

    @cached_property
    def _compiled(self) -> Callable[..., Tensors]:
        # Torch imports some of itself at the first call, through the builtins of this frame.
        namespace: dict[str, Any] = {}
        exec(compile(self.source, "<formula>", "exec"), namespace)  # noqa: S102  it holds nothing that was typed
        program: Callable[..., Tensors] = namespace["program"]
        return program

    @cached_property
    def _functions(self) -> tuple[Any, ...]:
        return tuple(map(resolve, self.references))

    @cached_property
    def _tensors(self) -> dict[tuple[torch.dtype, torch.device], Tensors]:
        return {}

    def _constants(self, dtype: torch.dtype, device: torch.device) -> Tensors:
        import torch

        key = (dtype, device)
        if key not in self._tensors:
            self._tensors[key] = tuple(
                torch.tensor(
                    rounded(value, dtype),
                    dtype=torch.bool if isinstance(value, bool) else dtype,
                    device=device,
                )
                for value in self.constants
            )
        return self._tensors[key]


def rounded(value: Constant, dtype: torch.dtype) -> float | complex | bool:
    """Return an exact constant rounded once, to the precision of the dtype.

    Raises UsageError for an imaginary constant in a real dtype.
    """
    if isinstance(value, Fraction):
        import torch

        # A machine epsilon of 2^(1−p) belongs to a significand of p bits.
        bits = Fraction(torch.finfo(dtype).eps).denominator.bit_length()
        return _nearest(value, bits)
    if isinstance(value, complex) and not dtype.is_complex:
        raise UsageError("the formula holds the imaginary unit", hint="use --dtype complex128")
    return value


def _nearest(value: Fraction, bits: int) -> float:
    """Return a number rounded, half to even, to a significand of so many bits."""
    size = abs(value)
    exponent = size.numerator.bit_length() - size.denominator.bit_length()
    unit = Fraction(2) ** (exponent - (size < Fraction(2) ** exponent) - bits + 1)
    try:
        return float(round(value / unit) * unit)
    except OverflowError:
        return inf if value > 0 else -inf
