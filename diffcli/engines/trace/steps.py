"""The record of a run of torch code: its steps, on storages, with the lines that asked for them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from linecache import getline
from pathlib import Path
from types import CodeType
from typing import Any

import numpy as np
import torch
from torch import Tensor

CONSTANTS = frozenset(("detach", "data", "no_grad", "padding_idx", "tensor", "new_tensor"))
"""What makes a constant of a tensor, as torch documents."""
MAX_DECORATORS = 10
"""Lines of decorators above a function."""


@dataclass(frozen=True)
class Where:
    """A line of the user's code."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{Path(self.file).name}:{self.line}"


@dataclass(frozen=True)
class Reference:
    """A tensor as a window on a storage: which, and the elements of it.

    ``is_constant`` says that autograd was told to take it for a constant, by ``detach`` or
    ``no_grad``.
    """

    storage: int
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]
    dtype: torch.dtype
    is_constant: bool = False

    @property
    def is_floating(self) -> bool:
        """Whether its elements are real floating-point numbers."""
        return bool(self.dtype.is_floating_point)


@dataclass(eq=False)
class Call:
    """A call of a custom ``torch.autograd.Function``: its class, its tensors and its steps."""

    cls: type
    where: Where
    inputs: tuple[Reference, ...]
    names: tuple[str, ...]
    first: int
    last: int = 0
    node: Any = None
    """Autograd's node of it, once an output was seen."""
    outputs: dict[int, Reference] = field(default_factory=dict)
    storages: set[int] = field(default_factory=set)
    """What its steps wrote."""

    @property
    def known_storages(self) -> set[int]:
        """The storages that its outputs may have: those of its inputs, where it has no step."""
        return self.storages or {window.storage for window in self.inputs}

    @property
    def label(self) -> str:
        """The backward function as a user reads it: ``Bad.backward (model.py:7)``."""
        backward = getattr(self.cls, "backward", None)
        code = getattr(backward, "__code__", None)
        where = Where(code.co_filename, _defined(code)) if code else self.where
        return f"{self.cls.__name__}.backward ({where})"


def _defined(code: CodeType) -> int:
    """Return the line of a function's ``def``, below its decorators."""
    for line in range(code.co_firstlineno, code.co_firstlineno + MAX_DECORATORS):
        if getline(code.co_filename, line).lstrip().startswith(("def ", "async def ")):
            return line
    return code.co_firstlineno


@dataclass(frozen=True)
class Step:
    """One operation: torch's name of it, its arguments, and what it wrote.

    Tensors among the arguments are references. ``values`` are the outputs' numbers as torch
    computed them; ``labels`` tell for each output of a mere rearrangement which element of the
    floating-point arguments, counted from 1, stands there; 0 is none of them.
    """

    name: str
    overload: str
    arguments: tuple[Any, ...]
    options: Mapping[str, Any]
    outputs: tuple[Reference, ...]
    values: tuple[Tensor, ...]
    where: Where
    call: Call | None = None
    labels: tuple[np.ndarray[Any, Any], ...] = ()
    is_no_grad: bool = False
    is_in_place: bool = False

    @property
    def label(self) -> str:
        """The operation and its line, as a user reads them: ``sort (model.py:7)``."""
        return f"{self.name} ({self.where})"


@dataclass(frozen=True)
class Cut:
    """A place where autograd was told to see a constant, or where a number left torch."""

    kind: str
    where: Where
    at: int
    reference: Reference | None = None


@dataclass
class Record:
    """All steps of one run. ``constants`` are the storages that no step wrote, as first seen."""

    inputs: tuple[Reference, ...] = ()
    outputs: tuple[Reference, ...] = ()
    steps: list[Step] = field(default_factory=list)
    constants: dict[int, Tensor] = field(default_factory=dict)
    sizes: dict[int, int] = field(default_factory=dict)
    """How many elements a storage has."""
    cuts: list[Cut] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    tensors: list[Tensor] = field(default_factory=list)
    """Every tensor seen, so that no storage is freed and its number given to another."""
    results: tuple[Tensor, ...] = ()
    problem: str | None = None
    """Why the record isn't the function's, if it isn't."""
