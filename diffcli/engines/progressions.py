"""The entries of a typed value, exact as typed, ``linspace`` and ``arange`` among them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, lcm
from typing import TYPE_CHECKING, overload

from diffcli.engines.exact import nearest, rational
from diffcli.errors import LimitError, PointError
from diffcli.language.expression import NUMBER, Node, node, number
from diffcli.language.limits import MAX_ELEMENTS
from diffcli.language.points import Computed, Generated, Tensor, Value

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

BITS = 300
"""The precision of an end such as π from which the floats of the entries are computed."""

MOST_EXACT = 1_000_000
"""Entries whose floats are computed with integers of any length where short ones don't suffice."""

_ONE = number(1)


@dataclass(frozen=True)
class Progression(Sequence[Node]):
    """An arithmetic progression of ``length`` exact entries, each made when it is asked for.

    The k-th entry is the sum of base·(start + k·step) over ``terms``, which gives start and step
    for each base: 1 for what is rational, and constants such as π.
    """

    length: int
    terms: Mapping[Node, tuple[Fraction, Fraction]]

    def __len__(self) -> int:
        return self.length

    @overload
    def __getitem__(self, position: int) -> Node: ...
    @overload
    def __getitem__(self, position: slice) -> Sequence[Node]: ...
    def __getitem__(self, position: int | slice) -> Node | Sequence[Node]:
        """Return the entry at a place, or those at some."""
        positions = range(self.length)[position]
        if isinstance(positions, range):
            return [self[position] for position in positions]
        parts = [
            (base, start + positions * step)
            for base, (start, step) in self.terms.items()
            if start + positions * step
        ]
        terms = [_product(factor, base) for base, factor in parts] or [number(0)]
        return node("add", *terms) if len(terms) > 1 else terms[0]

    def floats(self) -> NDArray[np.float64]:
        """Return the float nearest to each entry; of very many, one within some ulps."""
        import numpy as np

        approximate = {base: _fraction(base) for base in self.terms}
        start, step = (
            sum((approximate[base] * pair[end] for base, pair in self.terms.items()), Fraction())
            for end in (0, 1)
        )
        common = lcm(start.denominator, step.denominator)
        first, more = int(start * common), int(step * common)
        if max(abs(first) + self.length * abs(more), common) < 1 << 53:
            # Both integers are floats then, and one division is rounded once.
            positions = np.arange(self.length, dtype=np.float64)
            return (first + more * positions) / common
        if self.length <= MOST_EXACT:
            return np.array([(first + more * k) / common for k in range(self.length)])
        return float(start) + float(step) * np.arange(self.length, dtype=np.float64)


def exact(value: Value) -> Sequence[Node] | None:
    """Return the entries as they were typed, in row-major order; None for computed ones."""
    match value:
        case Node():
            return [value]
        case Tensor(_, entries):
            return list(entries)
        case Generated():
            return progression(value)
        case Computed():
            return None


def progression(value: Generated) -> Progression | None:
    """Return the entries of ``linspace`` and ``arange``; None for another tensor.

    Raises PointError where the arguments don't fit, LimitError at too many entries.
    """
    make = _MADE.get(value.name)
    return make(*value.arguments) if make else None


def _linspace(first: Node, last: Node, count: Node) -> Progression:
    length = _length(nearest(count), "linspace")
    share = Fraction(1, max(length - 1, 1))
    return Progression(length, _sum((first, Fraction(1), -share), (last, Fraction(0), share)))


def _arange(*arguments: Node) -> Progression:
    first, last = ([number(0), *arguments] if len(arguments) == 1 else arguments)[:2]
    step = arguments[2] if len(arguments) == 3 else _ONE
    apart = _sum((last, Fraction(1), Fraction(0)), (first, Fraction(-1), Fraction(0)))
    (base, factor), *others = _multiples(step)
    if not factor:
        raise PointError("arange with a step of 0", hint="arange(first, last, step)")
    if not others and apart.keys() <= {base}:
        count = ceil(apart.get(base, (Fraction(0),))[0] / factor)
    else:
        ends = [Fraction(nearest(bound)) for bound in (first, last, step)]
        count = ceil((ends[1] - ends[0]) / ends[2])
    length = _length(max(0, count), "arange")
    return Progression(
        length, _sum((first, Fraction(1), Fraction(0)), (step, Fraction(0), Fraction(1)))
    )


_MADE: Mapping[str, Callable[..., Progression]] = {"linspace": _linspace, "arange": _arange}


def _length(count: float, name: str) -> int:
    if count != int(count) or count < 0:
        raise PointError(f"{name} takes whole numbers", hint=f"{name}(2,3)")
    if count > MAX_ELEMENTS:
        raise LimitError(
            f"{name} asks for {int(count):,} numbers", hint=f"at most {MAX_ELEMENTS:,} are made"
        )
    return int(count)


def _sum(*parts: tuple[Node, Fraction, Fraction]) -> dict[Node, tuple[Fraction, Fraction]]:
    """Return a sum of constants, each with the two coefficients of a progression, by base."""
    weights: dict[Node, tuple[Fraction, Fraction]] = {}
    for value, start, step in parts:
        for base, factor in _multiples(value):
            before = weights.get(base, (Fraction(0), Fraction(0)))
            weights[base] = (before[0] + factor * start, before[1] + factor * step)
    return {base: pair for base, pair in weights.items() if any(pair)}


def _multiples(value: Node) -> Iterator[tuple[Node, Fraction]]:
    """Yield a constant as a sum of rational multiples of others: −π/2 is −1/2 times π."""
    exact = rational(value)
    if exact is not None:
        yield _ONE, exact
        return
    factor = Fraction(1)
    while value.op in ("neg", "mul", "div"):
        if value.op == "neg":
            factor, value = -factor, value.args[0]
            continue
        known = [rational(multiple) for multiple in value.args]
        rest = [arg for arg, multiple in zip(value.args, known, strict=True) if multiple is None]
        if len(rest) != 1 or (value.op == "div" and known[1] is None):
            break
        for multiples in known:
            if multiples is not None:
                factor = factor / multiples if value.op == "div" else factor * multiples
        (value,) = rest
    yield value, factor


def _product(factor: Fraction, base: Node) -> Node:
    if base is _ONE:
        return number(factor)
    return base if factor == 1 else node("mul", number(factor), base)


def _fraction(base: Node) -> Fraction:
    if base.op == NUMBER:
        return Fraction(base.value or 0)
    from diffcli.engines.enclosure import constant_value

    mantissa, exponent = (int(part) for part in constant_value(base, BITS).mid().man_exp())
    return Fraction(mantissa) * Fraction(2) ** exponent
