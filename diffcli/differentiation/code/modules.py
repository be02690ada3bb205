"""A torch module as a function of its parameters, at a batch of inputs.

The parameters are the variables, named as torch names them; the inputs and what the loss takes
besides the module's output are constants.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import deepcopy
from inspect import Parameter, signature
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Any

from diffcli.errors import FileError, UsageError

if TYPE_CHECKING:
    from torch import Tensor
    from torch.nn import Module

Inputs = Mapping[str, Any] | Sequence[Any]
"""A batch: tensors by the names of arguments, or in their order."""


def read_inputs(file: Path) -> Inputs:
    """Read a batch from a file: ``.npz``, or what ``torch.save`` wrote, of which nothing is run.

    Raises FileError where it can't be read.
    """
    import numpy as np
    import torch

    try:
        if file.suffix == ".npz":
            with np.load(file, allow_pickle=False) as archive:
                return {name: torch.from_numpy(archive[name]) for name in archive.files}
        given = torch.load(file, weights_only=True)
    except OSError as error:
        raise FileError(f"{file} can't be read: {error.strerror or error}") from error
    except Exception as error:
        said = str(error).strip().split("\n")[0]
        raise FileError(
            f"{file} is no batch of tensors: {said}", hint="an .npz, or torch.save of a dict"
        ) from error
    if isinstance(given, torch.Tensor):
        return [given]
    if not isinstance(given, dict | list | tuple):
        raise FileError(f"{file} holds a {type(given).__name__}", hint="a dict of tensors by name")
    return given


class OfParameters:
    """A module's loss as a function of its parameters, in the order of ``names``."""

    def __init__(
        self,
        module: Module,
        inputs: Inputs,
        loss: Callable[..., Any] | None,
        dtype: str,
        whole: Collection[str] = (),
    ) -> None:
        """Take a module, its batch and its loss; ``whole`` names typed inputs of whole numbers.

        These are integers where the module or the loss refuses floats, as classes and words are.
        """
        import torch

        kind = getattr(torch, dtype)
        self._module = deepcopy(module).to(kind)
        self._loss = loss
        self.parameters = dict(self._module.named_parameters())
        self.names = tuple(self.parameters)
        floats = {"dtype": kind}

        def take(batch: Inputs) -> None:
            own, rest = _divided(module, loss, batch)
            self._inputs, self._rest = (
                [
                    value.to(**floats)
                    if isinstance(value, torch.Tensor) and value.is_floating_point()
                    else value
                    for value in part
                ]
                for part in (own, rest)
            )

        take(inputs)
        if isinstance(inputs, Mapping) and whole and not self._runs():
            for chosen in (*combinations(sorted(whole), 1), tuple(whole)):
                take({**inputs, **{name: inputs[name].long() for name in chosen}})
                if self._runs():
                    return
            take(inputs)

    def _runs(self) -> bool:
        """Whether a copy of the module, and the loss, take the inputs."""
        import torch

        try:
            with torch.no_grad():
                output = deepcopy(self._module)(*self._inputs)
                _ = output if self._loss is None else self._loss(output, *self._rest)
        except (RuntimeError, IndexError, TypeError):
            return False
        return True

    def __call__(self, *values: Tensor) -> Any:
        """Return the loss, or without one the module's output."""
        pairs = zip(self.parameters.values(), values, strict=True)
        with _replaced(self._module, {id(own): value for own, value in pairs}):
            output = self._module(*self._inputs)
            return output if self._loss is None else self._loss(output, *self._rest)


def _divided(
    module: Module, loss: Callable[..., Any] | None, inputs: Inputs
) -> tuple[list[Any], list[Any]]:
    """Return what the module takes of a batch, and what the loss takes of it besides.

    Raises UsageError where something is missing or left over.
    """
    own, own_required = _arguments(module.forward)
    rest, rest_required = _arguments(loss) if loss is not None else ([], 0)
    rest, rest_required = rest[1:], max(rest_required - 1, 0)
    if not isinstance(inputs, Mapping):
        count = len(inputs) - rest_required if len(inputs) > own_required else own_required
        takes_any = _takes_any(module.forward) or (loss is not None and _takes_any(loss))
        is_too_long = not takes_any and len(inputs) > len(own) + len(rest)
        if is_too_long or len(inputs) < own_required + rest_required:
            raise UsageError(
                f"{len(inputs)} inputs for {', '.join([*own, *rest])}",
                hint="--loss NAME takes the module's output and the rest"
                if is_too_long and loss is None
                else "give one each",
            )
        return list(inputs[:count]), list(inputs[count:])
    missing = [name for name in (*own[:own_required], *rest[:rest_required]) if name not in inputs]
    unknown = [name for name in inputs if name not in (*own, *rest)]
    if missing:
        raise UsageError(
            f"no value for {', '.join(missing)}",
            hint=f"the batch has {', '.join(unknown)}: give them the names of the arguments"
            if unknown
            else f'--inputs batch.npz with it, or --at "{missing[0]}=…"',
        )
    if unknown:
        takes = ", ".join([*own, *rest])
        raise UsageError(f"nothing takes {', '.join(unknown)}", hint=f"the inputs: {takes}")
    return ([inputs[n] for n in own if n in inputs], [inputs[n] for n in rest if n in inputs])


def _arguments(function: Callable[..., Any]) -> tuple[list[str], int]:
    """Return the names of the positional arguments, and how many of them have no default."""
    kinds = (Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD)
    given = [
        parameter
        for parameter in signature(function).parameters.values()
        if parameter.kind in kinds
    ]
    return [argument.name for argument in given], sum(
        argument.default is argument.empty for argument in given
    )


def _takes_any(function: Callable[..., Any]) -> bool:
    kinds = {parameter.kind for parameter in signature(function).parameters.values()}
    return Parameter.VAR_POSITIONAL in kinds


@contextmanager
def _replaced(module: Module, values: Mapping[int, Tensor]) -> Iterator[None]:
    """Let tensors stand for a module's parameters, wherever these are used in it."""
    before: list[tuple[Any, str, Any]] = []
    flat = [layer for layer in module.modules() if hasattr(layer, "_flat_weights_names")]
    try:
        for part in module.modules():
            for name, own in part._parameters.items():
                if own is not None and id(own) in values:
                    before.append((part, name, own))
                    part._parameters[name] = values[id(own)]  # type: ignore[assignment]
        _gather_flat(flat)
        yield
    finally:
        for part, name, own in before:
            part._parameters[name] = own
        _gather_flat(flat)


def _gather_flat(modules: Sequence[Any]) -> None:
    """Renew the lists of weights that recurrent layers keep beside their parameters."""
    for module in modules:
        module._flat_weights = [getattr(module, name, None) for name in module._flat_weights_names]
