"""What a benchmark says: a row a measurement, with its goal, as a table and as JSON."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from rich.console import JustifyMethod
from rich.table import Table

LIMIT = "limit"
PACKAGES = "torch sympy python-flint numpy jax casadi numexpr numba autograd".split()


@dataclass(frozen=True)
class Goal:
    """At most ``most`` times what ``of`` took: a peer by name, or LIMIT; alone, so many units."""

    most: float
    of: str | None = None

    def __str__(self) -> str:
        return f"≤ {self.most:g}" + (f" × {self.of}" if self.of else "")


@dataclass(frozen=True)
class Row:
    """One measurement; ``ours``, ``peers`` and ``limit`` are in the same ``unit``, less is better.

    ``limit`` is what the machine allows, such as a fused C loop. A peer that isn't installed is
    left out of ``peers``.
    """

    name: str
    ours: float
    unit: str = "ms"
    peers: Mapping[str, float] = field(default_factory=dict)
    limit: float | None = None
    goal: Goal | None = None
    note: str = ""

    @property
    def ratio(self) -> float | None:
        """Ours over what the goal speaks of; where there is none, over the limit or a peer."""
        if self.goal is None:
            against = self.limit or next(iter(self.peers.values()), None)
        elif self.goal.of == LIMIT:
            against = self.limit
        else:
            against = self.peers.get(self.goal.of) if self.goal.of else 1.0
        return self.ours / against if against else None

    @property
    def met(self) -> bool | None:
        """Whether the goal is met; None where there is none, or nothing to compare with."""
        if self.goal is None or self.ratio is None:
            return None
        return self.ratio <= self.goal.most

    @property
    def mark(self) -> str:
        """✓ met, ✗ missed, · no goal or nothing to compare with."""
        return {True: "✓", False: "✗", None: "·"}[self.met]

    def document(self) -> dict[str, Any]:
        """Return the row as it stands in the JSON."""
        return {
            "name": self.name,
            "unit": self.unit,
            "ours": self.ours,
            "peers": dict(self.peers),
            "limit": self.limit,
            "goal": str(self.goal) if self.goal else None,
            "ratio": self.ratio,
            "met": self.met,
            "note": self.note,
        }


def table(title: str, rows: Sequence[Row]) -> Table:
    """Return rows as a table to be printed."""
    grid = Table(title=title, title_justify="left", box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for name in ("", "ours", "peers", "limit", "goal", "ratio", ""):
        side: JustifyMethod = "right" if name in ("ours", "limit", "ratio") else "left"
        grid.add_column(name, justify=side, header_style="dim", overflow="fold")
    for row in rows:
        peers = ", ".join(f"{name} {_amount(value)}" for name, value in row.peers.items())
        grid.add_row(
            row.name + (f" ({row.note})" if row.note else ""),
            f"{_amount(row.ours)} {row.unit}",
            peers,
            "" if row.limit is None else _amount(row.limit),
            str(row.goal or ""),
            "" if row.ratio is None or (row.goal and not row.goal.of) else f"{row.ratio:.3g}",
            row.mark,
        )
    return grid


def _amount(value: float) -> str:
    return f"{value:.3g}" if abs(value) < 100 else f"{value:,.0f}"


def machine() -> dict[str, Any]:
    """Return what the figures depend on: the machine, the versions, the date."""
    return {
        "date": datetime.now(UTC).isoformat(timespec="minutes"),
        "cpu": _cpu(),
        "cores": len(os.sched_getaffinity(0)),
        "load": round(os.getloadavg()[0], 2),
        "system": platform.platform(terse=True),
        "python": platform.python_version(),
        "packages": dict(_installed(PACKAGES)),
        "gpu": _gpu(),
    }


def _cpu() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text(encoding="utf-8").splitlines() if info.exists() else []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return models[0] if models else platform.machine()


def _gpu() -> str | None:
    import torch

    return torch.cuda.get_device_name() if torch.cuda.is_available() else None


def _installed(names: Iterable[str]) -> Iterable[tuple[str, str]]:
    for name in names:
        try:
            yield name, version(name)
        except PackageNotFoundError:
            continue
