"""The answers of all engines for a derivative, side by side, each timed on its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import isfinite, log10
from time import perf_counter
from typing import TYPE_CHECKING

from diffcli.clock import now
from diffcli.differentiation import Settings, derive
from diffcli.differentiation.numbers.positions import Positions
from diffcli.engines.enclosure import Coordinate, partials
from diffcli.engines.exact import as_constant
from diffcli.engines.quotients import quotient
from diffcli.engines.remote import Partials, lower
from diffcli.engines.rounding import rounding_bounds
from diffcli.errors import LimitError
from diffcli.language.function import Function
from diffcli.language.points import Point
from diffcli.operators import Entry, Grad, Partial
from diffcli.output.report import Report

if TYPE_CHECKING:
    from torch import Tensor

    from diffcli.engines.symbolic import Symbolic

MOST_POINTS = 100
"""Elements of vectors count as points."""


@dataclass(frozen=True)
class EngineAnswer:
    """One engine's answer for one number: the number, bounds of it, or why there is neither.

    ``digits`` are the significant ones that the bounds prove, None where they prove all.
    ``seconds`` is the time of this one number, imports and the reading of the formula left out.
    """

    engine: str
    value: float | None = None
    bounds: tuple[str, str] | None = None
    digits: int | None = None
    seconds: float = 0.0
    reason: str | None = None


@dataclass(frozen=True)
class EngineComparison:
    """A derivative at points with its verdicts; for each point, what was said of each entry."""

    report: Report
    statements: tuple[Mapping[str, tuple[EngineAnswer, ...]], ...]

    @property
    def exit_code(self) -> int:
        """The exit code of the derivative's report."""
        return self.report.exit_code


def gather(
    operator: Grad | Partial, function: Function, points: Sequence[Point], settings: Settings
) -> EngineComparison:
    """Return what the engines of the settings say of a derivative at points, and the verdicts.

    Vectors are many points at once. Raises LimitError beyond ``MOST_POINTS`` points, UsageError
    as :func:`diffcli.differentiation.derive` does.
    """
    typed_points = [typed for point in points for typed in _each(point, settings)]
    if len(typed_points) > MOST_POINTS:
        raise LimitError(
            f"{len(typed_points):,} points",
            hint=f"check shows up to {MOST_POINTS}; grad takes them all",
        )
    single = [
        Point({name: as_constant(x) for name, x in typed.items()}) for typed, _ in typed_points
    ]
    report = derive(operator, function, single, settings)
    entries = operator.entries(function)
    return EngineComparison(
        replace(report, command="check"),
        tuple(
            {entry.label: examiner.of(entry) for entry in entries}
            for examiner in (_Examiner(function, settings, *typed) for typed in typed_points)
        ),
    )


def _each(
    point: Point, settings: Settings
) -> Iterator[tuple[dict[str, Coordinate], dict[str, float]]]:
    """Yield every element of a point of vectors: as typed, and in floats."""
    positions = Positions(point, dtype=settings.dtype, seed=settings.seed)
    for position in range(positions.size):
        yield positions.typed(position), positions.dyadic(position)


