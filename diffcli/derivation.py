"""The one flow: Function + points → engines → verdicts → Report."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from importlib import import_module
from math import prod
from time import monotonic
from typing import TYPE_CHECKING, Any

from diffcli.cases import Case, case_of
from diffcli.errors import LimitError
from diffcli.formula import Formula
from diffcli.language.expression import Function, Node
from diffcli.language.points import Point
from diffcli.language.printer import text_of
from diffcli.operators import Operator, Shape
from diffcli.output.report import Report, Result

if TYPE_CHECKING:
    from diffcli.elements import Array, Checked, Numbers, Place
    from diffcli.engines.program import Program
    from diffcli.engines.symbolic import Symbolic
    from diffcli.verdict import Check

ENGINES = ("autograd", "symbolic", "enclosure")
_MODULES = {
    "autograd": ("diffcli.elements", "diffcli.engines.autograd"),
    "symbolic": ("diffcli.elements", "diffcli.engines.symbolic"),
    "enclosure": ("diffcli.elements", "diffcli.engines.balls"),
}
DIGITS = 17
"""How many digits of an enclosure must be certain: those of a float64."""


@dataclass(frozen=True)
class Settings:
    """How a derivative is computed and checked.

    ``dtype`` and ``device`` are torch's names; ``engines`` those that take part; ``budget`` the
    seconds that the symbolic and the enclosure engine may take together; ``digits`` how many
    certified digits are wanted; ``seed`` that of random points and samples.
    """

    dtype: str = "float64"
    device: str = "cpu"
    engines: tuple[str, ...] = ENGINES
    budget: float = 0.5
    digits: int = DIGITS
    seed: int = 0


def derive(
    operator: Operator,
    function: Function,
    points: Sequence[Point] = (),
    settings: Settings | None = None,
) -> Report:
    """Differentiate a Function at points; without a point, give the formulas alone.

    Every point gives each variable a value. Raises UsageError where the operator doesn't apply
    to the function, or the values' shapes don't go together.
    """
    return _Derivation(operator, function, settings or Settings()).report(points)


class _Derivation:
    """One operator of one Function, whatever the points."""

    def __init__(self, operator: Operator, function: Function, settings: Settings) -> None:
        self._operator, self._function, self._settings = operator, function, settings
        self._import_engines()
        self._deadline = monotonic() + settings.budget
        self._cases: dict[tuple[Shape, ...], Case] = {}

    def _import_engines(self) -> None:
        """Import what takes part, as the budget is one of work, not of imports."""
        for engine in self._settings.engines:
            for module in _MODULES[engine]:
                import_module(module)

    def report(self, points: Sequence[Point]) -> Report:
        """Return the answer at some points, or the formulas alone."""
        if not self._function.variables:
            points = points or [Point({})]
        results = [self._result(point) for point in points] or [self._formulas_alone()]
        return Report(
            command=self._operator.name,
            expression=self._function.text,
            read_as=self._function.read_as,
            variables=self._function.variables,
            dtype=self._settings.dtype,
            device=self._settings.device,
            results=tuple(results),
            readings=self._function.readings,
            function_latex=self._function_latex(),
            notation={
                entry.label: entry.notation(case.scalars.function)
                for case in self._cases.values()
                for entry in case.entries
                if case.scalars.function is not None
            }
            | {
                name: f"∂f/∂{name}"
                for case in self._cases.values()
                for name in case.closed_formulas
                if self._function.has_tensors
            },
        )

    def _formulas_alone(self) -> Result:
        formulas: Mapping[str, Formula] = {"f": Formula(reason="its tensors have no shape")}
        if not self._function.has_tensors:
            formulas = self._case(dict.fromkeys(self._function.variables, ())).formulas
        return Result(at=None, value=None, derivative=None, symbolic=formulas)

    def _function_latex(self) -> str | None:
        for case in self._cases.values():
            if case.symbolic and case.scalars.function is self._function:
                return case.symbolic.formula(()).latex if self._function.is_scalar else None
        return None

    def _case(self, shapes: Mapping[str, Shape]) -> Case:
        """Return what is the same for all points of these shapes."""
        key = tuple(shapes.values())
        if key not in self._cases:
            self._cases[key] = case_of(
                self._operator, self._function, shapes, self._settings, self._deadline
            )
        return self._cases[key]

    def _result(self, point: Point) -> Result:
        from diffcli.elements import agree, broadcast, unchecked
        from diffcli.engines.coordinates import arrays_of

        settings = self._settings
        arrays = arrays_of(point, dtype=settings.dtype, seed=settings.seed)
        case = self._case({name: each.shape for name, each in arrays.items()})
        begun = monotonic()
        numbers = self._numbers(case, arrays)
        self._deadline += monotonic() - begun
        closed = self._closed(case, arrays)
        agrees = False
        if numbers is not None and closed is not None:
            agrees = agree(numbers, closed, settings.dtype)
        formulas = case.closed_formulas if agrees else case.formulas
        if case.scalars.function is not None:
            checked = self._checked(case, point, arrays, numbers)
        elif numbers is not None:
            checked = unchecked(numbers, None if agrees else case.reason)
        else:
            raise LimitError(str(case.reason), hint="autograd takes them: --no-check")
        outputs = case.scalars.outputs
        if case.element_by_element:
            outputs = (broadcast(arrays),) * len(outputs)
        values = _nested(numbers.values if numbers else None, checked.values, outputs)
        blocks = self._operator.blocks(case.scalars)
        derivatives = _nested(numbers.entries if numbers else None, checked.entries, blocks)
        return Result(
            at={name: each.tolist() for name, each in arrays.items()},
            value=values[0] if self._function.is_scalar else values,
            derivative=self._operator.layout(derivatives, case.scalars),
            symbolic=formulas,
            checks=_given(checked.entries),
            value_checks=_given(checked.values),
            sampled=checked.sampled,
            typed=self._typed(point),
        )

    def _typed(self, point: Point) -> Mapping[str, str] | None:
        """Return the numbers of a point as typed, where more digits than a float's are wanted."""
        if self._settings.digits <= DIGITS:
            return None
        return {
            name: text_of(value) for name, value in point.values.items() if isinstance(value, Node)
        }

    def _checked(
        self, case: Case, point: Point, arrays: Mapping[str, Array], numbers: Numbers | None
    ) -> Checked:
        from diffcli.elements import Checker, Positions
        from diffcli.engines.components import by_component

        settings = self._settings
        place = point if case.element_by_element else by_component(point, arrays)
        positions = Positions(place, dtype=settings.dtype, seed=settings.seed)
        return Checker(
            case.scalars.function or self._function,
            case.entries,
            positions,
            symbolic=partial(_symbolic_value, case.symbolic, self._deadline),
            enclosure="enclosure" in settings.engines,
            digits=settings.digits,
            dtype=settings.dtype,
            deadline=self._deadline,
            seed=settings.seed,
        ).checked(numbers)

    def _numbers(self, case: Case, arrays: Mapping[str, Array]) -> Numbers | None:
        """Return what autograd gives, cut into the numbers that are checked."""
        if "autograd" not in self._settings.engines:
            return None
        from diffcli.elements import Numbers
        from diffcli.engines.autograd import Evaluation, tensors, to_array

        dtype, device = self._settings.dtype, self._settings.device
        shape = None if case.element_by_element else ()
        variables = tensors(arrays, dtype, device)
        at = Evaluation(
            partial(self._program, shape=shape),
            variables,
            element_by_element=case.element_by_element,
        )
        names = map(str, range(len(case.vector)))
        vector = tensors(dict(zip(names, case.vector, strict=True)), dtype, device)
        blocks = [to_array(each) for each in self._operator.torch(at, list(vector.values()))]
        values = [to_array(each) for each in at.outputs]
        if case.element_by_element:
            return Numbers(values, blocks)
        return Numbers(_single(values), _single(blocks))

    def _closed(self, case: Case, arrays: Mapping[str, Array]) -> Array | None:
        """Return the values of a gradient's formulas of tensors, one after the other."""
        if case.closed is None:
            return None
        import numpy as np

        from diffcli.engines.autograd import tensors, to_array

        variables = tensors(arrays, self._settings.dtype, self._settings.device)
        values = _program(case.closed)(*variables.values(), shape=())
        found = dict(zip(case.closed.text, map(to_array, values), strict=True))
        shapes = {name: each.shape for name, each in arrays.items()}
        # A variable that the formula doesn't depend on has gradient zero.
        blocks = (np.broadcast_to(found.get(name, 0.0), shape) for name, shape in shapes.items())
        return np.concatenate([block.ravel() for block in blocks])

    @cached_property
    def _program(self) -> Program:
        return _program(self._function)


