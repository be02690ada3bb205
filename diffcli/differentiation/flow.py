"""The one flow: Function + points → engines → verdicts → Report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from importlib import import_module
from typing import TYPE_CHECKING, Any

from diffcli.differentiation.answers import Answers
from diffcli.differentiation.forms.assumptions import (
    check_assumptions,
    entry_by_entry,
    unconstrained,
)
from diffcli.differentiation.results.analysis import real_roots, undefined_constants
from diffcli.differentiation.settings import Settings
from diffcli.engines import remote
from diffcli.errors import LimitError
from diffcli.language.formula import Formula
from diffcli.language.function import Function
from diffcli.language.latex.matrices import matrix_latex
from diffcli.language.latex.printer import lines_of
from diffcli.language.points import Point
from diffcli.operators import Matrix, Operator
from diffcli.output.report import Report, Result

if TYPE_CHECKING:
    from diffcli.differentiation.forms.blocks import ClosedForm
    from diffcli.differentiation.numbers.arrays import Array, Numbers
    from diffcli.differentiation.numbers.positions import EachPosition
    from diffcli.verdict import Agreement

_MODULES = {
    "autograd": ("diffcli.engines.matrices.compressed", "diffcli.tensors.components"),
    "symbolic": (),
    "enclosure": ("diffcli.engines.balls.rules",),
}


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
    has_numbers = bool(points) or not function.variables
    if isinstance(operator, Matrix) and not has_numbers:
        operator = replace(operator, sparse=False)
    check_assumptions(function, points, settings or Settings())
    return _Derivation(operator, function, settings or Settings(), has_numbers).report(points)


def derive_columns(
    operator: Operator,
    function: Function,
    points: EachPosition,
    settings: Settings,
    vectors: Array | None = None,
) -> tuple[Report, Numbers]:
    """Differentiate a formula of numbers at many points: a report of those examined, all numbers.

    With ``vectors`` the weights of the operator's vector at each point are its rows. Raises as
    :func:`derive`.
    """
    derivation = _Derivation(operator, function, settings, has_numbers=True)
    return derivation.report_of_columns(points, vectors)


class _Derivation:
    """One operator of one Function, whatever the points."""

    def __init__(
        self, operator: Operator, function: Function, settings: Settings, has_numbers: bool
    ) -> None:
        self._operator, self._function, self._settings = operator, function, settings
        if has_numbers:
            self._import_engines(has_numbers)
        self._answers = Answers(operator, function, settings)
        self._remarks: dict[str, None] = {}
        self._notation: Mapping[str, str] = {}
        self._form: ClosedForm | None = None

    def _import_engines(self, has_numbers: bool) -> None:
        """Import what takes part, as the budget is one of work, not of imports."""
        needs_terms = bool({"autograd", "symbolic"} & set(self._settings.engines))
        if needs_terms:
            remote.prepare()
        for engine in self._settings.engines if has_numbers else ():
            for module in ("diffcli.differentiation.checks.checker", *_MODULES[engine]):
                import_module(module)
        if needs_terms:
            remote.ready()

    def report(self, points: Sequence[Point]) -> Report:
        """Return the answer at some points, or the formulas alone."""
        self._remarks |= dict.fromkeys(entry_by_entry(self._function, points))
        if not self._function.variables:
            points = points or [Point({})]
        return self._report(self._answers.at(points) or [self._formulas_alone()])

    def report_of_columns(
        self, points: EachPosition, vectors: Array | None
    ) -> tuple[Report, Numbers]:
        """Return the answers at the points that were examined, and the numbers at all of them."""
        numbers, results = self._answers.of_columns(points, vectors)
        return self._report(results), numbers

    def _report(self, results: Sequence[Result]) -> Report:
        self._remarks |= dict.fromkeys(real_roots(self._function, results))
        self._remarks |= dict.fromkeys(unconstrained(self._operator, self._function))
        return Report.of(
            self._operator.name,
            self._function,
            dtype=self._settings.dtype,
            device=self._settings.device,
            results=tuple(results),
            warnings=tuple(self._remarks | self._answers.evaluation.remarks),
            told=tuple(self._answers.evaluation.told),
            name=self._function.called if self._function.is_scalar else "f",
            **self._function_latex(),
            ranks=self._ranks,
            notation={
                entry.label: entry.notation(problem.scalars.function)
                for problem in self._answers.problems.values()
                for entry in problem.entries
                if problem.scalars.function is not None
            }
            | {
                label: symbol
                for problem in self._answers.problems.values()
                if problem.closed is not None
                for label, symbol in problem.closed.notation.items()
            }
            | dict(self._notation),
        )

    def _formulas_alone(self) -> Result:
        has_vectors = any(self._function.said.shapes.values())
        if self._function.has_tensors or (has_vectors and not self._operator.element_by_element):
            formulas, agreed = self._formulas_of_tensors()
            return Result(None, None, None, formulas, agreement=agreed)
        self._import_engines(has_numbers=False)
        self._remarks |= dict.fromkeys(undefined_constants(self._function))
        formulas = self._answers.problem(dict.fromkeys(self._function.variables, ())).formulas
        return Result(at=None, value=None, derivative=None, symbolic=formulas)

    def _formulas_of_tensors(self) -> tuple[Mapping[str, Formula], Agreement | None]:
        """Return the formulas of tensors whose shapes nobody gave, and what agrees with them."""
        from diffcli.differentiation.forms.assumed import assumed_form

        try:
            form, words = assumed_form(self._operator, self._function)
        except LimitError as error:
            return {"f": Formula(reason=str(error))}, None
        if words:
            self._remarks[f"the formulas take {words}; --shapes and --at give other shapes"] = None
        self._remarks |= dict.fromkeys(form.remarks)
        self._notation, self._form = form.notation, form
        return self._held(form)

    def _held(self, form: ClosedForm) -> tuple[Mapping[str, Formula], Agreement | None]:
        """Return formulas, held against another engine at random points if one takes part."""
        if not self._settings.proves:
            return form.formulas, None
        from diffcli.differentiation.forms.agreement import agreement

        mismatch = agreement(self._operator, self._function, form, self._settings)
        if mismatch is None:
            reason = "the closed form has other numbers than an engine at a random point"
            return {"f": Formula(reason=reason)}, None
        return form.formulas, mismatch

    @property
    def _ranks(self) -> Mapping[str, int]:
        """How many axes each variable has, where the derivative is a formula of tensors."""
        forms = [self._form, *(problem.closed for problem in self._answers.problems.values())]
        form = next((form for form in forms if form is not None), None)
        shapes = {**form.variables, **form.directions} if form else {}
        return {name: len(shape) for name, shape in shapes.items()}

    def _function_latex(self) -> dict[str, Any]:
        """Return the formulas in LaTeX as they were typed; nothing where they are too long."""
        function, ranks = self._function, self._ranks
        if ranks:
            names = self._form.names if self._form else None
            texts = [matrix_latex(root, ranks, names) for root in function.outputs]
            definitions: Mapping[str, str] = {}
            text = texts[0] if function.is_scalar else rf"\left({', '.join(texts)}\right)"
        else:
            own = [pair for pair in function.definitions if pair[1] not in function.outputs]
            definitions, text = lines_of(replace(function, definitions=tuple(own)))
        if any("\\dots" in formula for formula in (text, *definitions.values())):
            return {}
        return {"function_latex": text, "definitions_latex": definitions}
