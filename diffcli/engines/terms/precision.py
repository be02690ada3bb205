"""mpmath's working precision, which is one for the whole process: set under a lock."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from threading import RLock

import mpmath

_lock = RLock()


@contextmanager
def mpmath_precision(bits: int) -> Iterator[None]:
    """Let mpmath work with so many bits; other threads wait for the end."""
    with _lock, mpmath.workprec(bits):
        yield


def _renew_lock() -> None:
    """Give a forked process a lock that no thread of its parent holds."""
    global _lock  # noqa: PLW0603  (the process has one lock)
    _lock = RLock()


os.register_at_fork(after_in_child=_renew_lock)
