"""Exported code is run before anybody reads it: on random points, and on difficult ones.

What it gives is held against the enclosure engine, which proves each number. At random points of
the domain it is right within the bound of rounding errors that the engine states, or it is refused;
where it isn't right at the difficult points of the formula, its heading says so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from math import inf, isfinite, nan
from random import Random

from diffcli.clock import now
from diffcli.errors import DisagreementError
from diffcli.export.caveats import Caveat, Truth, caveats, difficult_points, said, truths_at
from diffcli.export.code import Code, lacks, noted, runs_of
from diffcli.export.routines import Index
from diffcli.export.target import Run, Vector

POINTS = 8
RELATIVE = 1e-14
"""How far a number may lie from the truth, beside what the engine's own bound allows."""
_UNBOUNDED = 1e-9
"""The same for a number whose rounding errors have no bound: one that is off tells nothing."""
_CANDIDATES = 200
_RANGES = ((-3.0, 3.0), (0.0, 1.0), (0.5, 4.0), (-1.0, 1.0), (1.0, 2.0))
_SECONDS = 5.0


@dataclass(frozen=True)
class Sample:
    """A point, and every entry's true value there with a bound of rounding errors."""

    at: Vector
    truths: Mapping[Index, tuple[float, float]]


@dataclass(frozen=True)
class Trial:
    """The result of running the code: points, numbers, and the largest error.

    ``error`` is relative to the truth, of random points; ``difficult`` is how many others there
    were, and ``caveats`` are the numbers that aren't right. ``is_proved`` is whether the truth is
    proved, or what autograd gives. Where the code wasn't run, ``reason`` says why.
    """

    points: int = 0
    numbers: int = 0
    error: float = 0.0
    reason: str | None = None
    difficult: int = 0
    caveats: tuple[Caveat, ...] = ()
    is_proved: bool = True


def tried(code: Code, *, seed: int = 0) -> Trial:
    """Run code on random and on difficult points and hold it against what is proved there.

    Raises DisagreementError where a number is wrong at a random point.
    """
    reason = lacks(code)
    if reason:
        return Trial(reason=reason)
    if code.function.has_tensors:
        return _tried_on_tensors(code, seed)
    samples, runs = samples_of(code, seed=seed), runs_of([code])[0]
    trial = (
        compared(code, runs, samples)
        if samples
        else Trial(reason="no random point has derivatives that the engines prove")
    )
    deadline = now() + _SECONDS
    known = [(tuple(map(Fraction, sample.at)), _plain(sample.truths)) for sample in samples]
    for point in difficult_points(code.function, seed, deadline):
        known.append((point, truths_at(code, point, deadline)))
        if now() > deadline:
            break
    wrong = caveats(code, runs, known)
    return replace(trial, difficult=len(known) - len(samples), caveats=tuple(wrong))


def examined(code: Code, *, seed: int = 0) -> tuple[Code, Trial]:
    """Try code; return it with what it can't do right in its heading, and what came of it.

    Raises DisagreementError where a number is wrong at a random point.
    """
    trial = tried(code, seed=seed)
    return noted(code, tuple(said(trial.caveats))), trial


def _plain(truths: Mapping[Index, tuple[float, float]]) -> dict[Index, Truth]:
    return {index: Truth(truth) for index, (truth, _) in truths.items()}


def _tried_on_tensors(code: Code, seed: int) -> Trial:
    from diffcli.export import tensor_trial

    shapes = tensor_trial.shapes_for(code)
    if shapes is None:
        return Trial(reason="no small shapes of its variables go together")
    point = tensor_trial.random_tensors(shapes, seed)
    compared = [tensor_trial.compared(code, routine, point) for routine in code.routines]
    counts, errors = zip(*compared, strict=True)
    return Trial(1, sum(counts), max(errors), is_proved=False)


def samples_of(code: Code, *, seed: int = 0, count: int = POINTS) -> list[Sample]:
    """Return random points where every entry is proved and has a bound."""
    random, deadline = Random(seed), now() + _SECONDS  # noqa: S311  (samples, not secrets)
    variables = code.function.variables
    samples: list[Sample] = []
    for _ in range(_CANDIDATES if variables else 1):
        low, high = random.choice(_RANGES)
        point = tuple(random.uniform(low, high) for _ in variables)
        truths = _truths(code, point, deadline)
        if truths is not None:
            samples.append(Sample(point, truths))
        if len(samples) == count or now() > deadline:
            break
    return samples


def _truths(code: Code, at: Vector, deadline: float) -> dict[Index, tuple[float, float]] | None:
    """Return the entries' truths and bounds, or None where one isn't proved."""
    from diffcli.engines.enclosure import partials
    from diffcli.engines.rounding import rounding_bounds

    point = dict(zip(code.function.variables, at, strict=True))
    wanted = {index for routine in code.routines for index in routine.indices}
    truths: dict[Index, tuple[float, float]] = {}
    for index, output in enumerate(code.function.outputs):
        by = sorted((wrt for output_place, wrt in wanted if output_place == index), key=len)
        enclosed = partials(output, point, by, deadline=deadline)
        bounds = rounding_bounds(output, point, by, "float64")
        for wrt in by:
            truth, bound = enclosed[wrt].nearest(), bounds[wrt]
            if truth is None:
                return None
            truths[index, wrt] = truth, inf if bound.out_of_range else bound.bound
    return truths


def compared(code: Code, runs: Mapping[str, Run], samples: Sequence[Sample]) -> Trial:
    """Hold what code gives against the truth. Raises DisagreementError where it is wrong."""
    worst, count = 0.0, 0
    for routine in code.routines:
        rows = runs[routine.name]([sample.at for sample in samples])
        for sample, numbers in zip(samples, rows, strict=True):
            for index, number in zip(routine.indices, numbers, strict=True):
                truth, bound = sample.truths.get(index, (nan, inf))
                error = abs(number - truth) if isfinite(number) else inf
                if bound == inf and not error <= _UNBOUNDED * abs(truth):
                    continue
                if error > bound + RELATIVE * abs(truth):
                    named = zip(code.function.variables, sample.at, strict=True)
                    listed = ", ".join(f"{name}={value!r}" for name, value in named)
                    raise DisagreementError(
                        f"the {code.target} code is wrong: {routine.name} gives {number!r} "
                        f"at {listed}, and the truth is {truth!r}",
                        hint="this is a defect of diffcli; --no-check prints the code",
                    )
                worst = max(worst, error / abs(truth) if truth else 0.0)
                count += 1
    return Trial(len(samples), count, worst)
