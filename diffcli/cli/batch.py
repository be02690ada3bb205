"""``diffcli batch``: every row of a file, or requests line by line."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any, cast

from diffcli.cli.answer import STANDARD_INPUT, read_file
from diffcli.cli.messages import progress, say, show_error
from diffcli.cli.watchdog import limit_time
from diffcli.commands.record import Command, Host, Request
from diffcli.commands.run import read_function
from diffcli.commands.settings import settings
from diffcli.engines import worker
from diffcli.errors import DiffcliError, PointError, UsageError
from diffcli.language.expression import Node
from diffcli.language.function import Function
from diffcli.language.latex.scan import name_of_column
from diffcli.language.points import Typed, read_points
from diffcli.options import (
    AT,
    CODE,
    COMMON,
    FORMAT,
    JSON,
    OUTPUT_FILE,
    POINTS_FILE,
    PRECISION,
    VERBOSE,
    WRT,
    Kind,
    Option,
    names,
    one_of,
    variables,
)
from diffcli.output.files import check_apart, ending

if TYPE_CHECKING:
    from diffcli.batch.results import Results
    from diffcli.batch.run import Plan, Target
    from diffcli.batch.tally import Tally
    from diffcli.engines.throughput.layout import Kind as RowKind
    from diffcli.rows.chunks import Source

KINDS = ("value", "grad", "jacobian", "hessian")
TEXTS = ("csv", "jsonl")
COMPRESSED = ("gz", "bz2", "xz", "zst", "zip", "xlsx")


_BATCH = "Batch"
ROW_KINDS = Option(
    "kinds",
    Kind.NAMES,
    f"What to compute of each row, of {', '.join(KINDS)} (default value,grad).",
    metavar="KINDS",
    group=_BATCH,
)
NAME = Option(
    "name",
    Kind.TEXT,
    "Name of the function in the columns (default f).",
    default="f",
    metavar="NAME",
    group=_BATCH,
)
KEEP = Option(
    "keep",
    Kind.NAMES,
    "Keep only these of the input's columns (default all).",
    metavar="NAMES",
    group=_BATCH,
)
RESUME = Option(
    "resume", Kind.FLAG, "Go on with a run that was ended.", default=False, group=_BATCH
)
DASK = Option(
    "dask",
    Kind.TEXT,
    "Share a folder's files with this dask cluster; local: on this machine.",
    metavar="ADDRESS",
    group=_BATCH,
)
_CHANGED = (
    replace(AT, help="Value that a variable has in all rows, as in k=1/2."),
    replace(
        POINTS_FILE,
        help="Read the rows from this csv, jsonl or Parquet file, or a folder of them; - is "
        "standard input.",
    ),
    replace(FORMAT, help="Format of the rows: {choices}.", choices=TEXTS),
    replace(JSON, help="Say as JSON what was done; with -o."),
    replace(
        OUTPUT_FILE, help="Write to this csv, jsonl or Parquet file; to a folder for a folder."
    ),
    replace(PRECISION, help="Significant digits that are proved for requests (default 17)."),
)
_BY_NAME = {option.name: option for option in _CHANGED}

COMMAND = Command(
    "batch",
    help="""Differentiate at every row of a file, or answer requests line by line.

Rows are read from csv, jsonl or Parquet, and written with the columns f, df/dx … beside
theirs. Without --points, requests are read, an object of JSON a line, and answered in order.""",
    examples="""\
