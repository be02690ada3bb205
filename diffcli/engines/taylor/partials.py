"""Partials of high order by Taylor arithmetic: nested autograd doubles with each order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from torch import Tensor

from diffcli.engines.taylor.jets import Degree, series_of
from diffcli.language.function import Function
from diffcli.language.tensors import component_names
from diffcli.tensors.components import expand
from diffcli.tensors.shapes import shapes_of


def taylor_partial(
    function: Function,
    point: Mapping[str, Tensor],
    wrt: Sequence[str],
    *,
    element_by_element: bool = False,
) -> Tensor:
    """Return the mixed partial of the first output in variables, or components, in turn.

    It is shaped like the last one; with ``element_by_element`` a variable that is broadcast has
    the sum over all points, as autograd gives it. Raises NoSeriesError where a row has no rule,
    LimitError where there are too many components.
    """
    counts = Counter(wrt)
    degree = tuple(counts.values())
    (series,) = coefficients(
        function, point, tuple(counts), degree, sum(degree), element_by_element=element_by_element
    )
    partial = series[degree]
    for count in degree:
        for factor in range(2, count + 1):
            partial = partial * factor
    last = point.get(wrt[-1])
    return partial if last is None or not element_by_element else partial.sum_to_size(last.shape)


def coefficients(
    function: Function,
    point: Mapping[str, Tensor],
    moving: tuple[str, ...],
    degree: Degree,
    total: int,
    *,
    element_by_element: bool = False,
) -> list[Tensor]:
    """Return the first output's Taylor coefficients in variables, or components.

    The axes are first those of the ``moving``, up to ``degree`` in each and ``total`` in all, then
    those of the points. Raises what :func:`taylor_partial` raises.
    """
    first = Function(function.text, function.outputs[:1], function.variables)
    point = {name: tensor.detach() for name, tensor in point.items()}
    if not element_by_element:
        shapes = {name: tuple(tensor.shape) for name, tensor in point.items()}
        if first.has_tensors or any(shapes.values()):
            first = expand(first, shapes_of(first, shapes), shapes)
        point = {
            part: tensor.reshape(-1)[i]
            for name, tensor in point.items()
            for i, part in enumerate(component_names(name, tuple(tensor.shape)))
        }
    seeds = {
        name: {tuple(int(i == axis) for i in range(len(moving))): 1.0}
        for axis, name in enumerate(moving)
    }
    return series_of(first, moving, degree, total)(point, seeds)
