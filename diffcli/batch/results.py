"""What is computed for every row, and the columns that hold it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, cast

from diffcli.clock import now
from diffcli.differentiation import Settings
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
        found: dict[str, Place] = {}
        for kind in self.kinds:
            for place in self._places_of(kind):
                column = self._column(*place)
                if found.setdefault(column, place) != place:
                    raise UsageError(
                        f"two derivatives would have the column {column!r}",
                        hint="choose the variables with --wrt, or rename one",
                    )
        return found

    def _places_of(self, kind: str) -> Iterator[Place]:
        """Yield the numbers of a kind in their order, a mixed partial's variables in theirs."""
        for output, wrt in self._evaluator.layout.partials(cast("Kind", kind)):
            yield output, tuple(self.function.variables[each] for each in sorted(wrt))

    def _column(self, output: int, wrt: Sequence[str]) -> str:
        name = self.name if self.function.is_scalar else f"{self.name}{output + 1}"
        powers = {each: wrt.count(each) for each in wrt}
        below = "".join(f"d{each}{_count(power)}" for each, power in powers.items())
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

        absent = [name for name in self.variables if name not in chunk.numbers]
        if absent and chunk.rows:
            raise PointError(
                f"no column for {', '.join(absent)}",
                hint=f"the columns are {', '.join(chunk.columns)}; one value for all rows: --at",
            )
        columns = {name: chunk.numbers.get(name, np.empty(0)) for name in self.variables}
        missing = without_number(columns.values(), chunk.rows)
        missing[list(chunk.surplus)] = True
        # Without a column there is one point, whatever the rows.
        into = memory[:, : chunk.rows] if memory is not None and columns else None
        rows = self._rows({**self.constants, **columns}, chunk.rows, into)
        if missing.any():
            # A constant has a value even where its argument is missing.
            rows = {place: np.where(missing, np.nan, row) for place, row in rows.items()}
        values = [rows[output, ()] for output in range(len(self.function.outputs))]
        named = {column: rows[place] for column, place in self.places.items()}
        kinks = self._kinks(columns, missing)
        difficult = kinks | self._unsteady(columns, chunk.rows, before)
        difficult |= self._differing(columns, named, chunk.rows, before)
        lacking = without_result([*values, *named.values()], chunk.rows) & ~missing
        return Evaluated(
            chunk,
            missing,
            values,
            named,
            lacking,
            (difficult | lacking) & ~missing,
            np.zeros(chunk.rows, dtype=bool),
            int(kinks.sum()),
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

    def _unsteady(self, columns: Mapping[str, Array], rows: int, before: int) -> NDArray[np.bool_]:
        """Return the rows in which a small step changes a number by much."""
        import numpy as np

        from diffcli.differentiation.selection import STEPPED, unsteady

        found = np.zeros(rows, dtype=bool)
        count = min(rows, STEPPED - before)
        if count <= 0 or not columns or not self.settings.proves:
            return found
        arrays = self._first(columns, rows, count)

        def numbers(moved: Mapping[str, Array]) -> tuple[Array, Array]:
            given = self._rows(moved, count)
            values = np.stack([given[output, ()] for output in range(len(self.function.outputs))])
            derived = [given[place] for place in self.places.values() if place[1]]
            return values, np.stack([*values, *derived])

        found[:count] = unsteady(numbers, arrays)
        return found

    def _first(self, columns: Mapping[str, Array], rows: int, count: int) -> dict[str, Array]:
        """Return each variable's number in the first of some rows."""
        import numpy as np

        given = {**{k: np.array(each) for k, each in self.constants.items()}, **columns}
        return {
            name: np.broadcast_to(given[name], rows)[:count] for name in self.function.variables
        }

    def _differing(
        self, columns: Mapping[str, Array], named: Mapping[str, Array], rows: int, before: int
    ) -> NDArray[np.bool_]:
        """Return the rows in which the formulas of the derivatives give other numbers."""
        import numpy as np
        import torch

        from diffcli.differentiation.selection import STEPPED, differing

        found = np.zeros(rows, dtype=bool)
        count = min(rows, STEPPED - before)
        derived = [name for name, (_, wrt) in self.places.items() if wrt]
        if count <= 0 or not columns or not derived or self._formulas is None:
            return found
        arrays = self._first(columns, rows, count)
        inputs = [torch.tensor(each) for each in arrays.values()]
        closed = [each.expand(count).numpy() for each in self._formulas(*inputs, shape=(count,))]
        numbers = [named[name][:count] for name in derived]
        found[:count] = differing(numbers, closed, self.settings.dtype)
        return found

    @cached_property
    def _formulas(self) -> Program | None:
        """The formulas of the derivatives as one program; None where there are none in time."""
        if "symbolic" not in self.settings.engines:
            return None
        from diffcli.engines.remote import Partials

        partials = Partials(self.function, now() + self.settings.budget / 2)
        try:
            return partials.program([place for place in self.places.values() if place[1]])
        except LimitError:
            return None

    def _kinks(self, columns: Mapping[str, Array], missing: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Return the rows at a kink, a jump or an edge, where a number is conventional.

        All of them are where that can't be told.
        """
        from diffcli.differentiation.selection import difficult

        if not columns or not self.settings.proves or not len(missing):
            return missing & False
        import numpy as np

        given = {**{name: np.array(x) for name, x in self.constants.items()}, **columns}
        arrays = {name: given[name] for name in self.function.variables}
        try:
            return difficult(self.function, arrays, self.settings) & ~missing
        except LimitError:
            return ~missing


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


def without_number(columns: Iterable[Array], rows: int) -> NDArray[np.bool_]:
    """Return for each row whether a number is missing in it."""
    import numpy as np

    found = np.zeros(rows, dtype=bool)
    for column in columns:
        # A sum is nan if one of its terms is, and is the faster to compute.
        if np.isnan(column.sum()):
            found |= np.isnan(column)
    return found


def without_result(columns: Iterable[Array], rows: int) -> NDArray[np.bool_]:
    """Return for each row whether a result is missing, or beyond the floats."""
    import numpy as np

    found = np.zeros(rows, dtype=bool)
    for column in columns:
        if not np.isfinite(column.sum()):
            found |= ~np.isfinite(column)
    return found


def _count(power: int) -> str:
    return str(power) if power > 1 else ""
