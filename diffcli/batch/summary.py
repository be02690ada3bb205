"""What a run did, in words and as JSON."""

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
    results: Results, tally: Tally, found: Counter[Verdict], unfit: Mapping[Path, DiffcliError]
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
        "sampled": found.total(),
        "verdict": worst(found).value if found else None,
        "verdicts": {verdict.value: found[verdict] for verdict in Verdict if found[verdict]},
        "unfit": {str(path): str(error) for path, error in unfit.items()},
    }


def lines(tally: Tally, found: Counter[Verdict]) -> Iterator[str]:
    """Yield what was done, a line each: the rows, those without a result, the verdicts."""
    yield f"{_rows(tally.rows)} written"
    if tally.missing:
        yield f"{_rows(tally.missing)} without a result: a number is missing or unreadable"
    if tally.surplus:
        yield f"{tally.surplus:,} of them: more cells than the header, whose surplus isn't written"
    if tally.undefined:
        yield f"{_rows(tally.undefined)} without some number: outside the domain, or too large"
    if found:
        listed = ", ".join(
            f"{found[each]} {each.words}" for each in reversed(list(Verdict)) if found[each]
        )
        yield f"{_rows(found.total())} of them verified at random: {listed}"


def exit_code(tally: Tally, found: Counter[Verdict]) -> int:
    """Return 5 where the engines disagree, 4 where no row has a result, else 0."""
    if found[Verdict.DISAGREES]:
        return 5
    return 4 if tally.rows and tally.missing + tally.undefined == tally.rows else 0


def _rows(count: int) -> str:
    return f"{count:,} row{'' if count == 1 else 's'}"
