"""Elliptic integrals in torch, by their parameter m.

The closed partials in m are 0/0 at m = 0, and lose all digits near it.
"""

from __future__ import annotations

from diffcli.engines.kernels_closed import closed, numbers, on_cpu, scipy

ellipk = closed("ellipk", scipy("ellipk"), exact="x")
ellipe = closed("ellipe", scipy("ellipe"), exact="x")
ellipf = closed("ellipf", on_cpu(numbers("ellipf")), exact="y")
ellipeinc = closed("ellipeinc", on_cpu(numbers("ellipeinc")), exact="y")
ellippi = closed("ellippi", on_cpu(numbers("ellippi")), exact="xy")
