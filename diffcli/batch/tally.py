"""What a run has done so far: all that it needs to go on, and to tell at its end."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from math import isnan
from typing import Any

from diffcli.batch.results import Evaluated, without_number

SAMPLE = 64
"""Rows that the engines verify: all of a file of no more."""

Row = tuple[float | None, ...]


@dataclass(frozen=True)
class Tally:
    """Counts of rows, how far the input was read, and a random sample of the rows.

    ``missing`` rows lack a number that the formula needs; ``undefined`` ones lack a result;
    ``kinks`` stand at a kink, a jump or an edge.
    ``missing`` includes the ``surplus`` rows, which have more cells than the header. ``types`` are
    the columns that pass through, as the first chunk had them. A row of ``sample`` holds a random
    key, the variables, the values and the results.
    """

    chunks: int = 0
    rows: int = 0
    missing: int = 0
    surplus: int = 0
    undefined: int = 0
    kinks: int = 0
    end: int = 0
    types: Mapping[str, str | None] = field(default_factory=dict)
    sample: Sequence[Row] = ()

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Tally:
        """Return what :attr:`document` came from."""
        return cls(**{**document, "sample": tuple(map(tuple, document["sample"]))})

    @property
    def document(self) -> dict[str, Any]:
        """All of it, as JSON's own types."""
        return asdict(self)

    def plus(self, found: Evaluated, seed: int) -> Tally:
        """Return the tally with one more chunk."""
        import numpy as np

        chunk, missing = found.chunk, int(found.missing.sum())
        lacking = without_number(found.columns.values(), chunk.rows) & ~found.missing
        # If every row had a random key, the rows of the smallest would be a sample of all rows,
        # however they are cut. The smallest of n keys are sums of waiting times: Devroye,
        # Non-Uniform Random Variate Generation, V.3.
        present = chunk.rows - missing
        count = min(SAMPLE, present)
        random = np.random.default_rng([seed, self.chunks])
        waits = random.exponential(size=count).cumsum()
        keys = waits / (waits[-1:] + random.gamma(present - count + 1))
        chosen = random.choice(present, count, replace=False, shuffle=True)
        if missing:
            chosen = np.flatnonzero(~found.missing)[chosen]
        columns = [*chunk.numbers.values(), *found.values, *found.columns.values()]
        rows = np.array([keys, *(column[chosen] for column in columns)]).T.tolist()
        drawn = [tuple(None if isnan(each) else each for each in row) for row in rows]
        return replace(
            self,
            chunks=self.chunks + 1,
            rows=self.rows + chunk.rows,
            missing=self.missing + missing,
            surplus=self.surplus + len(chunk.surplus),
            undefined=self.undefined + int(lacking.sum()),
            kinks=self.kinks + found.kinks,
            end=chunk.end,
            sample=_sampled([*self.sample, *drawn]),
        )

    def joined(self, others: Iterable[Tally]) -> Tally:
        """Return what several runs did, without where they are."""
        all_of_them = [self, *others]
        return Tally(
            rows=sum(each.rows for each in all_of_them),
            missing=sum(each.missing for each in all_of_them),
            surplus=sum(each.surplus for each in all_of_them),
            undefined=sum(each.undefined for each in all_of_them),
            kinks=sum(each.kinks for each in all_of_them),
            sample=_sampled([row for each in all_of_them for row in each.sample]),
        )


def _sampled(rows: Iterable[Row]) -> Sequence[Row]:
    return tuple(sorted(rows, key=lambda row: row[0] or 0.0)[:SAMPLE])
