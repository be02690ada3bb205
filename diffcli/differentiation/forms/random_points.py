"""Random exact points for formulas of tensors, of random lengths where these stand for any."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from random import Random

from diffcli.language.declarations import Declarations
from diffcli.language.expression import Node, number
from diffcli.language.function import Function
from diffcli.language.points import Point, Tensor
from diffcli.tensors.calculus.sizes import sized, sized_shape
from diffcli.tensors.rules import Shape

_DENOMINATOR = 8
_MOST = 12
"""The largest numerator of an entry."""
_TURNS = ((3, 4), (4, 3), (5, 0), (0, 5))
"""The sides of right triangles of hypotenuse 5: exact cosines and sines."""


@dataclass(frozen=True)
class Spread:
    """Where random entries lie: they are multiples of ``scale``, below 0 too if ``is_signed``."""

    scale: Fraction = Fraction(1)
    is_signed: bool = False


def of_sizes(
    function: Function,
    shapes: Mapping[str, Shape],
    names: Mapping[int, str],
    sizes: Mapping[int, int],
) -> Function:
    """Return a function with numbers for the lengths that stand for any, which have ``names``."""
    lengths = {name: sizes[length] for length, name in names.items()}
    outputs = tuple(sized(output, sizes, lengths) for output in function.outputs)
    own = {name: sized_shape(shape, sizes) for name, shape in shapes.items()}
    return replace(function, outputs=outputs, said=Declarations(own, facts=function.said.facts))


def random_point(
    shapes: Mapping[str, Shape], facts: Mapping[str, str], draw: Random, spread: Spread
) -> Point:
    """Return a random point at which the facts hold; square matrices have a large diagonal."""
    return Point(
        {name: _value(shape, facts.get(name), draw, spread) for name, shape in shapes.items()}
    )


def _value(shape: Shape, fact: str | None, draw: Random, spread: Spread) -> Node | Tensor:
    if len(shape) == 2 and shape[0] == shape[1]:
        return _square(shape[0], fact, draw, spread)
    count = shape[0] * (shape[1] if len(shape) > 1 else 1) if shape else 1
    entries = tuple(number(_entry(draw, spread)) for _ in range(count))
    return Tensor(shape, entries) if shape else entries[0]


def _entry(draw: Random, spread: Spread) -> Fraction:
    entry = spread.scale * Fraction(draw.randint(1, _MOST), _DENOMINATOR)
    return entry * draw.choice((1, -1)) if spread.is_signed else entry


def _square(size: int, fact: str | None, draw: Random, spread: Spread) -> Tensor:
    if fact == "orthogonal":
        # A rotation in the plane of the first two axes.
        rows = [[Fraction(int(i == j)) for j in range(size)] for i in range(size)]
        if size > 1:
            cosine, sine = (Fraction(side, 5) for side in draw.choice(_TURNS))
            rows[0][:2], rows[1][:2] = [cosine, -sine], [sine, cosine]
    else:
        rows = [
            [
                spread.scale
                * (Fraction(draw.randint(-3, 3), _DENOMINATOR) + (2 * size if i == j else 0))
                for j in range(size)
            ]
            for i in range(size)
        ]
    if fact == "diagonal":
        rows = [[entry * (i == j) for j, entry in enumerate(row)] for i, row in enumerate(rows)]
    if fact in ("symmetric", "posdef"):
        rows = [[rows[max(i, j)][min(i, j)] for j in range(size)] for i in range(size)]
    return Tensor((size, size), tuple(number(entry) for row in rows for entry in row))
