"""A bound of the rounding errors that floating point may make in a derivative.

The Taylor arithmetic of the enclosure, done in the dtype's own precision: the radius of a ball is
then a running error bound of the derivative's whole computation (Higham, Accuracy and Stability
of Numerical Algorithms, 2nd ed., section 3.3), with every function of the table covered. Torch
may add up in another order and its functions may be a few ulps off, so each step is widened.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import inf

from flint import arb, arb_series, fmpq

from diffcli.engines.balls.decimals import FORMATS
from diffcli.engines.balls.guards import Value
from diffcli.engines.enclosure import Index, Passes, Term, Walk
from diffcli.language.expression import Node
from diffcli.language.functions import TABLE

SAFETY = 4
"""The bound is this many times the radius, as torch's order of operations is another."""

ACCURATE = 8
"""A row's error, in ulps, up to which its argument counts as read exactly."""

LARGEST_ORDER = 1000
"""An integer up to it may be an order or a degree, which nothing rounds."""


@dataclass(frozen=True, slots=True)
class Rounding:
    """How far a float may lie from the truth: ``bound``, absolute, infinite where it isn't known.

    ``scale`` is the size of the largest number that it is made of. ``out_of_range`` says that some
    step overflows or underflows the dtype, so that nothing bounds the error.
    """

    bound: float
    scale: float = inf
    out_of_range: bool = False

    def explains(self, error: float) -> bool:
        """Whether floating point may err so far."""
        return self.out_of_range or error <= self.bound

    def normwise(self, relative: float, size: float) -> Rounding:
        """Return the bound of an entry whose error is ``relative`` to the largest's ``size``."""
        if not relative or not size:
            return self
        bound, scale = max(self.bound, relative * size), max(self.scale, size)
        return Rounding(bound, scale, self.out_of_range)


_CONSTANT_AS_TYPED = {"pow": 1, "root": 1}
"""Which argument of a row torch is given as it is typed, such as 1/3 in x^(1/3)."""


class _FloatWalk(Walk):
    """A walk whose every step makes the dtype's rounding error."""

    def __init__(self, walk: Walk, dtype: str) -> None:
        self.__dict__.update(walk.__dict__, _numbers=[], _bits=0)
        bits, least, most = FORMATS[dtype]
        self._unit = arb(2) ** -bits
        self._least, self._most = arb(2) ** (least + bits), arb(2) ** most
        self._largest = [arb(0), arb(0)]
        self._leaves_range = False

    def facts_for(self, arguments: Sequence[Term]) -> None:
        """Return none: a number that is rounded isn't the constant that it stands for."""

    def apply(self, node: Node, rule: Callable[..., Value | bool], arguments: list[Term]) -> Term:
        read = [
            self._read(slope, _CONSTANT_AS_TYPED.get(node.op) == position)
            for position, slope in enumerate(arguments)
        ]
        ulps = TABLE[node.op].ulps
        if ulps > ACCURATE:
            pairs = zip(node.args, read, strict=True)
            read = [self._nudged(slope) if self._varies(arg) else slope for arg, slope in pairs]
        result = super().apply(node, rule, read)
        if isinstance(result, fmpq) and self._varies(node):
            result = arb(result)
        if isinstance(result, arb):
            return self._made(result, ulps, 0)
        if isinstance(result, arb_series):
            self._note_slopes(result, read)
            return arb_series(
                [self._made(slope, ulps, k) for k, slope in enumerate(result.coeffs())]
            )
        return result

    def _varies(self, node: Node) -> bool:
        """Whether torch computes the node, rather than being given it as a constant."""
        return bool(self._depends[self._position[node]])

    def _read(self, argument: Term, as_typed: bool) -> Term:
        """Round a constant, and widen derivatives: reverse mode rounds each edge's product."""
        if isinstance(argument, fmpq) and not as_typed:
            return arb(argument)
        if not isinstance(argument, arb_series):
            return argument
        value, *derivatives = argument.coeffs() or [arb(0)]
        for derivative in derivatives:
            self._note_size(abs(derivative.mid()), 1)
        return arb_series([value, *(self._widened(derivative, 1) for derivative in derivatives)])

    def _note_slopes(self, series: arb_series, arguments: Sequence[Term]) -> None:
        """Note a partial that leaves the range, even where its product with the slope is in it."""
        slope = abs(series[1].mid())
        for argument in arguments:
            if isinstance(argument, arb_series) and slope:
                inner = abs(argument[1].mid())
                if slope < inner * self._least or slope > inner * self._most > 0:
                    self._leaves_range = True

    def _nudged(self, argument: Term) -> Term:
        """Move an argument by an ulp, as sums such as x + y inside a function's rule round."""
        if isinstance(argument, arb_series):
            value, *derivatives = argument.coeffs() or [arb(0)]
            return arb_series([self._moved(value), *derivatives])
        return self._moved(argument) if isinstance(argument, arb) else argument

    def _moved(self, number: arb) -> arb:
        # Orders, degrees and the like are exact in such sums.
        is_order = number.is_integer() and abs(number) <= LARGEST_ORDER
        return number if is_order else self._widened(number, 1)

    def _made(self, number: arb, ulps: int, order: int) -> arb:
        size = abs(number.mid())
        if size > self._most or 0 < size < self._least:
            self._leaves_range = True
        self._note_size(size, order)
        return self._widened(number, ulps)

    def _note_size(self, size: arb, order: int) -> None:
        self._largest[order > 0] = arb.max(self._largest[order > 0], size)

    def _widened(self, number: arb, ulps: int) -> arb:
        return number + arb(0, (abs(number.mid()) * self._unit * ulps).upper())

    def rounding(self, ball: arb | None, order: int) -> Rounding:
        """Return the bound of what has been walked to, the radius of its ball."""
        if ball is None:
            return Rounding(inf, out_of_range=self._leaves_range)
        scale = self._largest[order > 0]
        # On its way back reverse mode meets the quotients of the result by the derivatives.
        vanishes = 0 < abs(ball.mid()) < scale * self._least
        return Rounding(
            SAFETY * float(ball.rad()), float(scale), self._leaves_range or bool(vanishes)
        )


def rounding_bounds(
    output: Node, point: Mapping[str, float], indices: Iterable[Index], dtype: str
) -> dict[Index, Rounding]:
    """Bound the error of each partial's float at a point whose coordinates are floats of the dtype.

    ``dtype`` is ``float64`` or ``float32``.
    """
    return walked_rounding(Walk(output, point), indices, dtype)


def walked_rounding(walk: Walk, indices: Iterable[Index], dtype: str) -> dict[Index, Rounding]:
    """Bound rounding errors as :func:`rounding_bounds`, of a walk that is laid out at the point."""
    indices = tuple(indices)
    rounded = _FloatWalk(walk, dtype)
    passes = Passes(rounded, indices, FORMATS[dtype][0])
    return {index: rounded.rounding(passes.enclose(index).ball, len(index)) for index in indices}