diffcli batch "x^2*sin(y)" --points p.csv -o g.csv
diffcli batch "x^2*sin(y)" --points p.parquet -o g.parquet --kinds value,grad,hessian
diffcli batch - < requests.jsonl""",
    about="Formula to differentiate; or a file of requests.",
    common=tuple(
        _BY_NAME.get(option.name, option) for option in COMMON if option not in (*CODE, VERBOSE)
    ),
    options=(ROW_KINDS, WRT, NAME, KEEP, RESUME, DASK),
)


def batch(formulas: Sequence[str], options: Mapping[str, Any]) -> int:
    """Evaluate rows, or answer requests; return the exit code."""
    if options["timeout"] is not None:
        limit_time(options["timeout"])
    worker.begin()  # rows are read and written in threads
    host = Host(say=(lambda _: None) if options["quiet"] else say)
    asked = Request("batch", tuple(formulas), options, host)
    if asked["points"] is None:
        return _requests(asked)
    from diffcli.batch.run import Plan
    from diffcli.batch.summary import document, exit_code, lines
    from diffcli.batch.verifying import verdicts
    from diffcli.output.data import dump

    points, dask, resume = asked["points"], asked["dask"], asked["resume"]
    folder = points if points.is_dir() else None
    if dask and not folder:
        raise UsageError("--dask shares the files of a folder", hint="--points FOLDER -o FOLDER")
    source = _source(points)
    target = None if folder else _target(source, asked)
    results = _results(source, asked)
    plan = Plan(results, None if asked["keep"] is None else names(asked["keep"]), asked["strict"])
    unfit: dict[Path, DiffcliError] = {}
    if target is None:
        tally = _run_folder(plan, asked, unfit, dask=dask, resume=resume)
    else:
        tally = _run(plan, source, target, asked, resume=resume)
    counts = verdicts(results, tally)
    if asked["json"]:
        sys.stdout.write(dump(document(results, tally, counts, unfit)) + "\n")
    if not asked["quiet"]:
        for line in lines(tally, counts):
            say(line)
    for error in unfit.values():
        show_error(error)
    return max(exit_code(tally, counts), *(error.exit_code for error in unfit.values()), 0)


def _source(points: Path) -> Source:
    """Return what is read, of a folder the first file that can be."""
    from diffcli.batch.folders import files_of, look_at_first
    from diffcli.rows.formats import look

    if points.is_dir():
        return look_at_first(files_of(points))
    return look(None if str(points) == STANDARD_INPUT else points, None)


def _target(source: Source, asked: Request) -> Target:
    """Return what is written, by the ending of its name, by --format, or like what is read."""
    from diffcli.batch.run import Target
    from diffcli.rows.formats import kind_of

    typed = asked["format"]
    chosen = None if typed in (None, "table") else one_of(typed, TEXTS, "--format")
    named = kind_of(asked["output"]) if asked["output"] else None
    kind = named or chosen or (source.kind if source.kind in TEXTS else TEXTS[0])
    if asked["output"] and ending(asked["output"]) in COMPRESSED:
        raise UsageError(
            f"{asked['output'].name} would be a compressed file: none is written",
            hint="let its name end in .csv, .jsonl or .parquet",
        )
    if asked["json"] and asked["output"] is None:
        raise UsageError("--json tells what was done, and the rows go there too", hint="-o FILE")
    return Target(asked["output"], kind)


def _results(source: Source, asked: Request) -> Results:
    """Return what is computed of each row; the columns' names are variables."""
    from diffcli.batch.results import Results

    if asked["file"] and asked.formulas:
        raise UsageError("a formula, and --file too", hint="give one of them")
    if asked["dtype"] not in ("float64", "float32"):
        raise UsageError(f"rows of {asked['dtype']} aren't evaluated", hint="use --dtype float64")
    texts = [read_file(asked["file"])] if asked["file"] else asked.formulas
    if not texts:
        raise UsageError("no formula", hint='diffcli batch "x^2 + 1" --points p.csv')
    given, *more = read_points(asked["at"] or ())
    if more or given.ordered:
        raise PointError("the rows are the points", hint="--at gives one value for all: y=2")
    columns = [name_of_column(name) for name in source.columns]
    wrt = variables(asked["wrt"])
    function = read_function(asked, texts, [given], (*columns, *wrt))
    chosen = names(asked["kinds"]) or ("value", "grad" if function.is_scalar else "jacobian")
    return Results(
        function,
        tuple(cast("RowKind", one_of(kind, KINDS, "--kinds")) for kind in chosen),
        tuple(wrt),
        _constants(given, function, columns),
        asked["name"],
        settings(asked),
    )


