"""``diffcli functions``: the table of functions, as a person or a program reads it."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from typing import Annotated

from typer import Argument, Option

from diffcli.cli.options import Json, as_typed
from diffcli.cli.watchdog import limit_time
from diffcli.errors import UsageError
from diffcli.language.catalogue import Entry, entries, named, names
from diffcli.options import TIMEOUT

EXAMPLES = "diffcli functions\ndiffcli functions sin\ndiffcli functions integrate"


def functions(
    name: Annotated[
        str | None, Argument(help="Function to describe in detail.", show_default=False)
    ] = None,
    *,
    accuracy: Annotated[
        bool, Option("--accuracy", help="Show the measured error of every function's numbers.")
    ] = False,
    json_: Json = False,
    timeout: Annotated[float | None, as_typed(TIMEOUT)] = None,
) -> int:
    """List the functions that a formula may use."""
    if timeout is not None:
        limit_time(timeout)
    shown = entries() if name is None else _found(name)
    if json_:
        lines = iter([json.dumps([_record(entry) for entry in shown])])
    elif accuracy:
        lines = _accuracies(shown)
    else:
        lines = _listing(shown) if name is None else _details(shown)
    sys.stdout.write("\n".join(lines) + "\n")
    return 0


def _found(name: str) -> tuple[Entry, ...]:
    entries = named(name)
    if not entries:
        close = get_close_matches(name, names(), n=1)
        hint = f"did you mean {close[0]}?" if close else "diffcli functions lists them all"
        raise UsageError(f"no function {name!r}", hint=hint)
    return entries


def _listing(shown: Iterable[Entry]) -> Iterator[str]:
    width = max(len(entry.written) for entry in shown)
    for position, group in enumerate(dict.fromkeys(entry.group for entry in shown)):
        yield from ([""] if position else [])
        yield group
        for entry in (entry for entry in shown if entry.group == group):
            others = f"  (also {', '.join(entry.others)})" if entry.others else ""
            yield f"  {entry.written:{width}}  {entry.meaning}{others}"


def _accuracies(shown: Iterable[Entry]) -> Iterator[str]:
    """Yield the error over the largest term of the value and its first three derivatives."""
    for entry in shown:
        if entry.accuracy is not None:
            yield f"{entry.name:14}{entry.accuracy:.0e}"


def _details(shown: Iterable[Entry]) -> Iterator[str]:
    for entry in shown:
        yield f"{entry.written}: {entry.meaning}"
        facts = {"also": ", ".join(entry.others), **entry.facts}
        if entry.accuracy is not None:
            facts["accuracy"] = f"{entry.accuracy:.0e}"
        for title, fact in facts.items():
            if fact:
                yield f"  {title:9}{fact}"


def _record(entry: Entry) -> dict[str, object]:
    return {
        "name": entry.name,
        "written": entry.written,
        "aliases": entry.aliases,
        "group": entry.group,
        "meaning": entry.meaning,
        "arguments": entry.arguments,
        "facts": entry.facts,
        "accuracy": entry.accuracy,
    }
