"""A lowered formula: a tape, and the torch code that is written from it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, reduce
from typing import TYPE_CHECKING, Any, TypeAlias

from diffcli.engines.tape import Tape, Value, called, rounded
from diffcli.engines.writing import Writer, defined, unpacked
from diffcli.errors import UsageError

if TYPE_CHECKING:
    import torch
    from torch import Tensor

Tensors: TypeAlias = "tuple[Tensor, ...]"


class _Plain(Writer):
    """Writes torch code that autograd differentiates."""

    aliases = ()


@dataclass(frozen=True)
class Program:
    """A function of tensors: some values of a tape, written by :mod:`diffcli.engines.lambdify`.

    It can be pickled.
    """

    tape: Tape
    outputs: tuple[Value, ...]

    def __call__(self, *inputs: Tensor, shape: tuple[int, ...] | None = None) -> Tensors:
        """Return the outputs at tensors that broadcast against each other, or as the formula says.

        The outputs have the inputs' common dtype (integers become float64) and device; a number
        that depends on no input has the shape given, or their broadcast shape. Raises UsageError
        for another number of inputs, or for an imaginary constant among real inputs.
        """
        import torch

        if len(inputs) != len(self.tape.inputs):
            raise UsageError(f"{len(inputs)} values for {len(self.tape.inputs)} variables")
        dtypes = {tensor.dtype for tensor in inputs}
        dtype = reduce(torch.promote_types, dtypes) if dtypes else torch.float64
        if not (dtype.is_floating_point or dtype.is_complex):
            dtype = torch.float64
        values = inputs if dtypes == {dtype} else tuple(tensor.to(dtype) for tensor in inputs)
        device = values[0].device if values else torch.device("cpu")
        if shape is None:
            shape = torch.broadcast_shapes(*(tensor.shape for tensor in values))
        return self._compiled(values, self._constants(dtype, device), self._functions, shape)

    def folded(self) -> tuple[Tape, list[Value]]:
        """Return the outputs on a tape of their own, with its steps folded."""
        return self.tape.folded(self.outputs)

    def ready(self) -> Program:
        """Return this program, compiled and its functions imported: torch can't trace that."""
        _ = self._compiled, self._functions, self._tensors
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        # What was compiled can't be pickled, and is soon compiled again.
        return Program, (self.tape, self.outputs)

    @property
    def source(self) -> str:
        """The code: it defines ``program(v, c, f, s)``, of inputs, constants, functions, shape."""
        varying = set(self.tape.inputs)
        for value, step in enumerate(self.tape.steps):
            if not varying.isdisjoint(step.args):
                varying.add(value)
        outputs = (
            name if value in varying else f"({name} if {name}.ndim else {name}.expand(s))"
            for value, name in zip(self.outputs, map(self._written.name, self.outputs), strict=True)
        )
        head = unpacked(
            v=len(self.tape.inputs),
            c=len(self._written.constants),
            f=len(self._written.functions),
        )
        tail = f"return ({''.join(f'{output}, ' for output in outputs)})"
        return defined("program(v, c, f, s)", [*head, *self._written.lines, tail])

    @cached_property
    def _written(self) -> _Plain:
        writer = _Plain(self.tape, self.outputs)
        writer.write()
        return writer

    @cached_property
    def _compiled(self) -> Callable[..., Tensors]:
        # Torch imports some of itself at the first call, through the builtins of this frame.
        namespace: dict[str, Any] = {}
        exec(compile(self.source, "<formula>", "exec"), namespace)  # noqa: S102  it holds nothing that was typed
        program: Callable[..., Tensors] = namespace["program"]
        return program

    @cached_property
    def _functions(self) -> tuple[Callable[..., Tensor], ...]:
        return tuple(map(called, self._written.functions))

    @cached_property
    def _tensors(self) -> dict[tuple[torch.dtype, torch.device], Tensors]:
        return {}

    def _constants(self, dtype: torch.dtype, device: torch.device) -> Tensors:
        if not self._written.constants:
            return ()
        import torch

        key = (dtype, device)
        if key not in self._tensors:
            constants = map(self.tape.constants.__getitem__, self._written.constants)
            self._tensors[key] = tuple(
                torch.tensor(
                    rounded(value, dtype),
                    dtype=torch.bool if isinstance(value, bool) else dtype,
                    device=device,
                )
                for value in constants
            )
        return self._tensors[key]
