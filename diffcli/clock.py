"""The clock that budgets are kept by: processor time, so that a busy machine changes no answer."""

from __future__ import annotations

from time import thread_time

_ahead = 0.0


def now() -> float:
    """Return the processor seconds of this thread, and of the worker process where it asked."""
    return thread_time() + _ahead


def set_to(reading: float) -> None:
    """Go on from a reading of this clock in another process."""
    global _ahead  # noqa: PLW0603  a process has one clock
    _ahead = reading - thread_time()
