"""Elliptic integrals in torch, by their parameter m: Carlson's symmetric integrals (DLMF 19.25).

The closed partials in m are 0/0 at m = 0, and lose all digits near it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from diffcli.engines.kernels.closed import closed, numbers, on_cpu, scipy, special


def _incomplete(phi: Any, m: Any, complete: Any, third: float) -> Any:
    """Return s·R_F − third·m·s³·R_D, s = sin φ, and the complete integral for each half turn."""
    turns = np.round(phi / np.pi)
    rest = phi - turns * np.pi
    sine, cosine = np.sin(rest), np.cos(rest)
    below = 1 - m * sine**2
    integral = sine * special.elliprf(cosine**2, below, 1)
    if third:
        integral = integral - third * m * sine**3 * special.elliprd(cosine**2, below, 1)
    integral = integral + np.where(turns == 0, 0, 2 * turns * complete(m))
    return np.where(below > 0, integral, np.nan)


def _third_kind(n: Any, m: Any) -> Any:
    first = special.elliprf(0, 1 - m, 1)
    integral = first + n / 3 * special.elliprj(0, 1 - m, 1, 1 - n)
    return np.where((n < 1) & (m < 1), integral, np.nan)


ellipk = closed("ellipk", scipy("ellipk"), exact="x")
ellipe = closed("ellipe", scipy("ellipe"), exact="x")
ellipf = closed("ellipf", on_cpu(lambda phi, m: _incomplete(phi, m, special.ellipk, 0)), exact="y")
ellipeinc = closed(
    "ellipeinc", on_cpu(lambda phi, m: _incomplete(phi, m, special.ellipe, 1 / 3)), exact="y"
)
ellippiinc = closed("ellippiinc", on_cpu(numbers("ellippiinc")), exact="xz", iterated="xyz")
ellippi = closed("ellippi", on_cpu(_third_kind), exact="xy")
