"""The pages of memory that commands write to: a waiting fork copies them ahead of time.

A fork shares its pages with the process that forked it until it writes to them, which Python does
wherever it looks at an object. To copy each page when it is first written to is most of what a
short command costs.
"""

from __future__ import annotations

import ctypes
import os
import pickle
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import pairwise, zip_longest
from pathlib import Path

from diffcli.engines import worker
from diffcli.errors import LimitError

PAGE = os.sysconf("SC_PAGE_SIZE")
STEP = 256
"""Pages copied in one go, for which a command that comes meanwhile has to wait."""
_MADV_POPULATE_WRITE = 23
"""Advice of Linux 5.14 and later."""
_PRESENT, _EXCLUSIVE = 1 << 63, 1 << 56


@dataclass(frozen=True)
class Written:
    """The ranges of addresses that a command writes to, and those that its worker writes to.

    A range is the first address and the one past the end, of at most STEP pages.
    """

    own: tuple[tuple[int, int], ...] = ()
    worker: tuple[tuple[int, int], ...] = ()

    @classmethod
    def by(cls, run: Callable[[], object]) -> Written:
        """Return what a call writes to, in a fork that it is called in."""
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            try:
                worker.start(at_once=True)
                run()
                with os.fdopen(writing, "wb") as file:
                    pickle.dump(cls(own_ranges(), worker.call(own_ranges)), file)
            finally:
                os._exit(0)
        os.close(writing)
        with os.fdopen(reading, "rb") as file:
            said = file.read()
        os.waitpid(child, 0)
        written: Written = pickle.loads(said) if said else cls()  # noqa: S301  our own fork's
        return written

    def copy(self, is_wanted: Callable[[], bool]) -> None:
        """Copy these pages for this process and its worker, until that is no longer wanted."""
        with suppress(worker.LostError, LimitError):  # it is done when they are written to
            for own, others in zip_longest(_steps(self.own), _steps(self.worker)):
                if not is_wanted():
                    return
                copy(own or ())
                worker.call(copy, others or ())


def copy(ranges: Iterable[tuple[int, int]]) -> None:
    """Copy these pages for this process alone."""
    madvise = ctypes.CDLL(None).madvise
    for start, end in ranges:
        madvise(ctypes.c_void_p(start), ctypes.c_size_t(end - start), _MADV_POPULATE_WRITE)


def own_ranges() -> tuple[tuple[int, int], ...]:
    """Return the ranges of the pages that this process shares with no other."""
    return tuple(_ranges(list(_own_pages())))


def _steps(ranges: Sequence[tuple[int, int]]) -> Iterator[list[tuple[int, int]]]:
    """Yield ranges together that are about STEP pages."""
    step: list[tuple[int, int]] = []
    for start, end in ranges:
        step.append((start, end))
        if sum(last - first for first, last in step) >= STEP * PAGE:
            yield step
            step = []
    yield step


def _own_pages() -> Iterator[int]:
    """Yield the numbers of the pages that this process shares with no other, in order."""
    with Path("/proc/self/pagemap").open("rb") as table:
        for line in Path("/proc/self/maps").read_text().splitlines():
            addresses, mode, *_ = line.split()
            if mode != "rw-p":
                continue
            first, end = (int(address, 16) // PAGE for address in addresses.split("-"))
            table.seek(8 * first)
            entries = array("Q", table.read(8 * (end - first)))
            for number, entry in enumerate(entries, first):
                if entry & _PRESENT and entry & _EXCLUSIVE:
                    yield number


def _ranges(numbers: Sequence[int]) -> Iterator[tuple[int, int]]:
    starts = [k for k, (a, b) in enumerate(pairwise([-2, *numbers])) if b != a + 1]
    for start, end in pairwise([*starts, len(numbers)]):
        for part in range(start, end, STEP):
            last = min(part + STEP, end) - 1
            yield numbers[part] * PAGE, (numbers[last] + 1) * PAGE
