"""The formulas of implicit derivatives: −Fₓ/F_y, differentiated along the curve again and again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from sympy import Expr, S

from diffcli.clock import now
from diffcli.engines.symbolic import differentiable, symbol
from diffcli.engines.terms.chain import Differentiator
from diffcli.engines.terms.dag import TermTable
from diffcli.engines.terms.formulas import readable
from diffcli.engines.terms.numeric import evaluate
from diffcli.engines.terms.spelling import spelling_of
from diffcli.language.formula import Formula
from diffcli.language.function import Function


@dataclass(frozen=True)
class Unknowns:
    """Which variables depend on which: as many ``of`` as there are equations, each on ``wrt``."""

    of: tuple[str, ...]
    wrt: tuple[str, ...]
    are_chosen: bool = False
    """Whether the program chose which depend, as nobody said it."""

    @property
    def choice(self) -> tuple[str, ...]:
        """The note on a choice of formula, if there was one."""
        if not self.are_chosen:
            return ()
        taken = "are taken as functions" if len(self.of) > 1 else "is taken as a function"
        of, wrt = ", ".join(self.of), ", ".join(self.wrt)
        return (f"{of} {taken} of {wrt}; --of and --wrt choose otherwise",)


class Slopes:
    """The derivatives along the curve as sympy terms, each made once.

    ``function`` has an output for each equation; ``budget`` is in seconds.
    """

    def __init__(self, function: Function, unknowns: Unknowns, budget: float) -> None:
        self._function, self._unknowns = function, unknowns
        self._differentiator = Differentiator(TermTable(now() + budget))
        self._slopes: dict[tuple[str, str, int], Any] = {}

    @property
    def _terms(self) -> TermTable:
        return self._differentiator.terms

    @cached_property
    def _outputs(self) -> tuple[Expr, ...]:
        return differentiable(self._function, self._terms)

    def formula(self, of: str, wrt: str, order: int) -> Formula:
        """Return a derivative as text. Raises LimitError where it swells."""
        spelling = spelling_of(self._function)
        return readable(self._term(of, wrt, order), self._terms.deadline, spelling)

    def value(
        self, of: str, wrt: str, order: int, point: Mapping[str, float], deadline: float
    ) -> float | None:
        """Return a derivative's value at a point, where it has one. Raises LimitError."""
        values = evaluate([self._term(of, wrt, order)], point, deadline=deadline)
        return None if values.number is None else float(values.number)

    def _term(self, of: str, wrt: str, order: int) -> Any:
        """Return a derivative as a sympy term. Raises LimitError where it swells."""
        key = of, wrt, order
        if key not in self._slopes:
            if order == 1:
                for name, slope in zip(self._unknowns.of, self._solved(wrt), strict=True):
                    self._slopes[name, wrt, 1] = slope
            else:
                self._slopes[key] = self._along(self._term(of, wrt, order - 1), wrt)
        return self._slopes[key]

    def _along(self, term: Any, wrt: str) -> Any:
        """Return a term's derivative along the curve."""
        terms, partial = self._terms, self._differentiator.partial
        of = self._unknowns.of
        moved = [terms.mul(partial(term, [symbol(y)]), self._term(y, wrt, 1)) for y in of]
        return terms.add(partial(term, [symbol(wrt)]), *moved)

    def _solved(self, wrt: str) -> list[Any]:
        """Return the first derivatives by Cramer's rule."""
        terms, partial = self._terms, self._differentiator.partial
        matrix = [[partial(f, [symbol(of)]) for of in self._unknowns.of] for f in self._outputs]
        right = [terms.mul(S.NegativeOne, partial(f, [symbol(wrt)])) for f in self._outputs]
        below = terms.power(_determinant(terms, matrix), S.NegativeOne)
        solution = []
        for index in range(len(matrix)):
            swapped = [
                [*row[:index], b, *row[index + 1 :]] for row, b in zip(matrix, right, strict=True)
            ]
            solution.append(terms.mul(_determinant(terms, swapped), below))
        return solution


def _determinant(terms: TermTable, matrix: Sequence[Sequence[Any]]) -> Any:
    """Return a determinant by Laplace's expansion in the first row."""
    if not matrix:
        return S.One
    minors = []
    for index, entry in enumerate(matrix[0]):
        if entry is not S.Zero:
            minor = [[*row[:index], *row[index + 1 :]] for row in matrix[1:]]
            sign = S.NegativeOne if index % 2 else S.One
            minors.append(terms.mul(sign, entry, _determinant(terms, minor)))
    return terms.add(*minors)
