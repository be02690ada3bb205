"""A sample of a file's rows, held by the engines against what was written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING

from diffcli.batch.results import Place, Results
from diffcli.batch.tally import Row
from diffcli.clock import now
from diffcli.derivation import DIGITS
from diffcli.errors import LimitError
from diffcli.language.expression import Node, number
from diffcli.language.points import Point, Tensor
from diffcli.operators import Entry
from diffcli.verdict import Verdict, worst

if TYPE_CHECKING:
    from diffcli.derivation.checker import SymbolicValue


def verdicts(results: Results, sample: Sequence[Row]) -> Counter[Verdict]:
    """Count the verdicts of sampled rows, each the worst of its numbers, in the time allowed.

    A row is a random key, the variables, the formulas' values and the results. One row at least
    is verified, if there are any.
    """
    if not sample:
        return Counter()
    import numpy as np

    from diffcli.derivation.checker import Checker
    from diffcli.derivation.numbers import Numbers
    from diffcli.derivation.places import Positions

    function, settings = results.function, results.settings
    columns = np.array(sample, dtype=np.float64).T[1:]
    variables = dict(zip(results.variables, columns, strict=False))
    values, found = np.split(columns[len(variables) :], [len(function.outputs)])
    derivatives = {
        name: (place, numbers)
        for (name, place), numbers in zip(results.places.items(), found, strict=True)
        if place[1]
    }
    given = {
        name: np.full(len(sample), each) for name, each in results.constants.items()
    } | variables
    point = Point(
        {
            name: Tensor((len(sample),), tuple(map(_exact, given[name])))
            for name in function.variables
        }
    )
    deadline = now() + settings.budget
    checked = Checker(
        function,
        [Entry(name, *place) for name, (place, _) in derivatives.items()],
        Positions(point, dtype=settings.dtype, seed=settings.seed),
        symbolic=_symbolic(results, deadline),
        enclosure="enclosure" in settings.engines,
        digits=DIGITS,
        dtype=settings.dtype,
        deadline=deadline,
        seed=settings.seed,
    ).checked(Numbers(list(values), [numbers for _, numbers in derivatives.values()]))
    rows = zip(*checked.values, *checked.entries, strict=True)
    known = [[check.verdict for check in row if check] for row in rows]
    return Counter(worst(row) for row in known if row)


def _symbolic(results: Results, deadline: float) -> SymbolicValue:
    """Return how the symbolic engine gives a partial's value, where it takes part and has one."""
    settings = results.settings
    if "symbolic" not in settings.engines:
        return lambda _place, _at: None
    from diffcli.engines.remote import Partials

    partials = Partials(results.function, deadline - settings.budget / 2)

    def value(place: Place, at: Mapping[str, float]) -> float | None:
        try:
            return partials.number(at, place[1], place[0], deadline)
        except LimitError:
            return None

    return value


def _exact(value: float) -> Node:
    return number(Fraction(value))
