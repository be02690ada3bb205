"""``diffcli batch``: every row of a file, or requests line by line."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Annotated, cast

from typer import Argument

from diffcli.cli.answer import STANDARD_INPUT, read_file, read_function
from diffcli.cli.messages import say, show_error
from diffcli.cli.options import OUTPUT, POINTS, Common, Wrt, names, one_of, option, variables
from diffcli.cli.progress import progress
from diffcli.cli.settings import settings
from diffcli.cli.watchdog import limit_time
from diffcli.errors import DiffcliError, PointError, UsageError
from diffcli.language.expression import Node
from diffcli.language.function import Function
from diffcli.language.latex.scan import name_of_column
from diffcli.language.points import Typed, read_points
from diffcli.output.files import check_apart, ending

if TYPE_CHECKING:
    from diffcli.batch.results import Results
    from diffcli.batch.run import Plan, Target
    from diffcli.batch.tally import Tally
    from diffcli.engines.throughput.layout import Kind
    from diffcli.rows.chunks import Source

EXAMPLES = """\
diffcli batch "x^2*sin(y)" --points p.csv -o g.csv
diffcli batch "x^2*sin(y)" --points p.parquet -o g.parquet --kinds value,grad,hessian
diffcli batch - < requests.jsonl"""

KINDS = ("value", "grad", "jacobian", "hessian")
TEXTS = ("csv", "jsonl")
COMPRESSED = ("gz", "bz2", "xz", "zst", "zip", "xlsx")


_FORMULAS = Argument(
    metavar="FORMULA", help="What to differentiate; or a file of requests.", show_default=False
)
_AT = "Of variables with one value in all rows: k=1/2."
_POINTS = "csv, jsonl or Parquet; a folder of them; - is standard input."
_JSON = "Say what was done as JSON; with -o."
_OUTPUT = "csv, jsonl or Parquet; a folder for a folder."
_KINDS = f"Of {', '.join(KINDS)}; value,grad."
_DASK = "Share a folder's files; local: on this machine."
_own = partial(option, group="Batch")


@dataclass(frozen=True)
class Options(Common):
    """The options of Common as they are for rows and requests."""

    at: Annotated[list[str] | None, option("--at", POINTS, "POINT", _AT)] = None
    points: Annotated[Path | None, option("--points", POINTS, "FILE", _POINTS)] = None
    py: str | None = field(default=None, init=False)
    format: Annotated[str, option("--format", OUTPUT, "FORMAT", "csv, jsonl.")] = "table"
    json: Annotated[bool, option("--json", OUTPUT, None, _JSON)] = False
    output: Annotated[Path | None, option("--output -o", OUTPUT, "FILE", _OUTPUT)] = None
    precision: Annotated[
        int | None, option("--precision", OUTPUT, "DIGITS", "Of requests: proved.", min=1)
    ] = None
    verbose: bool = field(default=False, init=False)


def batch(
    formulas: Annotated[list[str] | None, _FORMULAS] = None,
    *,
    common: Options,
    kinds: Annotated[str | None, _own("--kinds", metavar="KINDS", what=_KINDS)] = None,
    wrt: Wrt = None,
    name: Annotated[
        str, _own("--name", metavar="NAME", what="The function's in the columns; f.")
    ] = "f",
    keep: Annotated[
        str | None, _own("--keep", metavar="NAMES", what="Of the input's columns, only these.")
    ] = None,
    resume: Annotated[
        bool, _own("--resume", metavar=None, what="Go on with a run that was ended.")
    ] = False,
    dask: Annotated[str | None, _own("--dask", metavar="ADDRESS", what=_DASK)] = None,
) -> int:
    """Differentiate at every row of a file, or answer requests line by line.

    Rows are read from csv, jsonl or Parquet, and written with the columns f, df/dx … beside
    theirs. Without --points, requests are read, an object of JSON a line, and answered in order.
    """
    if common.timeout is not None:
        limit_time(common.timeout)
    if common.points is None:
        return _requests(formulas or (), common)
    from diffcli.batch.run import Plan
    from diffcli.batch.summary import document, exit_code, lines
    from diffcli.batch.verifying import verdicts
    from diffcli.output.data import dump

    folder = common.points if common.points.is_dir() else None
    if dask and not folder:
        raise UsageError("--dask shares the files of a folder", hint="--points FOLDER -o FOLDER")
    source = _source(common.points)
    target = None if folder else _target(source, common)
    results = _results(
        formulas or (), source, common, kinds=names(kinds), wrt=variables(wrt), name=name
    )
    plan = Plan(results, None if keep is None else names(keep), common.strict)
    unfit: dict[Path, DiffcliError] = {}
    if target is None:
        tally = _run_folder(plan, common, unfit, dask=dask, resume=resume)
    else:
        tally = _run(plan, source, target, common, resume=resume)
    found = verdicts(results, tally)
    if common.json:
        sys.stdout.write(dump(document(results, tally, found, unfit)) + "\n")
    if not common.quiet:
        for line in lines(tally, found):
            say(line)
    for error in unfit.values():
        show_error(error)
    return max(exit_code(tally, found), *(error.exit_code for error in unfit.values()), 0)


def _source(points: Path) -> Source:
    """Return what is read, of a folder the first file that can be."""
    from diffcli.batch.folders import files_of, look_at_first
    from diffcli.rows.formats import look

    if points.is_dir():
        return look_at_first(files_of(points))
    return look(None if str(points) == STANDARD_INPUT else points, None)


def _target(source: Source, common: Common) -> Target:
    """Return what is written, by the ending of its name, by --format, or like what is read."""
    from diffcli.batch.run import Target
    from diffcli.rows.formats import kind_of

    asked = None if common.format == "table" else one_of(common.format, TEXTS, "--format")
    named = kind_of(common.output) if common.output else None
    kind = named or asked or (source.kind if source.kind in TEXTS else TEXTS[0])
    if common.output and ending(common.output) in COMPRESSED:
        raise UsageError(
            f"{common.output.name} would be a compressed file: none is written",
            hint="let its name end in .csv, .jsonl or .parquet",
        )
    if common.json and common.output is None:
        raise UsageError("--json tells what was done, and the rows go there too", hint="-o FILE")
    return Target(common.output, kind)


def _results(
    formulas: Sequence[str],
    source: Source,
    common: Common,
    *,
    kinds: Sequence[str],
    wrt: Sequence[str],
    name: str,
) -> Results:
    """Return what is computed of each row; the columns' names are variables."""
    from diffcli.batch.results import Results

    if common.file and formulas:
        raise UsageError("a formula, and --file too", hint="give one of them")
    if common.dtype not in ("float64", "float32"):
        raise UsageError(f"rows of {common.dtype} aren't evaluated", hint="use --dtype float64")
    texts = [read_file(common.file)] if common.file else formulas
    if not texts:
        raise UsageError("no formula", hint='diffcli batch "x^2 + 1" --points p.csv')
    given, *more = read_points(common.at or ())
    if more or given.ordered:
        raise PointError("the rows are the points", hint="--at gives one value for all: y=2")
    columns = [name_of_column(name) for name in source.columns]
    function = read_function(texts, [given], (*columns, *wrt), common)
    chosen = kinds or ("value", "grad" if function.is_scalar else "jacobian")
    return Results(
        function,
        tuple(cast("Kind", one_of(kind, KINDS, "--kinds")) for kind in chosen),
        tuple(wrt),
        _constants(given, function, columns),
        name,
        settings(common),
    )


