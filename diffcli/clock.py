"""The clock that budgets are kept by: processor time, so that a busy machine changes no answer."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from math import inf
from time import perf_counter, thread_time

LONGEST = 10.0
"""Seconds that a proof takes at most where nobody set a deadline."""

_ahead = 0.0


def now() -> float:
    """Return the processor seconds of this thread, and of the worker process where it asked."""
    return thread_time() + _ahead


def set_to(reading: float) -> None:
    """Go on from a reading of this clock in another process."""
    global _ahead  # noqa: PLW0603  a process has one clock
    _ahead = reading - thread_time()


@contextmanager
def uncollected() -> Iterator[None]:
    """Let the garbage collector wait while very many objects are made that are all kept.

    It would go through all of them again and again, and find nothing.
    """
    was_collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_collecting:
            gc.enable()


class Budget:
    """Processor time for proofs: it ends at ``deadline``, a reading of this clock."""

    def __init__(self, seconds: float) -> None:
        self.deadline = now() + seconds

    @property
    def is_spent(self) -> bool:
        """Whether the deadline has passed."""
        return now() > self.deadline

    @contextmanager
    def pause(self) -> Iterator[None]:
        """Put the deadline off by the time of the block, whose work is no proof."""
        begun = now()
        try:
            yield
        finally:
            self.deadline += now() - begun


class _Limit:
    """A deadline that is cheap to ask for, as no processor's time goes by faster than the wall's.

    Reading the clock takes a call of the system, which a rule on balls may take no longer than.
    """

    def __init__(self, deadline: float) -> None:
        self.deadline = deadline
        self._asleep_until = -inf

    @property
    def is_past(self) -> bool:
        if perf_counter() < self._asleep_until:
            return False
        left = self.deadline - now()
        self._asleep_until = perf_counter() + left
        return left < 0


_limit: ContextVar[_Limit | None] = ContextVar("limit", default=None)


@contextmanager
def until(deadline: float) -> Iterator[None]:
    """Let what is computed here end soon after a reading of this clock, or after an outer one."""
    outer = _limit.get()
    token = _limit.set(outer if outer and outer.deadline <= deadline else _Limit(deadline))
    try:
        yield
    finally:
        _limit.reset(token)


def deadline_passed() -> bool:
    """Return whether the time that :func:`until` has set is over."""
    limit = _limit.get()
    return limit is not None and limit.is_past
