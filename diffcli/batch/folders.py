"""A folder of files: each is a run of its own, here one after the other or on a Dask cluster.

Each file's rows go to the file of the same name in another folder, which appears when it is
complete: so a file that was begun twice, or whose worker died, is there once. A journal in that
folder notes what is finished.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

from diffcli.batch.run import Plan, Target, run
from diffcli.batch.tally import Tally
from diffcli.errors import DiffcliError, FileError, LimitError, UsageError
from diffcli.output.data import dump
from diffcli.output.files import open_own
from diffcli.rows.chunks import Source
from diffcli.rows.formats import kind_of, look

JOURNAL = ".diffcli.journal"
RETRIES = 2
"""Times a file is tried again when its worker failed; of workers that died Dask allows three."""
CONNECT = 10
"""Seconds until a scheduler answers."""

Run = tuple[Plan, Path, Path]
Unfit = Callable[[Path, DiffcliError], None]
"""A callback for a file that can't be evaluated, and the error."""


def files_of(folder: Path) -> list[Path]:
    """Return the files of rows in a folder, in order. Raises FileError where there are none."""
    files = sorted(
        path
        for path in folder.rglob("*")
        if kind_of(path) and path.is_file() and path.name[0] not in "._"
    )
    if not files:
        raise FileError(f"{folder} holds no parquet, csv or jsonl", hint="name a folder of them")
    return files


def look_at_first(files: Sequence[Path]) -> Source:
    """Return what the first of some files is that can be read. Raises UsageError if none can."""
    first: UsageError | None = None
    for path in files:
        try:
            return look(path, None)
        except UsageError as error:
            first = first or error
            _named(error, path)
    raise first or FileError("there is no file to read")


def _named(error: DiffcliError, path: Path) -> DiffcliError:
    """Return an error whose message names the file."""
    if str(path) not in error.message:
        error.message = f"{path}: {error.message}"
    return error


def run_folder(
    plan: Plan,
    source: Path,
    target: Path,
    watch: Callable[[Tally, int], None],
    *,
    dask: str | None = None,
    resume: bool = False,
    unfit: Unfit | None = None,
) -> Tally:
    """Evaluate each file of a folder into another folder; return what was done in all.

    ``dask`` is a scheduler's address, or ``local``; the workers need the same folders. ``watch``
    is told what is done, in how many files. A file that can't be evaluated is given to ``unfit``,
    and the journal stays for another run; without ``unfit`` it ends the run. With ``resume``,
    files that are finished stay.
    Raises UsageError, FileError, and LimitError where a file kills its workers.
    """
    pairs = {path: target / path.relative_to(source) for path in files_of(source)}
    target.mkdir(parents=True, exist_ok=True)
    journal = target / JOURNAL
    done = _finished(plan, pairs, journal) if resume else {}
    total = Tally().joined(done.values())
    waiting = [(plan, path, pairs[path]) for path in pairs if path not in done]
    is_complete = True

    def so_far() -> Tally:
        return total

    with os.fdopen(open_own(journal), "a", encoding="utf-8") as notes:
        notes.truncate(0)
        notes.writelines(_note(plan, path, tally) for path, tally in done.items())
        notes.flush()
        for count, (path, outcome) in enumerate(_runs(waiting, dask, so_far), len(done) + 1):
            if isinstance(outcome, Tally):
                notes.write(_note(plan, path, outcome))
                notes.flush()
                total = total.joined([outcome])
            elif unfit is None:
                raise outcome
            else:
                is_complete = False
                unfit(path, outcome)
            watch(total, count)
    if is_complete:
        journal.unlink()
    return total


def _identity(plan: Plan, path: Path) -> str:
    return plan.identity(path, str(kind_of(path)))


def _note(plan: Plan, path: Path, tally: Tally) -> str:
    identity = _identity(plan, path)
    return dump({"file": str(path), "identity": identity, "tally": tally.document}) + "\n"


def _finished(plan: Plan, pairs: Mapping[Path, Path], journal: Path) -> dict[Path, Tally]:
    """Return the files that were finished as this run would finish them."""
    tallies: dict[Path, Tally] = {}
    if not journal.exists():
        return tallies
    with os.fdopen(open_own(journal), "r", encoding="utf-8", errors="replace") as noted_before:
        lines = noted_before.read().splitlines()
    for line in lines:
        try:
            noted = json.loads(line)
            path, identity, tally = Path(noted["file"]), noted["identity"], Tally.of(noted["tally"])
        except (ValueError, KeyError, TypeError):
            break  # the run was ended while it wrote this
        is_there = path in pairs and pairs[path].exists()
        if is_there and identity == _identity(plan, path):
            tallies[path] = tally
    return tallies


def _runs(
    waiting: Sequence[Run], dask: str | None, done: Callable[[], Tally]
) -> Iterator[tuple[Path, Tally | DiffcliError]]:
    if dask is None:
        yield from (_run(job, done()) for job in waiting)
    elif waiting:
        with _client(dask) as client:
            yield from _shared(client, waiting)


def _run(job: Run, others: Tally | None = None) -> tuple[Path, Tally | DiffcliError]:
    plan, path, target = job
    target.parent.mkdir(parents=True, exist_ok=True)
    kind = str(kind_of(path))
    try:
        source = look(path, kind)
        return path, run(plan, source, Target(target, kind), lambda _: None, others=others)
    except DiffcliError as error:
        return path, _named(error, path)


def _shared(client: Any, waiting: Sequence[Run]) -> Iterator[tuple[Path, Tally | DiffcliError]]:
    """Yield what the workers finish, as they do."""
    dask = _dask()
    # A run is done for its file's sake, so that no earlier one stands for it.
    futures = client.map(_run, waiting, retries=RETRIES, pure=False)
    for future in dask.as_completed(futures):
        try:
            yield future.result()
        except dask.KilledWorker as error:
            raise LimitError(
                f"workers died again and again: {error}", hint="give them more memory"
            ) from None


@contextmanager
def _client(address: str) -> Iterator[Any]:
    """Give a client of the scheduler at an address, or of a cluster on this machine."""
    dask = _dask()
    if address == "local":
        quiet = {"dashboard_address": None, "silence_logs": "ERROR"}
        with dask.LocalCluster(threads_per_worker=1, **quiet) as here, dask.Client(here) as client:
            yield client
        return
    try:
        client = dask.Client(address, timeout=CONNECT)
    except (OSError, ValueError) as error:
        raise UsageError(
            f"no Dask scheduler answers at {address}", hint="an address is tcp://host:8786"
        ) from error
    with client:
        yield client


def _dask() -> Any:
    try:
        return import_module("distributed")
    except ImportError as error:
        raise FileError("--dask needs dask", hint="pip install 'diffcli[distributed]'") from error
