"""Hypergeometric functions and Γ(a, x) in torch: by mpmath, number by number, to the last digit.

scipy's lose digits for many parameters.
"""

from __future__ import annotations

from diffcli.engines.kernels.closed import closed, numbers, on_cpu

uppergamma = closed("uppergamma", on_cpu(numbers("uppergamma")), iterated="xy")
hyp0f1 = closed("hyp0f1", on_cpu(numbers("hyp0f1")), iterated="xy")
hyp1f1 = closed("hyp1f1", on_cpu(numbers("hyp1f1")), iterated="xyz")
hyp2f1 = closed("hyp2f1", on_cpu(numbers("hyp2f1")), iterated="xyzw")
hyperu = closed("hyperu", on_cpu(numbers("hyperu")), iterated="xyz")
