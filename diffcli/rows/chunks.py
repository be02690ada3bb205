"""Rows on their way: a chunk of a file, what is asked of a reader, a thread that reads ahead."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum, auto
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from diffcli.language.latex.scan import name_of_column

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

Buffer = bytes | memoryview
"""Bytes to be written."""

_T = TypeVar("_T")

DEPTH = 2
"""Items that are made before they are asked for."""


class Sign(Enum):
    """A mark in place of a cell."""

    ABSENT = auto()
    """The cell of a key that a row of jsonl doesn't have."""
    END = auto()
    """The item after the last one."""


@dataclass(frozen=True)
class Chunk:
    """Some rows: the columns that pass through, and the variables' numbers.

    ``columns`` are lists of cells, or columns of pyarrow; ``numbers`` are float64 vectors, nan
    where a cell is missing or no finite number. ``end`` is where the next chunk begins: a byte
    of a text, a row of Parquet. ``surplus`` are the places of the rows that have more cells than
    there are columns, so that no number is surely where it stands.
    """

    columns: Mapping[str, Any]
    numbers: Mapping[str, Array]
    rows: int
    end: int
    surplus: Sequence[int] = ()


@dataclass(frozen=True)
class Source:
    """A file of rows, or standard input (None), its kind, and the columns it begins with.

    ``size`` is the last chunk's end, or None if that isn't known.
    """

    path: Path | None
    kind: str
    columns: tuple[str, ...]
    size: int | None = None


class Reader(Protocol):
    """A reader of a file in chunks."""

    def chunks(self, start: int) -> Iterator[Chunk]:
        """Yield the rows from ``start``, the end of a chunk; from 0, one chunk at least."""


@dataclass(frozen=True)
class Wanted:
    """The columns to read: the variables, and others that pass through (None: all)."""

    variables: Sequence[str]
    keep: Collection[str] | None = None
    results: int = 1
    """Columns that will be added."""

    def passes(self, name: str) -> bool:
        """Whether a column passes through."""
        return self.keep is None or name in self.keep

    def columns(self, names: Iterable[str]) -> dict[str, str]:
        """Return the column of each variable that has one: ``α`` is that of alpha."""
        columns = {name_of_column(name): name for name in names}
        return {name: columns[name] for name in self.variables if name in columns}


class RecycledBuffers(Generic[_T]):
    """Memory that the items of :func:`ahead` take turns with: new memory is what costs most.

    An item's memory is used again when the consumer has asked for the item after the next.
    """

    def __init__(self, make: Callable[[int], _T]) -> None:
        self._make = make
        self._held: deque[tuple[int, _T]] = deque()

    def next(self, size: int) -> _T:
        """Return memory for so many rows, or bytes, or for more."""
        room, memory = self._held.popleft() if len(self._held) > DEPTH + 1 else (-1, None)
        if memory is None or room < size:
            room, memory = size, self._make(size)
        self._held.append((room, memory))
        return memory


@contextmanager
def ahead(items: Iterable[_T]) -> Iterator[Iterator[_T]]:
    """Give the items in order, while a thread already makes the next ones, until the end.

    A generator that held the thread would be ended wherever garbage is collected, and the wait for
    a thread's end can't stand anywhere: within the start of another it never returns.
    """
    source = iter(items)

    def following() -> _T | Sign:
        return next(source, Sign.END)

    with ThreadPoolExecutor(1) as thread:

        def given() -> Iterator[_T]:
            waiting = deque(thread.submit(following) for _ in range(DEPTH))
            while not isinstance(item := waiting.popleft().result(), Sign):
                waiting.append(thread.submit(following))
                yield item

        yield given()
