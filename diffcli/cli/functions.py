"""``diffcli functions``: the table of functions, as a person or a program reads it."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from difflib import get_close_matches
from typing import Annotated

from typer import Argument, Option

from diffcli.cli.options import Json
from diffcli.errors import UsageError
from diffcli.language.functions import ANY, BY_NAME, Row

_NAMES = "xyabcdgh"


def functions(
    name: Annotated[
        str | None, Argument(help="One function, in detail.", show_default=False)
    ] = None,
    *,
    accuracy: Annotated[
        bool, Option("--accuracy", help="The measured error of the numbers, by function.")
    ] = False,
    json_: Json = False,
) -> int:
    """List the functions that a formula may use."""
    rows = list(dict.fromkeys(BY_NAME.values())) if name is None else [_found(name)]
    if json_:
        lines = iter([json.dumps([_record(row) for row in rows])])
    elif accuracy:
        lines = _accuracies(rows)
    else:
        lines = _listing(rows) if name is None else _detail(rows[0])
    sys.stdout.write("\n".join(lines) + "\n")
    return 0


def _found(name: str) -> Row:
    if name not in BY_NAME:
        close = get_close_matches(name, BY_NAME, n=1)
        hint = f"did you mean {close[0]}?" if close else "diffcli functions lists them all"
        raise UsageError(f"no function {name!r}", hint=hint)
    return BY_NAME[name]


def _listing(rows: list[Row]) -> Iterator[str]:
    written = {row: _written(row) for row in rows}
    width = max(map(len, written.values()))
    for place, group in enumerate(dict.fromkeys(row.group for row in rows)):
        yield from ([""] if place else [])
        yield group
        for row in (row for row in rows if row.group == group):
            aliases = f"  (also {', '.join(row.aliases)})" if row.aliases else ""
            yield f"  {written[row]:{width}}  {row.meaning}{aliases}"


def _accuracies(rows: list[Row]) -> Iterator[str]:
    """Yield the error over the largest term of the value and its first three derivatives."""
    for row in rows:
        if row.accuracy is not None:
            yield f"{row.name:14}{row.accuracy:.0e}"


def _detail(row: Row) -> Iterator[str]:
    yield f"{_written(row)}: {row.meaning}"
    facts = {
        "also": ", ".join(row.aliases),
        "left out": ", ".join(row.defaults),
        "domain": row.domain,
        "kinks": row.kinks,
        "jumps": row.jumps,
        "accuracy": "" if row.accuracy is None else f"{row.accuracy:.0e}",
    }
    for name, fact in facts.items():
        if fact:
            yield f"  {name:9}{fact}"


def _written(row: Row) -> str:
    least, most = row.arity
    names = ", ".join(_NAMES[: least if most == ANY else most])
    return f"{row.name}({names}{', …' if most == ANY else ''})"


def _record(row: Row) -> dict[str, object]:
    least, most = row.arity
    return {
        "name": row.name,
        "aliases": row.aliases,
        "group": row.group,
        "meaning": row.meaning,
        "arguments": [least - len(row.defaults), None if most == ANY else most],
        "defaults": row.defaults,
        "domain": row.domain,
        "kinks": row.kinks,
        "jumps": row.jumps,
        "accuracy": row.accuracy,
    }
