"""How fast this machine is now, so that a limit of time says something of the program alone.

A limit in seconds was set on one machine; on another, or beside other work, the same program takes
longer. A known piece of work is measured in the same run, and the limit grows as that does.
"""

from __future__ import annotations

from fractions import Fraction
from time import process_time

NOMINAL = 0.05
"""Processor seconds of :func:`_work` on the machine for which the limits are set."""


def seconds(limit: float) -> float:
    """Return the processor seconds that work of ``limit`` nominal ones may take here and now."""
    return limit * max(1.0, _measured() / NOMINAL)


def is_within(spent: float, limit: float) -> bool:
    """Return whether ``spent`` processor seconds are within a limit of nominal ones."""
    return spent < limit or spent < seconds(limit)


def _measured() -> float:
    begun = process_time()
    _work()
    return process_time() - begun


def _work() -> None:
    """Do some of what the program does: exact arithmetic, and objects in dictionaries."""
    total, seen = Fraction(0), {}
    for n in range(1, 20_000):
        total = total + Fraction(1, n % 97 + 1)
        seen[n, total.denominator] = (n, str(n))
    assert len(seen) == 19_999
