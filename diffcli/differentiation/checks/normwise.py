"""How far torch's numbers of a formula with LAPACK in it may be off, all entries alike.

Gaussian elimination is backward stable in norm, not entry by entry: the error of a determinant's,
an inverse's or a solution's derivative is n·κ(A)·u times the largest entry, in the smallest and
in those that are always zero too (Higham, Accuracy and Stability of Numerical Algorithms, 2nd
ed., sections 9.3, 14.1 and 14.6). An enclosure of the component's own formula knows nothing of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import inf
from typing import TYPE_CHECKING

from diffcli.language.function import Function
from diffcli.language.tensors import TENSORS
from diffcli.tensors.rules import rule_of

if TYPE_CHECKING:
    from diffcli.differentiation.numbers.arrays import Array
    from diffcli.differentiation.settings import Settings

SAFETY = 4
"""As for the errors of the other steps."""


def relative_error(function: Function, arrays: Mapping[str, Array], settings: Settings) -> float:
    """Return the error of every entry relative to the largest; 0 without LAPACK, inf if singular.

    ``arrays`` is the point.
    """
    if not function.has_tensors or "enclosure" not in settings.engines:
        return 0.0
    factored = [
        node for node in function.nodes if node.op in TENSORS and rule_of(node.op).is_factored
    ]
    if not factored:
        return 0.0
    import numpy as np

    from diffcli.engines import remote
    from diffcli.engines.autograd import tensors, to_array
    from diffcli.engines.balls.decimals import FORMATS
    from diffcli.engines.tensors import SIZE_OF_MINORS

    of = Function(function.text, tuple(node.args[0] for node in factored), function.variables)
    variables = tensors(arrays, settings.dtype, settings.device)
    matrices = [
        matrix
        for node, tensor in zip(
            factored, remote.lower(of)(*variables.values(), shape=()), strict=True
        )
        if len(matrix := to_array(tensor)) > SIZE_OF_MINORS or node.op != "det"
    ]
    if not all(np.isfinite(matrix).all() for matrix in matrices):
        return inf
    most = max((len(x) * float(np.linalg.cond(x, 1)) for x in matrices), default=0.0)
    return SAFETY * most * float(2.0 ** -FORMATS[settings.dtype][0])


def largest(arrays: Iterable[Array]) -> float:
    """Return the size of the largest finite number in some arrays; 0 without one."""
    import numpy as np

    return max((float(np.abs(x[np.isfinite(x)]).max(initial=0.0)) for x in arrays), default=0.0)
