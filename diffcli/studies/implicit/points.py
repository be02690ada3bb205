"""Implicit derivatives at a point of the curve, by Taylor arithmetic in torch and on balls.

With F(x, y) = 0 the series y(x₀ + t) follows coefficient by coefficient: the one of degree k solves
∂F/∂y·yₖ + [tᵏ] F(x₀ + t, y₀ + … + yₖ₋₁tᵏ⁻¹) = 0 (Griewank and Walther, Evaluating Derivatives, 2nd
ed., section 13.4).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from itertools import product
from math import factorial, inf
from typing import Any

import torch
from flint import arb, arb_mat, arb_series, fmpq

from diffcli.differentiation import Settings
from diffcli.differentiation.checks.judge import judge
from diffcli.engines.balls.guards import Trouble, Undefined
from diffcli.engines.balls.signs import Facts
from diffcli.engines.balls.walk import Coordinate, Steps, Walk, working
from diffcli.engines.enclosure import FIRST_BITS, Enclosure, Outcome, nearest_float
from diffcli.engines.evidence import Evidence, in_words
from diffcli.engines.exact import is_float
from diffcli.engines.rounding import Rounding
from diffcli.engines.sharing import shared_rule
from diffcli.engines.taylor.jets import Seeds, series_of
from diffcli.engines.taylor.rules import NoSeriesError
from diffcli.errors import FormulaError, LimitError, PointError
from diffcli.language.builder import Builder
from diffcli.language.derivative import differentiate
from diffcli.language.expression import NUMBER, Node
from diffcli.language.function import Function
from diffcli.language.points import Point
from diffcli.studies.implicit.described import described
from diffcli.studies.implicit.formulas import Unknowns
from diffcli.studies.implicit.local import Local, local
from diffcli.verdict import Check, Verdict

ON_CURVE = 1e-12
"""How far, over its coordinates' size, a point may lie from the curve for want of digits."""
CERTAIN_BITS = 1000
"""Bits to which a number has to be 0 to be taken for 0."""
MOST_BITS = 2000
FLOAT_BITS = {"float64": 53, "float32": 24}
SAFETY = 64
"""The rounding bound over the radius of a float's enclosure, as torch's functions err too."""

Key = tuple[str, str, int]
"""A derivative: of which variable, in which, and the order."""

Solve = Callable[[Sequence[Any]], list[Any]]
Residuals = Callable[[Mapping[str, Sequence[Any]], int], list[Any]]
"""Each equation's coefficient of some degree, from the variables' coefficients from degree 1 on."""


