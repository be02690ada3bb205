"""Faults of exported code at the difficult points of its formula.

Those are holes, kinks, poles and edges of the domain, as far as they lie at numbers that the
formula is made of, the points beside them, and tiny and huge arguments everywhere. The code is run
there, and held against what the enclosure engine proves at the point: a number, or that there is
none, and why.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice
from math import isfinite, isinf, isqrt, log10
from random import Random
from typing import Any

from diffcli.engines.difficult import Kind, classify
from diffcli.engines.enclosure import Outcome, partials
from diffcli.export.code import Code
from diffcli.export.routines import Index, Routine
from diffcli.export.target import Run
from diffcli.language.expression import NUMBER, number
from diffcli.language.function import Function

Typed = tuple[Fraction, ...]
"""A point as typed, a coordinate for each variable."""

SIZES = tuple(
    sign * Fraction(size) for size in (1e-8, 1.0, 800.0, 1e5, 1e-160, 1e160) for sign in (1, -1)
)
BESIDE = Fraction(1, 10**8)
"""How far beside a difficult point code is tried, relative to the size of its coordinate."""
MOST_TRIED = 96
"""Typeds of which the difficult ones are found."""
MOST_BESIDE = 40
_MOST_CONSTANTS = 8
_WHOLE = 5
LOST = 1e-6
"""How far a number may lie from the truth, relative to it, until its digits are said to be lost."""
LEAST = 1e-300
"""How far it may lie from it in any case: numbers that are smaller are often set to 0."""


@dataclass(frozen=True)
class Truth:
    """An entry as it is proved at a point: its value, or the reason why there is none.

    ``at_floats`` is the value at the floats nearest to the point, which the code is given.
    """

    value: float | None = None
    reason: str = ""
    at_floats: float | None = None
    is_defined: bool = True
    """Whether the formula itself has a value there."""


@dataclass(frozen=True)
class Caveat:
    """A number of the code that isn't the truth; ``number`` is None where it gives none."""

    function: str
    entry: str
    at: Mapping[str, float]
    number: float | None
    truth: Truth

    @property
    def cause(self) -> str:
        """The fault, in words."""
        if self.truth.value is not None:
            return "wrong" if self.number is not None else "no number"
        return "no derivative" if self.truth.is_defined else "no value"

    @property
    def text(self) -> str:
        """The caveat as a sentence, without its full stop."""
        point = ", ".join(f"{name} = {value!r}" for name, value in self.at.items())
        entry = f" for {self.entry}" if self.entry else ""
        digits = self._digits
        gives = "no number" if self.number is None else f"{self.number + 0.0:.{digits}g}"
        said = f"at {point} {self.function} gives {gives}{entry}, and "
        if self.truth.value is not None:
            return f"{said}the truth is {self.truth.value:.{digits}g}"
        what = "derivative" if self.truth.is_defined else "value"
        return f"{said}there is no {what}: {self.truth.reason}"

    @property
    def _digits(self) -> int:
        """Enough digits to tell the number from the truth."""
        pair = self.number or 0.0, self.truth.value or 0.0
        differ = (n for n in range(6, 17) if f"{pair[0]:.{n}g}" != f"{pair[1]:.{n}g}")
        return next(differ, 17)

    @property
    def document(self) -> dict[str, Any]:
        """The caveat as JSON's own types."""
        return {
            "function": self.function,
            "entry": self.entry,
            "at": dict(self.at),
            "number": self.number,
            "truth": self.truth.value,
            "reason": self.truth.reason or None,
        }


def difficult_points(function: Function, seed: int, deadline: float) -> Iterator[Typed]:
    """Yield the points where code is tried, the difficult ones first."""
    random = Random(seed)  # noqa: S311  (samples, not secrets)
    count = len(function.variables)
    if not count:
        return
    tried = (
        point for value in dict.fromkeys(_numbers(function)) for point in _at(value, count, random)
    )
    special = [
        point
        for point in dict.fromkeys(islice(tried, MOST_TRIED))
        if _is_difficult(function, point, deadline)
    ]
    beside = (
        _moved(point, axis, sign) for point in special for axis in range(count) for sign in (1, -1)
    )
    sizes = (point for size in SIZES for point in _at(size, count, random))
    yield from dict.fromkeys((*special, *islice(beside, MOST_BESIDE), *sizes))


def _numbers(function: Function) -> Iterator[Fraction]:
    """Yield numbers at which a formula may be difficult: its own, their roots and quotients."""
    yield from map(Fraction, (0, 1, -1))
    numbers = (Fraction(node.value or 0) for node in function.nodes if node.op == NUMBER)
    constants = [
        *islice(dict.fromkeys(abs(number) for number in numbers if number), _MOST_CONSTANTS)
    ]
    quotients = (above / below for above in constants for below in constants)
    for constant in (*constants, *quotients):
        yield from (constant, -constant)
        root = Fraction(isqrt(constant.numerator), isqrt(constant.denominator))
        if root**2 == constant:
            yield from (root, -root)
    yield from map(Fraction, range(-_WHOLE, _WHOLE + 1))


