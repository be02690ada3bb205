"""Verdicts on a file's rows: on the difficult ones, and on a random sample.

They are looked at before their chunk is written, so that the numbers that are proved are those that
are written. Of a file whose length isn't known yet, every row is that may be the sample's.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from math import isfinite, nan
from typing import TYPE_CHECKING

from diffcli.batch.results import Evaluated, Results
from diffcli.batch.tally import Row, Tally
from diffcli.clock import now
from diffcli.differentiation import DIGITS
from diffcli.language.expression import number
from diffcli.language.points import Point, Tensor
from diffcli.operators import Entry
from diffcli.verdict import Check, Verdict, worst

if TYPE_CHECKING:
    from diffcli.engines.remote import Partials
    from diffcli.rows.chunks import Array

AT_ONCE = 16
"""Rows that are looked at between two looks at the clock."""


class Verifier:
    """Holds rows against the engines, for as many seconds as the budget has.

    One row at least is looked at, if there are any.
    """

    def __init__(self, results: Results) -> None:
        self._results = results
        self._left = results.settings.budget
        self._has_begun = False
        self._derivatives = {
            name: partial for name, partial in results.places.items() if partial[1]
        }

    def corrected(self, evaluated: Evaluated) -> Evaluated:
        """Return a chunk with what is proved of its difficult and its drawn rows.

        Those at a kink come first. A difficult row that the time doesn't suffice for is
        ``unverified``, also where torch gives no value, and keeps its numbers.
        """
        import numpy as np

        if not self._results.settings.proves:
            return evaluated
        exists = ~np.any([np.isnan(value) for value in evaluated.values], axis=0)
        drawn = evaluated.drawn & ~evaluated.difficult
        groups = (evaluated.difficult & exists, evaluated.difficult & ~exists, drawn)
        order = np.concatenate([np.flatnonzero(group) for group in groups])
        known: dict[int, Verdict] = {}
        verdicts: Counter[str] = Counter()
        columns, lacking, done = dict(evaluated.columns), evaluated.lacking.copy(), 0
        while done < len(order) and (self._left > 0 or not self._has_begun):
            positions = order[done : done + AT_ONCE]
            checks = self._checks(self._rows(evaluated, positions))
            for position, row in zip(positions, checks, strict=True):
                if row is None:
                    break
                done += 1
                verdict = worst(check.verdict for check in row.values())
                if drawn[position]:
                    known[int(position)] = verdict
                else:
                    verdicts[verdict.value] += 1
                lacking[position] = any(check.value is None for check in row.values())
                _correct(columns, evaluated.columns, int(position), row)
            else:
                continue
            break
        rest = order[done : len(order) - drawn.sum()]
        verdicts[Verdict.UNVERIFIED.value] += len(rest)
        return replace(
            evaluated,
            columns=columns,
            lacking=lacking,
            verdicts=+verdicts,
            unlooked=len(rest),
            known=known,
        )

    def of_sample(self, rows: Sequence[Row]) -> Counter[Verdict]:
        """Count the verdicts of sampled rows, each the worst of its numbers."""
        import numpy as np

        counts: Counter[Verdict] = Counter()
        if not rows:
            return counts
        table = np.array(rows, dtype=np.float64)[:, 2:]
        for row in self._checks(table):
            if row is not None:
                counts[worst(check.verdict for check in row.values())] += 1
        return counts

    def _rows(self, evaluated: Evaluated, positions: Array) -> Array:
        """Return a row's variables, values and derivatives for each place of a chunk."""
        import numpy as np

        return np.array([column[positions] for column in cells(self._results, evaluated)]).T

    def _checks(self, table: Array) -> list[dict[str, Check] | None]:
        """Return the checks of each row by column; None of what the time didn't suffice for."""
        import numpy as np

        from diffcli.differentiation.checks.checker import Checker
        from diffcli.differentiation.checks.examination import symbolic_values
        from diffcli.differentiation.numbers.arrays import Numbers
        from diffcli.differentiation.numbers.positions import Positions

        begun = now()
        results, settings = self._results, self._results.settings
        function, rows = results.function, table.T
        variables = dict(zip(results.variables, rows, strict=False))
        values, derivatives = np.split(rows[len(variables) :], [len(function.outputs)])
        named = dict(zip(results.places, derivatives, strict=True))
        given = {
            name: np.full(len(table), constant) for name, constant in results.constants.items()
        } | variables
        point = Point(
            {
                name: Tensor((len(table),), tuple(map(number, given[name])))
                for name in function.variables
            }
        )
        numbers = Numbers(list(values), [named[name] for name in self._derivatives])
        checked = Checker(
            function,
            [Entry.partial(name, *partial) for name, partial in self._derivatives.items()],
            Positions(point, dtype=settings.dtype, seed=settings.seed),
            symbolic=symbolic_values(self._partials, begun + max(self._left, 0.0)),
            enclosure="enclosure" in settings.engines,
            digits=DIGITS,
            dtype=settings.dtype,
            deadline=begun + self._left,
            seed=settings.seed,
            suspects=range(len(table)),
        ).checked(numbers)
        self._has_begun = True
        self._left -= now() - begun
        outputs = {output: name for name, (output, wrt) in results.places.items() if not wrt}
        names = [outputs.get(output, f"f{output + 1}") for output in range(len(values))]
        labels = [*names, *self._derivatives]
        checks = checked.of_points(numbers)
        return [self._known(labels, checks.get(row, ())) for row in range(len(table))]

    def _known(self, names: Sequence[str], row: Sequence[Check | None]) -> dict[str, Check] | None:
        known = {name: check for name, check in zip(names, row, strict=False) if check}
        return known if len(known) == len(names) else None

    @cached_property
    def _partials(self) -> Partials | None:
        """The symbolic derivatives, where that engine takes part."""
        if "symbolic" not in self._results.settings.engines:
            return None
        from diffcli.engines.remote import Partials

        return Partials(self._results.function, now() + self._left / 2)


def verdicts(results: Results, tally: Tally) -> Counter[Verdict]:
    """Count the verdicts of the difficult rows and of the sample."""
    counts = Counter({Verdict(name): count for name, count in tally.verdicts.items()})
    counts += Counter(tally.known)
    others = Verifier(results).of_sample(tally.others)
    # Their numbers are written already, with the digits that autograd lost.
    others[Verdict.UNVERIFIED] += others.pop(Verdict.INEXACT, 0)
    return counts + others


def _correct(
    columns: dict[str, Array],
    original: Mapping[str, Array],
    position: int,
    row: Mapping[str, Check],
) -> None:
    """Write the numbers that stand into a row, copying a column before its first change."""
    for name in columns.keys() & row.keys():
        stands = row[name].value
        value = nan if stands is None else stands
        if not _same(columns[name][position], value):
            if columns[name] is original[name]:
                columns[name] = original[name].copy()
            columns[name][position] = value


def _same(written: float, value: float) -> bool:
    return written == value or not (isfinite(written) or isfinite(value))


def cells(results: Results, evaluated: Evaluated) -> Iterator[Array]:
    """Yield the columns of a chunk: the variables, the formulas' values and the results."""
    yield from (evaluated.chunk.numbers[name] for name in results.variables)
    yield from evaluated.values
    yield from evaluated.columns.values()