class CurvePoint:
    """A point of the curve; ``trouble`` is why there is no derivative, if there is none.

    Raises PointError where the point isn't on the curve.
    """

    def __init__(
        self,
        function: Function,
        unknowns: Unknowns,
        point: Point,
        settings: Settings,
        order: int,
    ) -> None:
        self._function, self._unknowns, self._order = function, unknowns, order
        self._settings = settings
        self._typed: dict[str, Coordinate] = {}
        self.floats: dict[str, float] = {}
        for name, value in point.values.items():
            if not isinstance(value, Node):
                raise PointError(f"{name} is one number here", hint="--at x=3,y=4")
            self._typed[name], self.floats[name] = value, nearest_float(value)
        self._walks = [Walk(output, self._typed) for output in function.outputs]
        self._near = [Walk(output, self.floats) for output in function.outputs]
        self._culprit: str | None = None
        self.trouble = self._find_trouble()

    def _find_trouble(self) -> Check | None:
        """Return why there is no derivative, if there is none; raise PointError off the curve."""
        values = [walk.value(CERTAIN_BITS) for walk in self._walks]
        for value in values:
            if isinstance(value, Trouble):
                verdict = Verdict.UNDEFINED if isinstance(value, Undefined) else Verdict.UNVERIFIED
                return Check("", verdict, reason=value.reason)
        for walk, name in product(self._walks, self._function.variables):
            try:
                self._coefficient(walk, {name: 1}, CERTAIN_BITS)
            except Trouble as trouble:
                self._check_residuals([arb(x) for x in values if isinstance(x, fmpq | arb)], None)
                self._culprit = f"{trouble.reason}, in {name}"
                reason = f"{self._culprit}: what the curve does there isn't known"
                return Check("", Verdict.UNVERIFIED, reason=reason)
        matrix = self._matrix(self._walks, CERTAIN_BITS)
        with working(CERTAIN_BITS):
            residuals = [arb(value) for value in values if isinstance(value, fmpq | arb)]
            singular = matrix.det().contains(0)
            step = None if singular else matrix.solve(_column(residuals)).entries()
        self._check_residuals(residuals, step)
        return self._singular() if singular else None

    def _check_residuals(self, residuals: Sequence[arb], step: Sequence[arb] | None) -> None:
        """Refuse a point off the curve, naming what is left of the equation there."""
        if all(residual.contains(0) for residual in residuals):
            return
        size = max(map(abs, self.floats.values()))
        if step is not None and all(abs(float(change.mid())) <= ON_CURVE * size for change in step):
            return
        left = ", ".join(f"{float(residual.mid()):.6g}" for residual in residuals)
        point = ", ".join(f"{name} = {value:.12g}" for name, value in self.floats.items())
        raise PointError(
            f"{point} is not on the curve: left side − right side is {left} there",
            hint="both sides must be equal at the point",
        )

    def _singular(self) -> Check:
        """Return what is known where the partials in the unknowns have no inverse."""
        of, wrt = self._unknowns.of, self._unknowns.wrt
        if len(of) > 1:
            reason = f"singular: whether the equations determine {', '.join(of)} isn't known"
            return Check("", Verdict.UNVERIFIED, reason=reason)
        (output,) = self._function.outputs
        slopes = [self._coefficient(self._walks[0], {name: 1}, CERTAIN_BITS) for name in wrt]
        is_regular = any(not slope.contains(0) for slope in slopes)
        if is_regular and self._vanishes(output, of[0]):
            reason = f"a vertical tangent: ∂F/∂{of[0]} is 0"
            return Check("", Verdict.UNDEFINED, reason=reason)
        what = f"∂F/∂{of[0]} is 0, or nearly" if is_regular else "every partial is 0, or nearly"
        reason = f"a singular point: {what}; the branches there aren't known"
        return Check("", Verdict.UNVERIFIED, reason=reason)

    def _vanishes(self, output: Node, name: str) -> bool:
        """Whether a partial of the equation is proved to be 0."""
        try:
            slope = differentiate(output, name, Builder())
        except (FormulaError, LimitError):
            return False
        return slope.op == NUMBER or Facts(self._typed).sign(slope) == 0

    def _locally(self, key: Key) -> Check | None:
        """Return what the curve's branches at a singular point say of a derivative, if known."""
        name, wrt, order = key
        if len(self._unknowns.of) > 1:
            return None
        if wrt not in self._local:
            (output,) = self._function.outputs
            point = {
                known: coordinate
                for known, coordinate in self._typed.items()
                if isinstance(coordinate, Node)
            }
            self._local[wrt] = local(output, point, wrt, name)
        if (branches := self._local[wrt]) is None:
            return None
        check = described(branches, wrt, name, order, self._settings)
        if check.verdict is Verdict.NOT_DIFFERENTIABLE and self._culprit:
            return replace(check, reason=f"{check.reason}: {self._culprit}")
        return check

    @cached_property
    def _local(self) -> dict[str, Local | None]:
        return {}

    def check(self, label: str, key: Key, symbolic: float | None) -> Check:
        """Weigh what each engine says of a derivative."""
        if self.trouble is not None:
            return replace(self._locally(key) or self.trouble, entry=label)
        engines = self._settings.engines
        autograd = self._autograd.get(key) if "autograd" in engines else None
        evidence = self._enclosed(key) if "enclosure" in engines else None
        return judge(
            label,
            autograd=autograd,
            symbolic=symbolic,
            evidence=evidence,
            dtype=self._settings.dtype,
            digits=self._settings.digits,
            shared=lambda: shared_rule(self._function.outputs),
        )

    @cached_property
    def _autograd(self) -> dict[Key, float]:
        """Return every derivative by Taylor arithmetic in torch; none where a row has no rule."""
        kind = getattr(torch, self._settings.dtype)
        point = {name: torch.tensor(x, dtype=kind) for name, x in self.floats.items()}
        names = tuple(self._function.variables)

        def residuals(steps: Mapping[str, Sequence[Any]], degree: int) -> list[Any]:
            seeds: Seeds = {
                name: {(k,): step for k, step in enumerate(series_of_name, start=1)}
                for name, series_of_name in steps.items()
            }
            series = series_of(self._function, names, (self._order,), self._order)
            return [coefficients[degree] for coefficients in series(point, seeds)]

        try:
            columns = [residuals({of: [1.0]}, 1) for of in self._unknowns.of]
            matrix = torch.stack([torch.stack(column) for column in columns], dim=1)
            solution = self._solved(
                residuals, lambda right: list(torch.linalg.solve(matrix, torch.stack([*right])))
            )
        except NoSeriesError:
            return {}
        return {key: float(value) for key, value in solution.items()}

    def _solved(self, residuals: Residuals, solve: Solve) -> dict[Key, Any]:
        """Return every derivative, from the series of the unknowns in each variable."""
        values: dict[Key, Any] = {}
        for wrt in self._unknowns.wrt:
            steps: dict[str, list[Any]] = {wrt: [1], **{of: [] for of in self._unknowns.of}}
            for degree in range(1, self._order + 1):
                right = residuals(steps, degree)
                for of, step in zip(self._unknowns.of, solve(right), strict=True):
                    steps[of].append(-step)
                    values[of, wrt, degree] = -step * factorial(degree)
        return values

    def _enclosed(self, key: Key) -> Evidence:
        """Return a derivative's enclosures, at the point and at its floats."""
        exact = self._enclosure(self._walks, key)
        if exact is None:
            return Evidence(reason="the enclosure engine could not follow it")
        rough = self._balls(self._near, FLOAT_BITS[self._settings.dtype]).get(key)
        rounding = Rounding(inf if rough is None else SAFETY * float(rough.rad()))
        if all(is_float(self._typed[name], coordinate) for name, coordinate in self.floats.items()):
            return Evidence(exact, rounding=rounding)
        near = self._enclosure(self._near, key) or Enclosure(Outcome.DIFFICULT)
        return Evidence(exact, near, in_words(self.floats), rounding=rounding)

    def _enclosure(self, walks: Sequence[Walk], key: Key) -> Enclosure | None:
        bits, wanted = FIRST_BITS, self._settings.digits * 3.33 + 2
        ball = None
        while bits <= MOST_BITS:
            ball = self._balls(walks, bits).get(key)
            if ball is not None and (ball.rel_accuracy_bits() > wanted or ball == 0):
                break
            bits *= 2
        return None if ball is None else Enclosure(Outcome.ENCLOSED, ball)

    def _balls(self, walks: Sequence[Walk], bits: int) -> Mapping[Key, arb]:
        key = id(walks), bits
        if key not in self._known:
            self._known[key] = self._all_balls(walks, bits)
        return self._known[key]

    @cached_property
    def _known(self) -> dict[tuple[int, int], Mapping[Key, arb]]:
        return {}

    def _all_balls(self, walks: Sequence[Walk], bits: int) -> Mapping[Key, arb]:
        def residuals(steps: Mapping[str, Sequence[Any]], degree: int) -> list[Any]:
            return [self._coefficient(walk, steps, bits, degree) for walk in walks]

        def solve(right: Sequence[Any]) -> list[Any]:
            return list(matrix.solve(_column(right)).entries())

        try:
            matrix = self._matrix(walks, bits)
            with working(bits):
                return self._solved(residuals, solve)
        except (Trouble, ZeroDivisionError):
            return {}

    def _matrix(self, walks: Sequence[Walk], bits: int) -> arb_mat:
        """Return the partials in the unknowns, a row an equation. Raises the Trouble it meets."""
        of = self._unknowns.of
        return arb_mat([[self._coefficient(walk, {x: 1}, bits) for x in of] for walk in walks])

    def _coefficient(
        self, walk: Walk, steps: Mapping[str, Steps], bits: int, degree: int = 1
    ) -> arb:
        """Return an equation's coefficient of a degree. Raises the Trouble that it meets."""
        term = walk.series(steps, degree, bits)
        if isinstance(term, Trouble):
            raise term
        if isinstance(term, arb_series):
            return term[degree]
        return arb(0)


def _column(entries: Sequence[arb]) -> arb_mat:
    return arb_mat([[entry] for entry in entries])
