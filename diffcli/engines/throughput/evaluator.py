"""The evaluator: columns of numbers in, columns of values and derivatives out."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from time import perf_counter
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from diffcli.engines.autograd import device_of
from diffcli.engines.remote import lower
from diffcli.engines.throughput.compiled import CompilerError
from diffcli.engines.throughput.layout import Kind, Wanted
from diffcli.engines.throughput.pointwise import SAMPLE, Pointwise
from diffcli.engines.throughput.routes import ROUTES, Request, route_for
from diffcli.errors import PointError
from diffcli.language.function import Function
from diffcli.tensors.shapes import refuse_tensors

Column = Tensor | NDArray[Any] | float

COMPILING_PAYS, MEASURED_FROM = 10.0, 10_000_000
"""Seconds of predicted work from which the time to compile is won back, and points from which
it is predicted."""


class Evaluator:
    """Value and derivatives of one formula of numbers, at as many points as wanted.

    Made once, and called for each chunk of data: the formula is lowered once. ``wrt`` are the
    variables that it is differentiated in (all of them unless named), ``kinds`` what is computed:

    ========== ==================== =====================================================
    kind       shape for n points
    ========== ==================== =====================================================
    value      (n,), or (m, n)      of one formula, or of m
    grad       (v, n)               of one formula: the ``order``-th derivative in each of v
    jacobian   (m, v, n)            of m formulas
    hessian    (v, v, n)            of one formula
    ========== ==================== =====================================================

    A number that doesn't exist is nan: every number of a point where a formula isn't real and
    finite, and a derivative that isn't finite. Nothing is raised for it, and no other point is
    touched. At a kink a derivative is a subgradient: no verdict is given here.

    ``way`` is how it is computed, one of :data:`~diffcli.engines.throughput.routes.ROUTES`, or
    ``auto``: by the number of points, as for ``compiled`` where they are too few to be compiled.
    ``told`` says afterwards which way was taken. ``dtype`` and
    ``device`` are torch's names. Raises UsageError for a formula of tensors, or one that has no
    such derivative.
    """

    def __init__(
        self,
        function: Function,
        wrt: Sequence[str] = (),
        kinds: Sequence[Kind] = ("value", "grad"),
        *,
        order: int = 1,
        dtype: str = "float64",
        device: str = "cpu",
        way: str = "auto",
    ) -> None:
        refuse_tensors(function.outputs)
        self.function, self.variables = function, function.variables
        self.layout = Wanted.of(function, wrt, kinds, order)
        self.told = ""
        self._way = way
        request = Request(
            lower(function), self.layout.numbers, getattr(torch, dtype), device_of(device)
        )
        self._request, self._pointwise = request, Pointwise(function, request)

    def allocate(self, points: int, device: str = "cpu") -> Tensor:
        """Return memory for all numbers at so many points, to be used again and again."""
        return self.layout.allocate(points, self._request.dtype, device_of(device))

    def evaluate(
        self,
        columns: Mapping[str, Column],
        *,
        progress: Callable[[int], None] = lambda _: None,
        memory: Tensor | None = None,
    ) -> dict[str, Tensor]:
        """Return each kind's results, a tensor whose last axis is the points, in their order.

        ``columns`` gives each variable a vector of numbers, or one number for all points; other
        names are ignored. The results are where the columns are, or in ``memory``, which
        :meth:`allocate` made. ``progress`` is called with the number of points done. Beyond its
        results an evaluation takes some megabytes, however many points there are. Raises
        PointError where a variable has no column, or the columns' lengths differ;
        DisagreementError where autograd contradicts a sweep that was written for many points;
        UsageError where there is no compiler for a way that needs one.
        """
        inputs, points = _vectors(columns, self.variables)
        device = inputs[0].device if inputs else self._request.device
        block = memory
        if block is None:
            block = self.layout.allocate(points, self._request.dtype, device)
        name = self._route(points, inputs, block)
        threads = self._pointwise.evaluate(name, inputs, block, progress=progress)
        route, chunk = ROUTES[name], self._pointwise.prepared(name).chunk
        chunks = f", chunks of {chunk:,}, {threads} threads" if threads > 1 else ""
        checked = f"; autograd agrees at {SAMPLE} points" if route.is_written else ""
        self.told = f"{points:,} points by {route.says}{chunks}{checked}"
        return self.layout.results(block)

    def _route(self, points: int, inputs: Sequence[Tensor], block: Tensor) -> str:
        """Return the name of the route that is taken."""
        least, pointwise = self._request.compiled_chunk, self._pointwise
        if self._way not in ("auto", "compiled") or (self._way == "compiled" and points >= least):
            return self._way
        name = route_for(points, self._request.device)
        if name == "emitted" and points >= MEASURED_FROM:
            emitted = pointwise.prepared(name)
            work = pointwise.work(emitted, inputs, block)
            work(0, emitted.chunk)  # what runs for the first time isn't measured
            begun = perf_counter()
            work(0, emitted.chunk)
            seconds = (perf_counter() - begun) * points / emitted.chunk / pointwise.threads
            if seconds > COMPILING_PAYS:
                with suppress(CompilerError):
                    pointwise.prepared("compiled")
                    return "compiled"
        return name


def _vectors(columns: Mapping[str, Column], names: Sequence[str]) -> tuple[list[Tensor], int]:
    """Return a vector for each variable, and how many points they are."""
    missing = [name for name in names if name not in columns]
    if missing:
        raise PointError(
            f"no column for {', '.join(missing)}", hint=f"the variables are {', '.join(names)}"
        )
    vectors = [_tensor(columns[name]) for name in names]
    lengths = {vector.numel() for vector in vectors if vector.ndim}
    if len(lengths) > 1 or any(vector.ndim > 1 for vector in vectors):
        listed = ", ".join(
            f"{name} {list(vector.shape)}" for name, vector in zip(names, vectors, strict=True)
        )
        raise PointError(
            f"columns of different lengths: {listed}", hint="a vector of one length each"
        )
    points = lengths.pop() if lengths else 1
    return [vector.expand(points) for vector in vectors], points


def _tensor(column: Column) -> Tensor:
    """Return a column as a tensor on the same memory."""
    if isinstance(column, Tensor):
        return column.detach()
    array = np.asarray(column)
    if min(array.strides, default=0) < 0:
        array = array.copy()  # torch knows no memory that is read backwards
    with warnings.catch_warnings():
        # A column is only read.
        warnings.filterwarnings("ignore", "The given NumPy array is not writable")
        return (
            torch.from_numpy(array)
            if array.ndim
            else torch.tensor(float(array), dtype=torch.float64)
        )