def _at(value: Fraction, count: int, random: Random) -> Iterator[Typed]:
    """Yield the point with all coordinates of one value, then those with one of them each."""
    yield (value,) * count
    for axis in range(count) if count > 1 else ():
        ordinary = [Fraction(random.randrange(33, 127), 64) for _ in range(count)]
        yield (*ordinary[:axis], value, *ordinary[axis + 1 :])


def _moved(point: Typed, axis: int, sign: int) -> Typed:
    step = sign * BESIDE * (abs(point[axis]) or 1)
    return (*point[:axis], Fraction(float(point[axis] + step)), *point[axis + 1 :])


def _is_difficult(function: Function, point: Typed, deadline: float) -> bool:
    typed = dict(zip(function.variables, map(number, point), strict=True))
    by: list[tuple[str, ...]] = [(), *((name,) for name in function.variables)]
    outcomes = (
        partials(output, typed, by, digits=1, deadline=deadline) for output in function.outputs
    )
    difficult = (Outcome.DIFFICULT, Outcome.UNDEFINED)
    return any(output.outcome in difficult for outputs in outcomes for output in outputs.values())


def truths_at(code: Code, point: Typed, deadline: float) -> dict[Index, Truth]:
    """Return what is proved of each entry at a point as typed; what isn't is left out."""
    names, truths = code.function.variables, dict[Index, Truth]()
    typed = dict(zip(names, map(number, point), strict=True))
    floats = dict(zip(names, map(float, point), strict=True))
    wanted = {index for routine in code.routines for index in routine.indices}
    for position, output in enumerate(code.function.outputs):
        by = sorted({wrt for of, wrt in wanted if of == position}, key=len)
        exact = partials(output, typed, by, deadline=deadline)
        ordinary = [wrt for wrt in by if exact[wrt].ball is not None]
        enclosed = partials(output, floats, ordinary, deadline=deadline)
        for wrt in by:
            if wrt in ordinary:
                value = exact[wrt].nearest()
                if value is not None:
                    truths[position, wrt] = Truth(value, at_floats=enclosed[wrt].nearest())
                continue
            difficulty = classify(output, typed, wrt, deadline=deadline)
            if difficulty.kind is not Kind.UNDETERMINED:
                value = None if difficulty.value is None else float(difficulty.value)
                is_defined = difficulty.kind not in (Kind.UNDEFINED, Kind.POLE)
                reason = difficulty.reason if value is None else ""
                truths[position, wrt] = Truth(value, reason, is_defined=is_defined)
    return truths


def caveats(
    code: Code, runs: Mapping[str, Run], known: Sequence[tuple[Typed, Mapping[Index, Truth]]]
) -> list[Caveat]:
    """Return where the code isn't right, of points and what is proved there."""
    points = [tuple(map(float, point)) for point, _ in known]
    wrong: list[Caveat] = []
    for routine in code.routines:
        for point, (_, truths), numbers in zip(
            points, known, runs[routine.name](points), strict=True
        ):
            named = dict(zip(code.function.variables, point, strict=True))
            wrong += _of(routine, named, truths, numbers)
    return wrong


def _of(
    routine: Routine,
    point: Mapping[str, float],
    truths: Mapping[Index, Truth],
    numbers: Sequence[float],
) -> Iterator[Caveat]:
    for index, given in zip(routine.indices, numbers, strict=True):
        truth = truths.get(index)
        if truth is not None and not is_right(given, truth):
            entry = "" if len(routine.indices) == 1 else _entry(index, routine)
            shown = given if isfinite(given) or isinf(given) else None
            yield Caveat(routine.name, entry, point, shown, truth)


def _entry(index: Index, routine: Routine) -> str:
    output, wrt = index
    several = len({of for of, _ in routine.indices}) > 1
    return ", ".join([*([f"formula {output + 1}"] if several else []), *wrt])


def is_right(given: float, truth: Truth) -> bool:
    """Return whether a number of the code, nan where it gives none, is as proved."""
    known = [value for value in (truth.value, truth.at_floats) if value is not None]
    if not known or any(map(isinf, known)):
        return not isfinite(given)
    return any(abs(given - value) <= LOST * abs(value) + LEAST for value in known)


def said(known: Sequence[Caveat]) -> Iterator[str]:
    """Yield a sentence for each function and cause: the least unusual point, how many others."""
    for function, cause in dict.fromkeys((caveat.function, caveat.cause) for caveat in known):
        together = [
            caveat for caveat in known if (caveat.function, caveat.cause) == (function, cause)
        ]
        others = len({tuple(caveat.at.items()) for caveat in together}) - 1
        more = f"; and so at {others} more of the points tried" if others else ""
        yield f"{min(together, key=_unusual).text}{more}"


def _unusual(caveat: Caveat) -> tuple[int, int]:
    """Return how tiny or huge the coordinates of a caveat's point are, then how long to write."""
    values = caveat.at.values()
    sizes = [round(abs(log10(abs(value)))) for value in values if value]
    return max(sizes, default=0), sum(len(repr(value)) for value in values)
