"""Random formulas over the table at random points: every verdict against 50 digits of mpmath.

A pair is drawn from its seed alone, so a miss is looked at again by its number. The figures are
printed by ``pytest -m slow -s tests/differentiation/test_random_verdicts.py``.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from fractions import Fraction
from random import Random
from signal import ITIMER_REAL, SIGALRM, setitimer, signal
from statistics import median
from time import perf_counter
from types import FrameType

import numpy as np
import pytest
from mpmath import mp, mpf
from oracle_functions import EXACT, SMOOTH, OutsideDomainError
from oracle_special import SPECIAL
from oracles import NotDifferentiableError, derivative, value

from diffcli.differentiation import Settings, derive
from diffcli.engines import symbolic
from diffcli.language.formula import Formula
from diffcli.language.functions import BY_NAME, TABLE
from diffcli.language.parser import parse
from diffcli.language.points import read_points
from diffcli.operators import Grad
from diffcli.verdict import Check, Verdict

SHORT, LONG = 30, 20_000
PATIENCE = 0.5
"""Seconds for the reference of one pair; where mpmath takes longer, the pair is passed over."""
PROVED = (Verdict.CERTIFIED, Verdict.INEXACT)
INSIDE = 0.95
"""At least so many of the derivatives that exist must be proved."""

CALLED = {row.name for row in BY_NAME.values()} - {"mod"}
ROWS = sorted((set(EXACT) | set(SMOOTH)) & CALLED - set(SPECIAL))
"""Rows whose reference holds at every point; ``test_special`` draws points for the others."""
NATURAL = {
    ("polygamma", 0): "0123",
    ("root", 1): "2345",
    ("normpdf", 2): "125",
    ("clamp", 1): "01",
    ("clamp", 2): "23",
}
"""Arguments that are drawn from a few constants, as few other values make sense."""


@dataclass(frozen=True)
class Pair:
    """A formula, in the syntax that diffcli and the oracle share, and a point of it."""

    formula: str
    at: dict[str, str]
    dtype: str

    def __str__(self) -> str:
        return f"{self.formula} at {self.at} in {self.dtype}"


def draw(seed: int) -> Pair:
    random = Random(seed)
    formula = _term(random, random.choice((1, 2, 2, 3, 3, 4)))
    kind = random.choice(sorted(COORDINATES))
    at = {name: COORDINATES[kind](random) for name in "xy" if name in _names(formula)}
    return Pair(formula, at, "float32" if random.random() < 0.1 else "float64")


def _names(formula: str) -> set[str]:
    return set(parse(formula, variables=["x", "y"]).variables) & set(formula)


def _ratio(random: Random) -> str:
    return f"{random.randint(-40, 40)}/{random.choice((2, 3, 7, 8, 10))}"


COORDINATES: dict[str, Callable[[Random], str]] = {
    "ratio": _ratio,
    "ratio between 0 and 1": lambda random: f"{random.randint(1, 15)}/16",
    "decimal": lambda random: f"{random.uniform(-5, 5):.6f}",
    "integer": lambda random: str(random.randint(-4, 4)),
    "kink": lambda random: random.choice(("0", "1", "-1", "1/2", "1/10", "-1/2", "2", "1/3")),
    "large": lambda random: f"{random.choice('+-')}{random.randint(1, 9)}e{random.randint(1, 9)}",
    "tiny": lambda random: f"{random.choice('+-')}{random.randint(1, 9)}e-{random.randint(2, 20)}",
}  # fmt: skip


def _term(random: Random, depth: int) -> str:
    if depth == 0:
        return random.choice(("x", "x", "x", "y", "y", "1", "2", "3", "0.1", "(1/3)", "e"))

    def part() -> str:
        return _term(random, random.randint(0, depth - 1) if depth > 1 else 0)

    choice = random.random()
    if choice < 0.35:
        return f"({_term(random, depth - 1)} {random.choice('+-*/')} {part()})"
    if choice < 0.43:
        exponent = random.choice(("2", "3", "4", "(-1)", "(-2)", "(1/2)", "(1/3)", "(2/3)"))
        return f"({_term(random, depth - 1)})**{exponent}"
    if choice < 0.46:
        return f"abs({part()})**({part()})"
    if choice < 0.48:
        return f"({part()} % ({part()}))"
    if choice < 0.50:
        return f"(-{part()})"
    if choice < 0.55:
        condition = f"{part()} {random.choice(('<', '<=', '>', '>=', '==', '!='))} {part()}"
        return f"piecewise(({_term(random, depth - 1)}, {condition}), ({part()}, True))"
    name = random.choice(ROWS)
    least, most = TABLE[name].arity
    arguments = [
        random.choice(NATURAL[name, i]) if (name, i) in NATURAL else _term(random, depth - 1)
        for i in range(min(most, max(least, 2 if most > 3 else 0)))
    ]
    return f"{name}({', '.join(arguments)})"


@dataclass
class Tally:
    """What came of many pairs; ``misses`` are what must not be."""

    verdicts: Counter[str] = field(default_factory=Counter)
    existing: Counter[bool] = field(default_factory=Counter)
    misses: list[str] = field(default_factory=list)
    unproved: list[str] = field(default_factory=list)
    passed_over: int = 0
    seconds: list[float] = field(default_factory=list)

    @property
    def share(self) -> float:
        """How many of the derivatives that exist are proved."""
        return self.existing[True] / max(1, self.existing.total())

    def __str__(self) -> str:
        figures = ", ".join(f"{count} {verdict}" for verdict, count in self.verdicts.most_common())
        return "\n".join(
            [
                f"{len(self.seconds)} pairs: {figures}",
                f"of {self.existing.total()} numbers that exist {100 * self.share:.2f}% are proved",
                f"{self.passed_over} that mpmath doesn't settle",
                f"median {1e3 * median(self.seconds):.1f} ms, longest {max(self.seconds):.2f} s",
                *self.misses,
            ]
        )


def weigh(seeds: Iterable[int]) -> Tally:
    tally = Tally()
    for seed in seeds:
        pair = draw(seed)
        function = parse(pair.formula, variables=list(pair.at))
        typed = ",".join(f"{name}={at}" for name, at in pair.at.items())
        points = [each.bind(function.variables) for each in read_points([typed] if typed else [])]
        begun = perf_counter()
        (result,) = derive(Grad(), function, points, Settings(dtype=pair.dtype)).results
        tally.seconds.append(perf_counter() - begun)
        for check in (*result.checks, *result.value_checks):
            tally.verdicts[check.verdict.words] += 1
            wrt = () if check in result.value_checks else (check.entry,)
            _hold(check, wrt, pair, f"{seed}: ∂{wrt} of {pair}", tally)
    return tally


def _hold(check: Check, wrt: tuple[str, ...], pair: Pair, where: str, tally: Tally) -> None:
    """Hold one number against the reference."""
    verdict = check.verdict
    if verdict is Verdict.DISAGREES:
        tally.misses.append(f"{where}: false alarm: {check}")
        return
    exact = {name: Fraction(at) for name, at in pair.at.items()}
    try:
        with limited(PATIENCE):
            truth = _reference(pair.formula, exact, wrt)
    except (ArithmeticError, MemoryError, TimeoutError):
        tally.passed_over += 1
        return
    if wrt and _is_doubtful(check, truth, pair.formula, exact):
        tally.passed_over += 1
        return
    if isinstance(truth, mpf):
        tally.existing[verdict in PROVED] += 1
        if verdict not in PROVED:
            tally.unproved.append(f"{where}: {check}")
    if verdict is Verdict.UNDEFINED and truth is not OutsideDomainError:
        tally.misses.append(f"{where}: defined, {mp.nstr(truth)}")
    if verdict is Verdict.NOT_DIFFERENTIABLE and isinstance(truth, mpf):
        tally.misses.append(f"{where}: differentiable, {mp.nstr(truth)}")
    if verdict in PROVED and "derivative" not in (check.reason or ""):
        if not isinstance(truth, mpf):
            tally.misses.append(f"{where}: {truth.__name__}, but {check}")
        elif not _contains(check, truth) or not _near(check.value, truth, pair.dtype):
            tally.misses.append(f"{where}: {mp.nstr(truth, 25)}, but {check}")


def _is_doubtful(check: Check, found: mpf | type, formula: str, at: dict[str, Fraction]) -> bool:
    """Whether the reference's difference quotient may fail: it rounds where diffcli is exact.

    Beside a huge term all else is nothing to it, and a term that is 1 for every x, such as
    ``x + 1 - x``, is near 1 to it, which an edge at 1 doesn't bear.
    """
    value_there = _reference(formula, at, ())
    if found is OutsideDomainError:
        return check.enclosure is None and isinstance(value_there, mpf)
    return found == 0 and abs(value_there) > mpf(10) ** 1000


def _reference(formula: str, at: dict[str, Fraction], wrt: tuple[str, ...]) -> mpf | type:
    """Return the number, or the class of the reason why there is none."""
    try:
        found = value(formula, at)
        return derivative(formula, at, wrt) if wrt else found
    except (OutsideDomainError, NotDifferentiableError) as error:
        return type(error)


def _contains(check: Check, truth: mpf) -> bool:
    if check.enclosure is None or check.value is None:
        return True
    with mp.workdps(60):
        low, high = map(mpf, check.enclosure)
        # What is as small as this, the reference takes for 0.
        slack = abs(truth) * mpf(10) ** -45 if truth else mpf(10) ** -1000
        return bool(low - slack <= truth <= high + slack)


def _near(number: float | None, truth: mpf, dtype: str) -> bool:
    """Whether the number that stands is the truth to within an ulp, or the truth out of range."""
    limits = np.finfo(dtype)
    if number is None:
        return bool(abs(truth) >= limits.max)
    with mp.workdps(60):
        ulp = max(abs(truth) * float(limits.eps), float(limits.smallest_subnormal))
        return bool(abs(mpf(number) - truth) <= ulp)


@contextmanager
def limited(seconds: float) -> Iterator[None]:
    """Raise TimeoutError where the body takes longer."""

    def expire(_: int, frame: FrameType | None) -> None:
        # What is raised while Python cleans up is lost; the timer goes off again.
        if frame is None or "weakref" not in frame.f_code.co_filename:
            raise TimeoutError

    before = signal(SIGALRM, expire)
    setitimer(ITIMER_REAL, seconds, 0.05)
    try:
        yield
    finally:
        setitimer(ITIMER_REAL, 0)
        signal(SIGALRM, before)


@pytest.fixture(autouse=True)
def no_readable_formula(monkeypatch: pytest.MonkeyPatch) -> None:
    """The verdict doesn't depend on it, and it takes most of the time."""
    monkeypatch.setattr(symbolic, "readable", lambda *_, **__: Formula())


def test_some_random_formulas() -> None:
    tally = weigh(range(SHORT))
    assert not tally.misses
    assert tally.share >= INSIDE


@pytest.mark.slow
def test_many_random_formulas() -> None:
    tally = weigh(range(LONG))
    sys.stdout.write(f"\n{tally}\n")
    assert not tally.misses
    assert tally.share >= INSIDE
