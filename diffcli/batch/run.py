"""A file of rows → the same rows with derivatives: read, evaluate, write, chunk by chunk.

Reading, evaluating and writing overlap, a thread each; the rows keep their order.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from hashlib import sha256
from itertools import islice
from pathlib import Path

from diffcli._version import __version__
from diffcli.batch.journal import Part, part_of
from diffcli.batch.results import Evaluated, Results
from diffcli.batch.tally import SAMPLE, Tally
from diffcli.batch.verifying import Verifier
from diffcli.errors import PointError
from diffcli.output.files import check_apart
from diffcli.rows.chunks import Buffer, Chunk, RecycledBuffers, Source, Wanted, ahead
from diffcli.rows.formats import open_reader, open_writer
from diffcli.rows.writing import types_of

HEAD = 1 << 16
"""Bytes of the input that tell it from another."""


@dataclass(frozen=True)
class Target:
    """The file that is written, or standard output (None), and its kind."""

    path: Path | None
    kind: str


@dataclass(frozen=True)
class Plan:
    """How a run evaluates and checks its rows.

    ``keep`` are the columns that pass through (None: all). With ``strict`` a row that lacks a
    number ends the run.
    """

    results: Results
    keep: Collection[str] | None = None
    strict: bool = False

    def identity(self, source: Path, kind: str) -> str:
        """Return what tells a run of this plan, on a file as it is now, from any other."""
        status, results = source.stat(), self.results
        with source.open("rb") as file:
            head = file.read(HEAD)
        settings = results.settings
        known = (
            __version__, results.function.text, results.function.definitions,
            results.function.variables, results.kinds, results.wrt,
            sorted(results.constants.items()),
            results.name, settings.dtype, settings.device, settings.compile, settings.seed,
            self.keep, self.strict, kind, status.st_size, status.st_mtime_ns, head,
        )  # fmt: skip
        return sha256(repr(known).encode()).hexdigest()


Watch = Callable[[Tally], None]
"""A callback for the tally after each chunk."""


def run(
    plan: Plan,
    source: Source,
    target: Target,
    watch: Watch,
    *,
    resume: bool = False,
    others: Tally | None = None,
) -> Tally:
    """Evaluate all rows of a file into another; return what was done.

    ``others`` is what was done of files that the sample is drawn from too.
    Raises UsageError, FileError and PointError; the target is then as it was.
    """
    if source.kind == "parquet":
        plan = replace(plan, results=replace(plan.results, rows=source.size))
    results = plan.results
    reader = open_reader(source, Wanted(results.variables, plan.keep, len(results.places)))
    with _part(plan, source, target, resume=resume) as part, ExitStack() as stages:
        chunks = stages.enter_context(ahead(reader.chunks(part.tally.end)))
        evaluated = stages.enter_context(
            ahead(_evaluated(plan, chunks, part.tally, others or Tally()))
        )
        encoded = stages.enter_context(ahead(_encoded(plan, target, evaluated, part.tally)))
        for begin, data, footer, tally in encoded:
            part.write(begin)
            part.add(data, footer, tally)
            watch(tally)
        part.write(open_writer(target.kind, part.tally.types, results.places).end(part.footers))
    return part.tally


def _evaluated(
    plan: Plan, chunks: Iterable[Chunk], tally: Tally, others: Tally
) -> Iterator[Evaluated]:
    import numpy as np

    from diffcli.differentiation.checks.selection import keys, smallest

    rows, drawn = tally.rows, np.concatenate([tally.keys, others.keys])
    memory = RecycledBuffers(plan.results.allocate)
    verifier = Verifier(plan.results)
    for chunk, is_all in _with_all(chunks, rows):
        plan.results.check(chunk.columns)
        evaluated = plan.results.of(chunk, memory.next(chunk.rows), rows)
        if plan.strict and evaluated.missing.any():
            raise _missing(evaluated, rows)
        if is_all:
            # So few rows are all looked at, and what is proved of each can be written.
            evaluated = replace(evaluated, difficult=~evaluated.missing)
        else:
            own = keys(rows, rows + chunk.rows, plan.results.settings.seed)
            evaluated = replace(evaluated, drawn=smallest(own, drawn) & ~evaluated.missing)
            drawn = np.sort(np.concatenate([drawn, own[evaluated.drawn]]))[:SAMPLE]
        rows += chunk.rows
        yield verifier.corrected(evaluated)


def _with_all(chunks: Iterable[Chunk], rows: int) -> Iterator[tuple[Chunk, bool]]:
    """Yield each chunk, and whether it is all of a file that has no more rows than a sample.

    ``rows`` were before them.
    """
    waiting = iter(chunks)
    for first in islice(waiting, 1):
        more = [] if rows or first.rows > SAMPLE else list(islice(waiting, 1))
        yield first, not rows and first.rows <= SAMPLE and not more
        yield from ((chunk, False) for chunk in more)
    yield from ((chunk, False) for chunk in waiting)


def _encoded(
    plan: Plan, target: Target, chunks: Iterable[Evaluated], tally: Tally
) -> Iterator[tuple[bytes, Buffer, bytes, Tally]]:
    """Yield what stands before each chunk, its bytes and footer, and the tally after it."""
    results, writer = plan.results, None
    for evaluated in chunks:
        types = tally.types if tally.chunks else types_of(evaluated.chunk)
        writer = writer or open_writer(target.kind, types, results.places)
        begin = b"" if tally.chunks else writer.begin()
        tally = replace(tally.plus(evaluated, results.settings.seed), types=types)
        yield begin, *writer.encode(evaluated.chunk, evaluated.columns), tally


class StandardOutput:
    """Standard output as a file of bytes, whatever stands in its place."""

    def write(self, data: Buffer) -> None:
        """Write whole lines of text."""
        sys.stdout.write(bytes(data).decode())

    def flush(self) -> None:
        """Pass them on."""
        sys.stdout.flush()


@contextmanager
def _part(plan: Plan, source: Source, target: Target, *, resume: bool) -> Iterator[Part]:
    """Give what is written to: a file beside the target, or a stream as it is."""
    if target.path is None:
        yield Part(StandardOutput())
        return
    if source.path:
        check_apart(source.path, target.path)
    name = plan.identity(source.path, target.kind) if source.path and source.path.is_file() else ""
    with part_of(target.path, name, resume=resume) as part:
        yield part


def _missing(evaluated: Evaluated, rows: int) -> PointError:
    """Return what to say of the first row that lacks a number."""
    import numpy as np

    row = int(np.argmax(evaluated.missing))
    if row in evaluated.chunk.surplus:
        return PointError(
            f"row {rows + row + 1:,} has more cells than the header", hint="quote cells with commas"
        )
    lacking = [name for name, column in evaluated.chunk.numbers.items() if np.isnan(column[row])]
    return PointError(
        f"row {rows + row + 1:,} has no finite number for {', '.join(lacking)}",
        hint="without --strict such a row has no result, and the others have theirs",
    )