def _program(function: Function) -> Program:
    from diffcli.engines.lambdify import lambdify
    from diffcli.engines.symbolic import expression, symbol

    return lambdify(expression(function), [symbol(name) for name in function.variables])


def _single(arrays: Iterable[Array]) -> list[Array]:
    """Return every number of some arrays as an array of its own."""
    return [number for each in arrays for number in each.reshape(-1, 1)]


def _nested(
    numbers: Sequence[Array] | None,
    checks: Sequence[Sequence[Check | None]],
    shapes: Sequence[Shape],
) -> list[Any]:
    """Return the numbers that stand as nested lists of the shapes, which follow each other."""
    from diffcli.elements import standing

    flat = standing(numbers, checks)
    found, start = [], 0
    for shape in shapes:
        end = start + prod(shape)
        found.append(flat[start:end].reshape(shape).tolist())
        start = end
    return found


def _given(checks: Iterable[Iterable[Check | None]]) -> tuple[Check, ...]:
    return tuple(check for each in checks for check in each if check)


def _symbolic_value(
    symbolic: Symbolic | None, deadline: float, place: Place, at: Mapping[str, float]
) -> float | None:
    if symbolic is None:
        return None
    try:
        number = symbolic.value(at, place[1], place[0], deadline=deadline).number
    except LimitError:
        return None
    return None if number is None else float(number)
