"""The summary of a run, in words and as JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from diffcli.batch.results import Results
from diffcli.batch.tally import Tally
from diffcli.errors import DiffcliError
from diffcli.output.report import SCHEMA
from diffcli.verdict import Verdict, worst


def document(
    results: Results, tally: Tally, verdicts: Counter[Verdict], unfit: Mapping[Path, DiffcliError]
) -> dict[str, Any]:
    """Return what was done as JSON's own types; ``unfit`` are the files that couldn't be read."""
    function = results.function
    several = len(function.text) > 1
    return {
        "schema": SCHEMA,
        "command": "batch",
        "expression": list(function.text) if several else "".join(function.text),
        "read_as": function.read_as,
        "variables": list(function.variables),
        "dtype": results.settings.dtype,
        "device": results.settings.device,
        "columns": list(results.places),
        "rows": tally.rows,
        "missing": tally.missing,
        "surplus": tally.surplus,
        "undefined": tally.undefined,
        "kinks": tally.kinks,
        "unlooked": tally.unlooked,
        "sampled": sampled(tally, verdicts),
        "verdict": verdict.value if (verdict := verdict_of(tally, verdicts)) else None,
        "verdicts": {verdict.value: verdicts[verdict] for verdict in Verdict if verdicts[verdict]},
        "unfit": {str(path): str(error) for path, error in unfit.items()},
    }


def sampled(tally: Tally, verdicts: Counter[Verdict]) -> str | None:
    """Return how many rows were verified, of how many; None where all or none were."""
    count, rows = verdicts.total() - tally.unlooked, tally.rows - tally.missing
    return f"{count} of {rows} rows" if 0 < count < rows else None


def verdict_of(tally: Tally, verdicts: Counter[Verdict]) -> Verdict | None:
    """Return the verdict of all rows; that of a sample is ``agrees`` at best.

    The rows at a kink or without a result that the time didn't suffice for are in ``found``.
    """
    if not verdicts:
        return None
    return worst(verdicts if sampled(tally, verdicts) is None else [*verdicts, Verdict.AGREES])


def lines(tally: Tally, verdicts: Counter[Verdict]) -> Iterator[str]:
    """Yield what was done, a line each: the rows, those without a result, the verdicts."""
    yield f"{_rows(tally.rows)} written"
    if tally.missing:
        yield f"{_rows(tally.missing)} without a result: a number is missing or unreadable"
    if tally.surplus:
        yield f"{tally.surplus:,} of them: more cells than the header, whose surplus isn't written"
    if tally.undefined:
        yield f"{_rows(tally.undefined)} without some number: outside the domain, or too large"
    if tally.kinks:
        yield f"{_rows(tally.kinks)} at a kink, a jump or an edge"
    if tally.unlooked:
        rows = _rows(tally.unlooked)
        yield f"{rows} where something may happen were not looked at: raise --check-budget"
    if verdicts:
        looked_at = verdicts - Counter({Verdict.UNVERIFIED: tally.unlooked})
        listed = ", ".join(
            f"{looked_at[verdict]} {verdict.words}"
            for verdict in reversed(list(Verdict))
            if looked_at[verdict]
        )
        yield f"{_rows(verdicts.total() - tally.unlooked)} of them verified: {listed}"


def exit_code(tally: Tally, verdicts: Counter[Verdict]) -> int:
    """Return 5 where the engines disagree, 4 where no row has a result, else 0."""
    if verdicts[Verdict.DISAGREES]:
        return 5
    return 4 if tally.rows and tally.missing + tally.undefined == tally.rows else 0


def _rows(count: int) -> str:
    return f"{count:,} row{'' if count == 1 else 's'}"