class _Examiner:
    """One point, at which the engines are asked one after the other."""

    def __init__(
        self,
        function: Function,
        settings: Settings,
        typed: Mapping[str, Coordinate],
        dyadic: Mapping[str, float],
    ) -> None:
        self._function, self._settings = function, settings
        self._typed, self._dyadic = typed, dyadic
        if "autograd" in settings.engines:
            from diffcli.engines.autograd import forward_partial, partial

            self._reverse, self._forward = partial, forward_partial
            self._program = lower(function)
            # The first call compiles the formula, and imports what it is made of.
            self._program(*self._tensors().values())

    def of(self, entry: Entry) -> tuple[EngineAnswer, ...]:
        """Return what each engine says of one entry."""
        asked = self._settings.engines
        return tuple(
            self._timed(name, ask, entry) for name, engine, ask in _ENGINES if engine in asked
        )

    def _timed(
        self, name: str, ask: Callable[[_Examiner, Entry], EngineAnswer], entry: Entry
    ) -> EngineAnswer:
        start = perf_counter()
        try:
            said = ask(self, entry)
        except (LimitError, NotImplementedError) as error:
            said = EngineAnswer(name, reason=str(error))
        return replace(said, engine=name, seconds=perf_counter() - start)

    @property
    def _deadline(self) -> float:
        return now() + self._settings.budget

    def _tensors(self) -> dict[str, Tensor]:
        import torch

        kind = getattr(torch, self._settings.dtype)
        return {
            name: torch.tensor(x, dtype=kind, device=self._settings.device, requires_grad=True)
            for name, x in self._dyadic.items()
        }

    def reverse(self, entry: Entry) -> EngineAnswer:
        """Ask autograd in reverse mode."""
        tensors = self._tensors()
        value = self._program(*tensors.values())[entry.output]
        return _said(float(self._reverse(value, [tensors[name] for name in entry.wrt])))

    def forward(self, entry: Entry) -> EngineAnswer:
        """Ask autograd in forward mode."""
        tangent = self._forward(self._program, self._tensors(), entry.wrt, entry.output)
        return _said(float(tangent))

    def symbolic(self, entry: Entry) -> EngineAnswer:
        """Ask sympy: the formula and its value."""
        partials = Partials(self._function, self._deadline)
        value, reason = partials.ask(_value, self._dyadic, entry.wrt, entry.output)
        return EngineAnswer("", reason=reason) if value is None else _said(value)

    def enclosure(self, entry: Entry) -> EngineAnswer:
        """Ask for proved bounds."""
        wrt, digits = entry.wrt, self._settings.digits
        output = self._function.outputs[entry.output]
        enclosed = partials(output, self._dyadic, [wrt], digits=digits, deadline=self._deadline)[
            wrt
        ]
        if enclosed.ball is None:
            return EngineAnswer("", reason=enclosed.reason)
        bits = enclosed.ball.rel_accuracy_bits()
        return EngineAnswer(
            "",
            value=enclosed.to_float(self._settings.dtype),
            bounds=enclosed.interval(digits),
            digits=None if enclosed.ball.is_exact() else int(max(bits, 0) * log10(2)),
        )

    def quotient(self, entry: Entry, side: int) -> EngineAnswer:
        """Ask for a one-sided difference quotient."""
        output = self._function.outputs[entry.output]
        limit, _ = quotient(output, self._typed, entry.wrt, side, deadline=self._deadline)
        return EngineAnswer("", reason="no value there") if limit is None else _said(float(limit))

    def rounding(self, entry: Entry) -> EngineAnswer:
        """Ask how far floating point may be off."""
        output, wrt = self._function.outputs[entry.output], entry.wrt
        bound = rounding_bounds(output, self._dyadic, [wrt], self._settings.dtype)[wrt].bound
        return _said(bound) if isfinite(bound) else EngineAnswer("", reason="not known")


def _value(
    symbolic: Symbolic, point: Mapping[str, float], wrt: Sequence[str], output: int
) -> tuple[float | None, str | None]:
    value = symbolic.value(point, wrt, output)
    return None if value.number is None else float(value.number), value.reason


def _said(value: float) -> EngineAnswer:
    return EngineAnswer("", value) if isfinite(value) else EngineAnswer("", reason=f"{value:g}")


_ENGINES: Sequence[tuple[str, str, Callable[[_Examiner, Entry], EngineAnswer]]] = (
    ("autograd reverse", "autograd", _Examiner.reverse),
    ("autograd forward", "autograd", _Examiner.forward),
    ("symbolic", "symbolic", _Examiner.symbolic),
    ("enclosure", "enclosure", _Examiner.enclosure),
    ("quotient left", "enclosure", lambda examiner, entry: examiner.quotient(entry, -1)),
    ("quotient right", "enclosure", lambda examiner, entry: examiner.quotient(entry, 1)),
    ("rounding bound", "enclosure", _Examiner.rounding),
)
"""Each engine's name here, the engine that must be asked for, and how it is asked."""
