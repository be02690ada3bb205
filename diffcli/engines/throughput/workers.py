"""The project's own threads over chunks of points, torch's at one each.

Under competing load torch's own threads wait for each other at every operation; threads that share
nothing but the list of chunks don't.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Event, get_ident
from typing import Generic, TypeVar

import torch

Work = Callable[[int, int], None]
"""Computes the points from a first to a last, that one left out."""

T = TypeVar("T")


@dataclass(frozen=True)
class Pool(Generic[T]):
    """Memory that threads take turns with, so that it is made once for each of them."""

    make: Callable[[], T]
    _idle: list[T] = field(default_factory=list)

    @contextmanager
    def lent(self) -> Iterator[T]:
        """Lend what no other thread holds."""
        try:
            one = self._idle.pop()
        except IndexError:
            one = self.make()
        try:
            yield one
        finally:
            self._idle.append(one)


def processors() -> int:
    """Return how many processors this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@contextmanager
def one_thread_each() -> Iterator[None]:
    """Keep torch's operations from starting threads of their own."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def over_chunks(
    chunks: Iterator[tuple[int, int]],
    work: Work,
    threads: int,
    progress: Callable[[int], None],
) -> None:
    """Compute every chunk; each thread takes the next one.

    ``chunks`` must be an iterator that threads may share: that of a list, no generator. The
    calling thread takes its part, and alone calls ``progress``, with the number of points done.
    What a chunk raises is raised; an interruption ends the threads after the chunks they are at.
    """
    done: dict[int, int] = {}
    stop = Event()

    def labour(tell: Callable[[int], None]) -> None:
        torch.set_num_threads(1)
        me = get_ident()
        try:
            # One iterator for all: taking from it is one step of the interpreter.
            while not stop.is_set() and (chunk := next(chunks, None)):
                first, last = chunk
                work(first, last)
                done[me] = done.get(me, 0) + last - first
                tell(sum(list(done.values())))
        finally:
            stop.set()  # after the last chunk there is nothing to stop

    with one_thread_each(), ThreadPoolExecutor(max(1, threads - 1)) as pool:
        helpers = [pool.submit(labour, lambda _: None) for _ in range(threads - 1)]
        labour(progress)
        for helper in helpers:
            helper.result()
    progress(sum(done.values()))
