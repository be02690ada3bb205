"""The functions of the table in torch, where torch has none or differentiates its own badly.

Each takes real tensors (float32 or float64, of any shapes that broadcast; the elementary ones
complex128 too, with principal values) and returns one that autograd differentiates at every order,
in either mode and under vmap. Outside its domain a function is nan, at a pole inf or nan; nothing
raises. At a kink the partial is a subgradient.
"""

from __future__ import annotations

# Whoever adds a kernel adds it to one of these; a list of names here would be a second place.
from diffcli.engines.kernels.activation import *  # noqa: F403
from diffcli.engines.kernels.bessel import *  # noqa: F403
from diffcli.engines.kernels.elementary import *  # noqa: F403
from diffcli.engines.kernels.hypergeometric import *  # noqa: F403
from diffcli.engines.kernels.integrals import *  # noqa: F403
from diffcli.engines.kernels.special import *  # noqa: F403
