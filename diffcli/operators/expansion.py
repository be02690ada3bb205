"""The Taylor polynomial: every partial up to an order, over the factorials."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import chain, combinations_with_replacement
from math import comb, factorial, prod
from typing import TYPE_CHECKING, Any, ClassVar

from diffcli.errors import LimitError
from diffcli.language.function import Function
from diffcli.layouts import ByVariable
from diffcli.operators.entries import Entry, Scalars, Shape, weighted
from diffcli.operators.operator import Operator

if TYPE_CHECKING:
    from torch import Tensor

    from diffcli.engines.autograd import Evaluation

MOST_COEFFICIENTS = 2000


@dataclass(frozen=True)
class Taylor(Operator):
    """The Taylor polynomial of one formula about a point, up to an order."""

    name: ClassVar[str] = "taylor"
    of_one_number: ClassVar[bool] = True
    has_formulas: ClassVar[bool] = False
    order: int = 5

    def check(self, scalars: Scalars) -> None:
        """Raise UsageError for several formulas, LimitError where there are too many terms."""
        super().check(scalars)
        count = comb(scalars.width + self.order, self.order)
        if count > MOST_COEFFICIENTS:
            raise LimitError(
                f"{count:,} coefficients of {scalars.width} variables up to order {self.order}",
                hint=f"at most {MOST_COEFFICIENTS:,}: take a lower order",
            )

    def entries(self, function: Function, vector: Sequence[float] = ()) -> tuple[Entry, ...]:
        """Return one coefficient for each monomial, the lowest degree first."""
        return tuple(
            weighted(
                monomial(wrt),
                _notation(wrt, function),
                [(Fraction(1, factorials(wrt)), 0, wrt)],
            )
            for wrt in indices(function.variables, self.order)
        )

    def torch(self, evaluation: Evaluation, vector: Sequence[Tensor]) -> Sequence[Tensor]:
        """Return the coefficients by Taylor arithmetic in all variables at once."""
        return evaluation.taylor(indices(evaluation.columns, self.order))

    def blocks(self, scalars: Scalars) -> Sequence[Shape]:
        """Return the shape of a number for each coefficient."""
        return [()] * comb(scalars.width + self.order, self.order)

    def layout(self, blocks: Sequence[Any], scalars: Scalars) -> Any:
        """Return each coefficient under its monomial in the distances from the point."""
        names = map(monomial, indices(scalars.columns, self.order))
        return ByVariable(zip(names, blocks, strict=True))


def indices(names: Sequence[str], order: int) -> list[tuple[str, ...]]:
    """Return the variables in which each coefficient's partial is taken, in turn."""
    degrees = range(order + 1)
    return list(chain.from_iterable(combinations_with_replacement(names, n) for n in degrees))


def monomial(wrt: Sequence[str]) -> str:
    """Return a monomial as text: ``1``, ``x**2*y``."""
    powers = Counter(wrt).items()
    return "*".join(name if n == 1 else f"{name}**{n}" for name, n in powers) or "1"


def factorials(wrt: Sequence[str]) -> int:
    """Return what a coefficient's partial is divided by."""
    return prod(map(factorial, Counter(wrt).values()))


def _notation(wrt: tuple[str, ...], function: Function) -> str:
    below = "·".join(f"{count}!" for count in Counter(wrt).values() if count > 1)
    above = Entry.partial("", 0, wrt).notation(function)
    if not below:
        return above
    return f"{above}/({below})" if "·" in below else f"{above}/{below}"
