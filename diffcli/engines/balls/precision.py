"""Flint's working precision, which is one for the whole process: set here alone, under a lock."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from threading import RLock

from flint import ctx

_lock = RLock()


@contextmanager
def working(bits: int, order: int | None = 0) -> Iterator[None]:
    """Work with ``bits`` of precision and series up to t^order; other threads wait for the end.

    No order leaves that of the series as it is.
    """
    with _lock:
        before = ctx.prec, ctx.cap
        try:
            ctx.prec = bits
            if order is not None:
                ctx.cap = order + 1
            yield
        finally:
            ctx.prec, ctx.cap = before


def _renew_lock() -> None:
    """Give a forked process a lock that no thread of its parent holds."""
    global _lock  # noqa: PLW0603  (the process has one lock)
    _lock = RLock()


os.register_at_fork(after_in_child=_renew_lock)
