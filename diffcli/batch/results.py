"""The numbers that are computed for every row, and the columns that hold them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, cast

from diffcli.clock import now
from diffcli.differentiation import Settings
from diffcli.differentiation.numbers.arrays import Numbers
from diffcli.errors import LimitError, PointError, UsageError
from diffcli.language.function import Function
from diffcli.verdict import Verdict

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor

    from diffcli.engines.program import Program
    from diffcli.engines.throughput import Evaluator
    from diffcli.engines.throughput.layout import Kind
    from diffcli.rows.chunks import Array, Chunk

Place = tuple[int, tuple[str, ...]]
"""A number of a row: of which output, differentiated in which variables in turn."""


@dataclass(frozen=True)
class Results:
    """The numbers of each row: the columns ``f``, ``df/dx``, ``d2f/dxdy`` and so on.

    ``constants`` are variables that have one value in all rows; ``name`` is the function's in
    the columns; several formulas are ``f1``, ``f2`` …. Of a Hessian, which is symmetric, each
    pair of variables has one column. Raises UsageError where the formula has no such derivative,
    or two columns would have one name.
    """

    function: Function
    kinds: tuple[Kind, ...]
    wrt: tuple[str, ...] = ()
    constants: Mapping[str, float] = field(default_factory=dict)
    name: str = "f"
    settings: Settings = field(default_factory=Settings)
    rows: int | None = None
    """How many there are, if that is known: by it the way is chosen to evaluate them."""

    def __getstate__(self) -> dict[str, Any]:
        # What is computed with can't be sent to another process, and is soon made again.
        return {name: getattr(self, name) for name in self.__dataclass_fields__}

    @property
    def variables(self) -> tuple[str, ...]:
        """The variables that are columns."""
        return tuple(name for name in self.function.variables if name not in self.constants)

    @cached_property
    def _evaluator(self) -> Evaluator:
        from diffcli.engines.throughput import Evaluator

        dtype, device = self.settings.dtype, self.settings.device
        return Evaluator(
            self.function,
            self.wrt,
            # The values say where there is no number at all.
            tuple(dict.fromkeys(("value", *self.kinds))),
            dtype=dtype,
            device=device,
            way=self._way,
        )

    @property
    def _way(self) -> str:
        """How the rows are evaluated: one way for all chunks, that they don't depend on the run."""
        from diffcli.engines.autograd import device_of
        from diffcli.engines.throughput.routes import route_for

        if self.settings.compile:
            return "compiled"
        return (
            "auto" if self.rows is None else route_for(self.rows, device_of(self.settings.device))
        )

    @cached_property
    def places(self) -> Mapping[str, Place]:
        """Each column's number."""
        columns: dict[str, Place] = {}
        for kind in self.kinds:
            for partial in self._places_of(kind):
                column = self._column(*partial)
                if columns.setdefault(column, partial) != partial:
                    raise UsageError(
                        f"two derivatives would have the column {column!r}",
                        hint="choose the variables with --wrt, or rename one",
                    )
        return columns

    def _places_of(self, kind: str) -> Iterator[Place]:
        """Yield the numbers of a kind in their order, a mixed partial's variables in theirs."""
        for output, wrt in self._evaluator.layout.partials(cast("Kind", kind)):
            yield output, tuple(self.function.variables[index] for index in sorted(wrt))

    def _column(self, output: int, wrt: Sequence[str]) -> str:
        name = self.name if self.function.is_scalar else f"{self.name}{output + 1}"
        powers = {name: wrt.count(name) for name in wrt}
        below = "".join(f"d{name}{_count(power)}" for name, power in powers.items())
        return f"d{_count(len(wrt))}{name}/{below}" if wrt else name

    def check(self, columns: Collection[str]) -> None:
        """Raise UsageError where a result's column is one of those that pass through."""
        clash = [name for name in self.places if name in columns]
        if clash:
            raise UsageError(
                f"the rows already have a column {clash[0]!r}",
                hint="name the function otherwise: --name g; or leave the column: --keep NAMES",
            )

    def allocate(self, rows: int) -> Tensor:
        """Return memory for all numbers of so many rows."""
        return self._evaluator.allocate(rows)

    def of(self, chunk: Chunk, memory: Tensor | None = None, before: int = 0) -> Evaluated:
        """Evaluate a chunk, into ``memory`` if there is some, which :meth:`allocate` made.

        ``before`` is how many rows come before it.
        Raises PointError where a variable has no column.
        """
        import numpy as np

        from diffcli.differentiation.checks.selection import suspects, where_any

        absent = [name for name in self.variables if name not in chunk.numbers]
        if absent and chunk.rows:
            raise PointError(
                f"no column for {', '.join(absent)}",
                hint=f"the columns are {', '.join(chunk.columns)}; one value for all rows: --at",
            )
        columns = {name: chunk.numbers.get(name, np.empty(0)) for name in self.variables}
        missing = where_any(np.isnan, columns.values(), (chunk.rows,))
        missing[list(chunk.surplus)] = True
        # Without a column there is one point, whatever the rows.
        into = memory[:, : chunk.rows] if memory is not None and columns else None
        rows = self._rows({**self.constants, **columns}, chunk.rows, into)
        if missing.any():
            # A constant has a value even where its argument is missing.
            rows = {partial: np.where(missing, np.nan, row) for partial, row in rows.items()}
        numbers = self._numbers(rows)
        arrays = {name: np.array(value) for name, value in self.constants.items()} | columns
        suspected = suspects(
            self.function,
            {name: arrays[name] for name in self.function.variables},
            numbers,
            self.settings,
            evaluate=self._evaluated,
            closed=self._closed,
            before=before,
        )
        return Evaluated(
            chunk,
            missing,
            numbers.values,
            {column: rows[partial] for column, partial in self.places.items()},
            suspected.missing & ~missing,
            suspected.mask & ~missing,
            np.zeros(chunk.rows, dtype=bool),
            int((suspected.kinks & ~missing).sum()),
        )

    def _rows(
        self, columns: Mapping[str, Array | float], count: int, memory: Tensor | None = None
    ) -> dict[Place, Array]:
        """Return every number of so many rows."""
        rows: dict[Place, Array] = {}
        for kind, block in self._evaluator.evaluate(columns, memory=memory).items():
            height = block.shape[:-1].numel()
            flat = block.reshape(height, block.shape[-1]).expand(height, count).double()
            rows |= zip(self._places_of(kind), flat.numpy(force=True), strict=True)
        return rows

    def _numbers(self, rows: Mapping[Place, Array]) -> Numbers:
        """Return the formulas' values and the derivatives in the order of their columns."""
        values = [rows[output, ()] for output in range(len(self.function.outputs))]
        return Numbers(values, [rows[partial] for partial in self._derivatives])

    def _evaluated(self, columns: Mapping[str, Array]) -> Numbers:
        """Return the numbers at some points, of which every variable has a column."""
        return self._numbers(self._rows(columns, max(map(len, columns.values()))))

    @property
    def _derivatives(self) -> list[Place]:
        return [partial for partial in self.places.values() if partial[1]]

    def _closed(self, columns: Mapping[str, Array]) -> Sequence[Array] | None:
        """Return the derivatives that their formulas give; None where there are none."""
        import torch

        if not self._derivatives or self._formulas is None:
            return None
        inputs = [torch.tensor(column) for column in columns.values()]
        shape = inputs[0].shape
        return [formula.expand(shape).numpy() for formula in self._formulas(*inputs, shape=shape)]

    @cached_property
    def _formulas(self) -> Program | None:
        """The formulas of the derivatives as one program; None where there are none in time."""
        if "symbolic" not in self.settings.engines:
            return None
        from diffcli.engines.remote import Partials

        partials = Partials(self.function, now() + self.settings.budget / 2)
        try:
            return partials.program(self._derivatives)
        except LimitError:
            return None


@dataclass(frozen=True)
class Evaluated:
    """A chunk with its results: the formulas' values, and the columns; nan is no number.

    ``missing`` are the rows that lack a variable, or have more cells than there are columns;
    ``lacking`` those that lack a result; ``difficult`` those that are looked at as they
    come, of which ``kinks`` stand at a kink, a jump or an edge. ``verdicts`` are theirs, and
    ``unlooked`` is how many of them the time didn't suffice for. ``drawn`` are other rows that may
    be the sample's, and ``known`` the verdicts of those that were looked at, by row.
    """

    chunk: Chunk
    missing: NDArray[np.bool_]
    values: Sequence[Array]
    columns: Mapping[str, Array]
    lacking: NDArray[np.bool_]
    difficult: NDArray[np.bool_]
    drawn: NDArray[np.bool_]
    kinks: int = 0
    verdicts: Mapping[str, int] = field(default_factory=dict)
    unlooked: int = 0
    known: Mapping[int, Verdict] = field(default_factory=dict)


def _count(power: int) -> str:
    return str(power) if power > 1 else ""