def _constants(given: Typed, function: Function, columns: Sequence[str]) -> dict[str, float]:
    """Return the variables that have one value in all rows."""
    from diffcli.engines.exact import nearest

    found = {}
    for name, value in given.named.items():
        if name not in function.variables:
            raise PointError(f"{name} is not in the formula", hint="remove it from --at")
        if name in columns:
            raise PointError(f"{name} has two values", hint="it stands in --at and in the file")
        if not isinstance(value, Node):
            raise PointError(f"{name} is no number", hint="--at gives one number for all rows")
        found[name] = nearest(value)
    return found


def _run(plan: Plan, source: Source, target: Target, common: Common, *, resume: bool) -> Tally:
    from diffcli.batch.run import run
    from diffcli.batch.tally import Tally

    first, done, begun = None, Tally(), monotonic()
    try:
        with progress("batch", source.size, quiet=common.quiet) as bar:

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
    plan: Plan, common: Common, unfit: dict[Path, DiffcliError], *, dask: str | None, resume: bool
) -> Tally:
    """Evaluate a folder; a file that can't be is noted in ``unfit``, with --strict it is raised."""
    from diffcli.batch.folders import files_of, run_folder

    source, target = common.points, common.output
    if source is None or target is None or target.resolve().is_relative_to(source.resolve()):
        raise UsageError(
            "where are the files written?", hint="name a folder that isn't read: -o FOLDER"
        )
    files = files_of(source)
    with progress("batch", len(files), quiet=common.quiet) as bar:

        def watch(tally: Tally, count: int) -> None:
            bar(count, f"{tally.rows:,} rows")

        refuse = None if common.strict else unfit.__setitem__
        return run_folder(plan, source, target, watch, dask=dask, resume=resume, unfit=refuse)


def _requests(formulas: Sequence[str], common: Common) -> int:
    """Answer each line of standard input, or of a file; return the worst exit code."""
    from diffcli.cli.requests import answer

    if len(formulas) != 1 or not (formulas[0] == STANDARD_INPUT or Path(formulas[0]).is_file()):
        raise UsageError(
            "a batch of which points, or which requests?",
            hint='diffcli batch "x^2" --points p.csv; or requests: diffcli batch requests.jsonl',
        )
    common = replace(common, quiet=True)
    code = 0
    if common.output and formulas[0] != STANDARD_INPUT:
        check_apart(Path(formulas[0]), common.output)
    with _lines(formulas[0]) as lines, _output(common) as write:
        for number, line in enumerate(lines, 1):
            if not line.isspace():
                text, exit_code = answer(line, number, common)
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
def _output(common: Common) -> Iterator[Callable[[str], object]]:
    """Give what writes an answer: at once, so that a client can converse."""
    if common.output:
        from diffcli.batch.journal import part_of

        with part_of(common.output, "", resume=False) as part:
            yield lambda text: part.write(text.encode())
    else:

        def write(text: str) -> None:
            sys.stdout.write(text)
            sys.stdout.flush()

        yield write
