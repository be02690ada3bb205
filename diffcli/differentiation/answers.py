"""The answers at points: autograd's numbers, checked, and laid out as the operator says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any

from diffcli.clock import Budget
from diffcli.differentiation.checks.normwise import relative_error
from diffcli.differentiation.numbers.arrays import Checked
from diffcli.differentiation.numbers.evaluation import Evaluation
from diffcli.differentiation.numbers.vectors import product
from diffcli.differentiation.problem import MAX_NESTED_ORDER, Problem, problem_of
from diffcli.differentiation.results.analysis import analysis, exact_text
from diffcli.differentiation.results.builder import result_of
from diffcli.differentiation.results.by_shape import numbers_by_shape
from diffcli.differentiation.results.large import Large
from diffcli.differentiation.results.stacked import MOST_SINGLE, PointColumns, columns_of, together
from diffcli.differentiation.settings import Settings
from diffcli.errors import LimitError
from diffcli.language.expression import Node
from diffcli.language.formula import Formula
from diffcli.language.function import Function
from diffcli.language.points import Point
from diffcli.operators import Matrix, Operator, Shape
from diffcli.output.report import Result

if TYPE_CHECKING:
    from diffcli.differentiation.checks.checker import Checker
    from diffcli.differentiation.forms.blocks import ClosedForm
    from diffcli.differentiation.numbers.arrays import Array, Numbers
    from diffcli.differentiation.numbers.positions import EachPosition, Places

NO_AGREEMENT = "the closed form's value isn't autograd's here; --components writes it out"


class Answers:
    """The answers of one operator of one Function, at whatever points.

    ``problem`` are those of the points so far; ``evaluation`` tells how their numbers came about.
    The time of the budget begins when this is made.
    """

    def __init__(self, operator: Operator, function: Function, settings: Settings) -> None:
        self._operator, self._function, self._settings = operator, function, settings
        self._budget = Budget(settings.budget)
        self.problems: dict[tuple[Shape, ...], Problem] = {}
        self.evaluation = Evaluation(operator, function, settings)

    def problem(self, shapes: Mapping[str, Shape]) -> Problem:
        """Return what is the same for all points of these shapes."""
        key = tuple(shapes.values())
        if key not in self.problems:
            self.problems[key] = problem_of(
                self._operator, self._function, shapes, self._settings, self._budget.deadline
            )
        return self.problems[key]

    def at(self, points: Sequence[Point]) -> list[Result]:
        """Return the answer at each point, of many from one evaluation."""
        if len(points) <= MOST_SINGLE:
            return [self._result(point) for point in points]
        return self._of_many(points) or self._one_by_one(points)

    def _of_many(self, points: Sequence[Point]) -> list[Result] | None:
        """Return the answers from one evaluation; None where one by one they are quicker."""
        whole, settings, operator = together(points), self._settings, self._operator
        if whole is None or self._function.has_tensors or "autograd" not in settings.engines:
            return None
        from diffcli.differentiation.numbers.positions import EachPosition, Positions

        problem = self.problem(dict.fromkeys(whole.values, ()))
        is_sparse = isinstance(operator, Matrix) and operator.sparse
        if problem.scalars.function is None or is_sparse:
            return None
        if problem.order > MAX_NESTED_ORDER and not operator.element_by_element:
            return None
        positions = EachPosition(Positions(whole, dtype=settings.dtype, seed=settings.seed))
        columns, checked = self._checked_columns(problem, positions)
        rows = checked.of_points(columns.numbers)
        count = sum(map(all, rows.values()))
        return [
            columns.result(position, rows.get(position, ()), count)
            for position in range(len(points))
        ]

    def of_columns(
        self, points: EachPosition, vectors: Array | None = None
    ) -> tuple[Numbers, list[Result]]:
        """Return the numbers at many points of numbers, and the answers at those examined.

        With ``vectors`` the weights of the operator's vector at each point are its rows.
        """
        settings, shapes = self._settings, dict.fromkeys(self._function.variables, ())
        deadline = self._budget.deadline
        problem = problem_of(
            self._operator, self._function, shapes, settings, deadline, of_many=True
        )
        if vectors is not None:
            unwritten = Formula(reason="the vector isn't the same at every point")
            problem = replace(problem, formulas=dict.fromkeys(problem.formulas, unwritten))
        self.problems[tuple(shapes.values())] = problem
        columns, checked = self._checked_columns(problem, points, vectors)
        return checked.corrected(columns.numbers), columns.examined(checked)

    def _checked_columns(
        self, problem: Problem, points: EachPosition, vectors: Array | None = None
    ) -> tuple[PointColumns, Checked]:
        """Return the numbers at many points, and checks of the suspects and of a sample."""
        with self._budget.pause():
            self.evaluation.prepare()
        columns = columns_of(
            problem, points, self._settings, self.evaluation, self._budget, vectors
        )
        from diffcli.differentiation.checks.selection import sample

        chosen = sample(points.size, self._settings.seed)
        order = [position for position in chosen if position not in columns.suspected]
        if not self._budget.is_spent:
            order = [*columns.suspects, *order]
        if not order or not self._settings.proves:
            return columns, Checked()
        checker = self._checker(problem, points, suspects=order, vectors=vectors)
        return columns, checker.checked(columns.numbers)

    def _one_by_one(self, points: Sequence[Point]) -> list[Result]:
        results = []
        with self._settings.progress(self._operator.name, len(points)) as watch:
            for done, point in enumerate(points, 1):
                results.append(self._result(point))
                watch(done)
        return results

    def _result(self, point: Point) -> Result:
        numbers = {name: value for name, value in point.values.items() if isinstance(value, Node)}
        if "autograd" in self._settings.engines or len(numbers) < len(point.values):
            return self._of_arrays(point)
        return self._of_numbers(point, numbers)

    def _of_numbers(self, point: Point, numbers: Mapping[str, Node]) -> Result:
        """Return what is proved at a point of numbers alone, which takes neither arrays nor torch.

        A formula of tensors, and a vector, are arrays still.
        """
        from diffcli.differentiation.numbers.positions import SinglePoint

        problem = self.problem(dict.fromkeys(numbers, ()))
        if problem.scalars.function is not self._function:
            return self._of_arrays(point)
        single = SinglePoint.of_numbers(numbers, self._settings.dtype)
        checker = self._checker(problem, single)
        return self._assembled(
            problem, point, single.dyadic(0), problem.formulas, None, single, checker
        )

    def _of_arrays(self, point: Point) -> Result:
        from diffcli.differentiation.checks.selection import agree
        from diffcli.differentiation.numbers.positions import Positions
        from diffcli.engines.coordinates import arrays_of, by_component

        settings = self._settings
        arrays = arrays_of(point, dtype=settings.dtype, seed=settings.seed)
        by_shape = numbers_by_shape(
            self._operator, self._function, point, arrays, settings, self._budget
        )
        if by_shape is not None:
            result, told = by_shape
            self.evaluation.told[told] = None
            return result
        with self._budget.pause():
            _ = self._function.nodes  # rows that repeat are written out: that is no proof yet
        problem = self.problem({name: array.shape for name, array in arrays.items()})
        if problem.scalars.function is None:
            return self._large(problem, point, arrays)
        takes_part = "autograd" in settings.engines
        with self._budget.pause():
            numbers = self.evaluation.numbers(problem, arrays) if takes_part else None
        closed = self.evaluation.closed(problem, arrays)
        formulas = problem.formulas
        if numbers and closed and not agree(numbers, closed, settings.dtype):
            if self._holds_elsewhere(closed.form):
                self.evaluation.remarks[closed.form.where] = None
            else:
                formulas = {"f": Formula(reason=NO_AGREEMENT)}
        typed = point if problem.element_by_element else by_component(point, arrays)
        positions = Positions(typed, dtype=settings.dtype, seed=settings.seed)
        inputs = {name: array.tolist() for name, array in arrays.items()}
        relative = relative_error(self._function, arrays, settings) if takes_part else 0.0
        suspects = self._suspects(problem, arrays, numbers)
        checker = self._checker(problem, positions, relative, suspects)
        return self._assembled(problem, point, inputs, formulas, numbers, positions, checker)

    def _holds_elsewhere(self, form: ClosedForm) -> bool:
        """Whether formulas that have other numbers than autograd at a kink hold beside kinks."""
        if not form.where:
            return False
        from diffcli.differentiation.forms.agreement import agreement

        with self._budget.pause():
            agreed = agreement(self._operator, self._function, form, self._settings)
        return agreed is not None and agreed.points > 0

    def _assembled(
        self,
        problem: Problem,
        point: Point,
        inputs: Mapping[str, Any],
        formulas: Mapping[str, Formula],
        numbers: Numbers | None,
        points: Places,
        checker: Checker,
    ) -> Result:
        """Return the answer, its numbers checked."""
        return result_of(
            problem,
            inputs,
            numbers,
            checker.checked(numbers),
            formulas,
            outputs=[points.shape] * len(problem.scalars.outputs)
            if problem.element_by_element
            else None,
            typed=exact_text(point, self._settings),
            analysis=lambda derivative: analysis(
                problem,
                partial(points.typed, 0),
                derivative,
                self._settings,
                self._budget.deadline,
            ),
        )

    def _large(self, problem: Problem, point: Point, arrays: Mapping[str, Array]) -> Result:
        """Return the answer of which a sample is checked."""
        from diffcli.differentiation.checks.selection import agree
        from diffcli.differentiation.numbers.arrays import Numbers
        from diffcli.engines.autograd import to_array

        operator, settings = self._operator, self._settings
        if "autograd" not in settings.engines:
            reason = problem.reason or "a sparse matrix takes autograd"
            raise LimitError(reason, hint="with autograd among the --engines")
        with self._budget.pause():
            import_module("diffcli.differentiation.checks.samples")
            evaluation, vector = self.evaluation.at(problem, arrays)
            values = [to_array(output) for output in evaluation.outputs]
            sparse = operator if isinstance(operator, Matrix) and operator.sparse else None
            matrix = sparse.triplets(evaluation) if sparse else None
            blocks = []
            if not sparse:
                whole = [*evaluation.variables] == [*arrays]
                quick = whole and product(
                    operator, self._function, evaluation.variables, vector, settings
                )
                blocks = [to_array(block) for block in quick or operator.torch(evaluation, vector)]
            closed = self.evaluation.closed(problem, arrays)
            relative = relative_error(self._function, arrays, settings)
            if closed is not None and not agree(Numbers(values, blocks), closed, settings.dtype):
                closed = None
        large = Large(
            problem,
            point,
            arrays,
            values,
            settings,
            self._budget,
            closed=closed.flat if closed else None,
            formulas=closed.form.formulas if closed else {},
            relative=relative,
        )
        return large.sparse(sparse, matrix) if sparse and matrix else large.whole(blocks)

    def _suspects(
        self, problem: Problem, arrays: Mapping[str, Array], numbers: Numbers | None
    ) -> list[int]:
        """Return the suspects among the positions of vectors that stand for many points."""
        if not problem.element_by_element or numbers is None or not self._settings.proves:
            return []
        from diffcli.differentiation.checks.selection import suspects

        evaluate = partial(self.evaluation.numbers, problem)
        return suspects(
            self._function, arrays, numbers, self._settings, evaluate=evaluate
        ).positions()

    def _checker(
        self,
        problem: Problem,
        points: Places,
        relative: float = 0.0,
        suspects: Sequence[int] = (),
        vectors: Array | None = None,
    ) -> Checker:
        from diffcli.differentiation.checks.checker import Checker
        from diffcli.differentiation.checks.examination import symbolic_values

        settings = self._settings
        return Checker(
            problem.scalars.function or self._function,
            problem.entries,
            points,
            symbolic=symbolic_values(problem.symbolic, self._budget.deadline),
            enclosure="enclosure" in settings.engines,
            digits=settings.digits,
            dtype=settings.dtype,
            deadline=self._budget.deadline,
            seed=settings.seed,
            relative=relative,
            suspects=suspects,
            vectors=vectors,
        )
