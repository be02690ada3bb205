"""The tally of a run: all that it needs to go on after a stop, and for its summary."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from math import isnan
from typing import TYPE_CHECKING, Any

from diffcli.batch.results import Evaluated
from diffcli.verdict import Verdict

if TYPE_CHECKING:
    from diffcli.differentiation.checks.selection import Keys

_VERDICTS, _FIRST = tuple(Verdict), 2
"""The verdicts as numbers, from 2 on."""

SAMPLE = 64
"""Rows that the engines verify: all of a file of no more."""

Row = tuple[float | None, ...]


@dataclass(frozen=True)
class Tally:
    """Counts of rows, how far the input was read, and a random sample of the rows.

    ``missing`` rows lack a number that the formula needs; ``undefined`` ones lack a result;
    ``kinks`` stand at a kink, a jump or an edge. ``verdicts`` are those of the rows that are looked
    at before they are written, and ``unlooked`` is for how many of them the time didn't suffice.
    ``missing`` includes the ``surplus`` rows, which have more cells than the header. ``types`` are
    the columns that pass through, as the first chunk had them. A row of ``sample`` holds a random
    key, whether it was looked at (0, 1 for a row whose verdict is among those, 2 and more for other
    verdicts), the variables, the values and the results.
    """

    chunks: int = 0
    rows: int = 0
    missing: int = 0
    surplus: int = 0
    undefined: int = 0
    kinks: int = 0
    unlooked: int = 0
    verdicts: Mapping[str, int] = field(default_factory=dict)
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

    def plus(self, evaluated: Evaluated, seed: int) -> Tally:
        """Return the tally with one more chunk."""
        import numpy as np

        from diffcli.differentiation.checks.selection import keys

        chunk = evaluated.chunk
        # Wherever the file is cut into chunks, the rows of the smallest keys are the same.
        random = keys(self.rows, self.rows + chunk.rows, seed)
        if len(self.sample) == SAMPLE:
            most = int((self.sample[-1][0] or 0.0) * 2.0**64)
            chosen = np.flatnonzero((random <= most) & ~evaluated.missing)
        else:
            chosen = np.flatnonzero(~evaluated.missing)
        if len(chosen) > SAMPLE:
            chosen = chosen[np.argpartition(random[chosen], SAMPLE)[:SAMPLE]]
        looked = evaluated.difficult.astype(float)
        for position, verdict in evaluated.known.items():
            looked[position] = _FIRST + _VERDICTS.index(verdict)
        columns = [looked, *chunk.numbers.values(), *evaluated.values, *evaluated.columns.values()]
        rows = np.array(
            [random[chosen] / 2.0**64, *(column[chosen] for column in columns)]
        ).T.tolist()
        drawn = [tuple(None if isnan(number) else number for number in row) for row in rows]
        return replace(
            self,
            chunks=self.chunks + 1,
            rows=self.rows + chunk.rows,
            missing=self.missing + int(evaluated.missing.sum()),
            surplus=self.surplus + len(chunk.surplus),
            undefined=self.undefined + int(evaluated.lacking.sum()),
            kinks=self.kinks + evaluated.kinks,
            unlooked=self.unlooked + evaluated.unlooked,
            verdicts=_summed([self.verdicts, evaluated.verdicts]),
            end=chunk.end,
            sample=_sampled([*self.sample, *drawn]),
        )

    @property
    def others(self) -> Sequence[Row]:
        """The rows of the sample that weren't looked at before they were written."""
        return [row for row in self.sample if not row[1]]

    @property
    def keys(self) -> Keys:
        """The random keys of the sample's rows."""
        import numpy as np

        return np.array(
            [min(int((row[0] or 0.0) * 2.0**64), 2**64 - 1) for row in self.sample], np.uint64
        )

    @property
    def known(self) -> Sequence[Verdict]:
        """The verdicts of the sample's rows that were looked at and aren't difficult."""
        codes = [int(row[1] or 0) for row in self.sample]
        return [_VERDICTS[code - _FIRST] for code in codes if code >= _FIRST]

    def joined(self, others: Iterable[Tally]) -> Tally:
        """Return what several runs did, without where they are."""
        all_of_them = [self, *others]
        return Tally(
            rows=sum(tally.rows for tally in all_of_them),
            missing=sum(tally.missing for tally in all_of_them),
            surplus=sum(tally.surplus for tally in all_of_them),
            undefined=sum(tally.undefined for tally in all_of_them),
            kinks=sum(tally.kinks for tally in all_of_them),
            unlooked=sum(tally.unlooked for tally in all_of_them),
            verdicts=_summed(tally.verdicts for tally in all_of_them),
            sample=_sampled([row for tally in all_of_them for row in tally.sample]),
        )


def _sampled(rows: Iterable[Row]) -> Sequence[Row]:
    return tuple(sorted(rows, key=lambda row: row[0] or 0.0)[:SAMPLE])


def _summed(counts: Iterable[Mapping[str, int]]) -> Mapping[str, int]:
    return dict(sum(map(Counter, counts), Counter()))
