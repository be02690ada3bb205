"""A lowered formula: a tape, and the torch code that is written from it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, reduce
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from diffcli.engines.tape import Tape, Value, called, rounded
from diffcli.engines.writing import Writer, defined, unpacked
from diffcli.errors import UsageError

if TYPE_CHECKING:
    import torch
    from torch import Tensor

Tensors: TypeAlias = "tuple[Tensor, ...]"


class _Plan(NamedTuple):
    """The dtype to compute in, whether all inputs have it, and what tells of transformations.

    The last is None where the functions are called as autograd needs them whatever it tells.
    """

    dtype: torch.dtype
    is_common: bool
    is_transformed: Callable[[], bool] | None


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
        kinds = tuple([(tensor.dtype, tensor.requires_grad) for tensor in inputs])
        if kinds not in self._plans:
            self._plans[kinds] = self._planned(kinds)
        dtype, is_common, is_transformed = self._plans[kinds]
        values = inputs if is_common else tuple([tensor.to(dtype) for tensor in inputs])
        constants = self._constants(dtype, values) if self._written.constants else ()
        if shape is None and self._numbers:
            import torch

            shape = torch.broadcast_shapes(*(tensor.shape for tensor in values))
        lines = self._compiled if is_transformed is None or is_transformed() else self._plain
        return lines(shape, constants, *values)

    def _planned(self, kinds: Sequence[tuple[torch.dtype, bool]]) -> _Plan:
        """Return how inputs are computed with, by their dtypes and whether they need gradients."""
        import torch

        from diffcli.engines.kernels.rules import Rule, is_transformed

        if len(kinds) != len(self.tape.inputs):
            raise UsageError(f"{len(kinds)} values for {len(self.tape.inputs)} variables")
        dtypes = {dtype for dtype, _ in kinds}
        dtype = reduce(torch.promote_types, dtypes) if dtypes else torch.float64
        if not (dtype.is_floating_point or dtype.is_complex):
            dtype = torch.float64
        has_rules = any(isinstance(own, Rule) for own in self._functions.values())
        needs_rules = dtype.is_complex or any(is_wanted for _, is_wanted in kinds)
        asks = is_transformed if has_rules and not needs_rules else None
        return _Plan(dtype, dtypes <= {dtype}, asks)

    def folded(self) -> tuple[Tape, list[Value]]:
        """Return the outputs on a tape of their own, with its steps folded."""
        return self.tape.folded(self.outputs)

    def ready(self) -> Program:
        """Return this program, compiled and its functions imported: torch can't trace that."""
        _ = self._compiled, self._plain, self._numbers, self._plans, self._tensors
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        # What was compiled can't be pickled, and is soon compiled again.
        return Program, (self.tape, self.outputs)

    @property
    def source(self) -> str:
        """The code: it defines ``program(s, c, v0, v1, …)``, of a shape, constants and inputs."""
        outputs = (
            f"({name} if {name}.ndim else {name}.expand(s))" if value in self._numbers else name
            for value, name in zip(self.outputs, map(self._written.name, self.outputs), strict=True)
        )
        inputs = "".join(f", v{index}" for index in range(len(self.tape.inputs)))
        tail = f"return ({''.join(f'{output}, ' for output in outputs)})"
        constants = unpacked(c=len(self._written.constants))
        return defined(f"program(s, c{inputs})", [*constants, *self._written.lines, tail])

    @cached_property
    def _numbers(self) -> set[Value]:
        """The outputs that depend on no input."""
        varying = set(self.tape.inputs)
        for value, step in enumerate(self.tape.steps):
            if not varying.isdisjoint(step.args):
                varying.add(value)
        return set(self.outputs) - varying

    @cached_property
    def _written(self) -> _Plain:
        writer = _Plain(self.tape, self.outputs)
        writer.write()
        return writer

    @cached_property
    def _functions(self) -> dict[str, Callable[..., Tensor]]:
        return {name: called(op) for op, name in self._written.functions.items()}

    @cached_property
    def _compiled(self) -> Callable[..., Tensors]:
        return self._defined(self._functions)

    @cached_property
    def _plain(self) -> Callable[..., Tensors]:
        """The same of real numbers, of which nothing takes a derivative."""
        plain = {name: getattr(own, "plain", own) for name, own in self._functions.items()}
        return self._defined(plain)

    def _defined(self, functions: Mapping[str, Callable[..., Tensor]]) -> Callable[..., Tensors]:
        # Torch imports some of itself at the first call, through the builtins of this frame.
        namespace: dict[str, Any] = dict(functions)
        exec(compile(self.source, "<formula>", "exec"), namespace)  # noqa: S102  it holds nothing that was typed
        program: Callable[..., Tensors] = namespace["program"]
        return program

    @cached_property
    def _plans(self) -> dict[tuple[tuple[torch.dtype, bool], ...], _Plan]:
        return {}

    @cached_property
    def _tensors(self) -> dict[tuple[torch.dtype, torch.device | None], Tensors]:
        """The constants, by dtype and device."""
        return {}

    def _constants(self, dtype: torch.dtype, values: Tensors) -> Tensors:
        key = (dtype, values[0].device if values else None)
        if key not in self._tensors:
            import torch

            constants = map(self.tape.constants.__getitem__, self._written.constants)
            self._tensors[key] = tuple(
                torch.tensor(
                    rounded(value, dtype),
                    dtype=torch.bool if isinstance(value, bool) else dtype,
                    device=key[1],
                )
                for value in constants
            )
        return self._tensors[key]