def _constants(given: Typed, function: Function, columns: Sequence[str]) -> dict[str, float]:
    """Return the variables that have one value in all rows."""
    from diffcli.engines.exact import nearest

    constants = {}
    for name, value in given.named.items():
        if name not in function.variables:
            raise PointError(f"{name} is not in the formula", hint="remove it from --at")
        if name in columns:
            raise PointError(f"{name} has two values", hint="it stands in --at and in the file")
        if not isinstance(value, Node):
            raise PointError(f"{name} is no number", hint="--at gives one number for all rows")
        constants[name] = nearest(value)
    return constants


def _run(plan: Plan, source: Source, target: Target, asked: Request, *, resume: bool) -> Tally:
    from diffcli.batch.run import run
    from diffcli.batch.tally import Tally

    first, done, begun = None, Tally(), monotonic()
    try:
        with progress("batch", source.size, quiet=asked["quiet"]) as bar:

            def watch(tally: Tally) -> None:
                nonlocal first, done, begun
                done = tally
                if first is None:
                    # From here on nothing is loaded any more.
                    first, begun = tally, monotonic()
                since, seconds = tally.rows - first.rows, monotonic() - begun
                rate = f", {since / seconds:,.0f} a second" if since and seconds else ""
                bar(tally.end, f"{tally.rows:,} rows{rate}")

            return run(plan, source, target, watch, resume=resume)
    except KeyboardInterrupt:
        if target.path and done.rows:
            say(f"stopped after {done.rows:,} rows; --resume goes on with the next")
        raise


def _run_folder(
    plan: Plan, asked: Request, unfit: dict[Path, DiffcliError], *, dask: str | None, resume: bool
) -> Tally:
    """Evaluate a folder; a file that can't be is noted in ``unfit``, with --strict it is raised."""
    from diffcli.batch.folders import files_of, run_folder

    source, target = asked["points"], asked["output"]
    if source is None or target is None or target.resolve().is_relative_to(source.resolve()):
        raise UsageError(
            "where are the files written?", hint="name a folder that isn't read: -o FOLDER"
        )
    files = files_of(source)
    with progress("batch", len(files), quiet=asked["quiet"]) as bar:

        def watch(tally: Tally, count: int) -> None:
            bar(count, f"{tally.rows:,} rows")

        refuse = None if asked["strict"] else unfit.__setitem__
        return run_folder(plan, source, target, watch, dask=dask, resume=resume, unfit=refuse)


def _requests(asked: Request) -> int:
    """Answer each line of standard input, or of a file; return the worst exit code."""
    from diffcli.commands.json_requests import answer

    formulas = asked.formulas
    if len(formulas) != 1 or not (formulas[0] == STANDARD_INPUT or Path(formulas[0]).is_file()):
        raise UsageError(
            "a batch of which points, or which requests?",
            hint='diffcli batch "x^2" --points p.csv; or requests: diffcli batch requests.jsonl',
        )
    typed = {
        option.name: (asked[option.name], option.default)
        for option in COMMON
        if not option.is_local
    }
    given = {name: value for name, (value, default) in typed.items() if value != default}
    code = 0
    if asked["output"] and formulas[0] != STANDARD_INPUT:
        check_apart(Path(formulas[0]), asked["output"])
    with _lines(formulas[0]) as lines, _output(asked) as write:
        for number, line in enumerate(lines, 1):
            if not line.isspace():
                text, exit_code = answer(line, number, given)
                write(text + "\n")
                code = max(code, exit_code)
    return code


@contextmanager
def _lines(name: str) -> Iterator[Iterable[bytes]]:
    if name == STANDARD_INPUT:
        yield sys.stdin.buffer
    else:
        with Path(name).open("rb") as file:
            yield file


@contextmanager
def _output(asked: Request) -> Iterator[Callable[[str], object]]:
    """Give what writes an answer: at once, so that a client can converse."""
    if asked["output"]:
        from diffcli.batch.journal import part_of

        with part_of(asked["output"], "", resume=False) as part:
            yield lambda text: part.write(text.encode())
    else:

        def write(text: str) -> None:
            sys.stdout.write(text)
            sys.stdout.flush()

        yield write
