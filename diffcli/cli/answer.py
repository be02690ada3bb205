"""One request: text → formulas and points → derive → text."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TextIO, TypeVar

from diffcli.cli.messages import say, show_error
from diffcli.cli.options import Common, variables
from diffcli.cli.preview import preview
from diffcli.cli.settings import format_name, settings, view
from diffcli.cli.sizes import check_size
from diffcli.cli.watchdog import limit_time
from diffcli.derivation import Settings, derive
from diffcli.errors import (
    DiffcliError,
    FileError,
    FormulaError,
    LimitError,
    PointError,
    UsageError,
)
from diffcli.language.expression import Node
from diffcli.language.function import Function
from diffcli.language.limits import MAX_CHARACTERS, MAX_REPEATED
from diffcli.language.parser import parse, unambiguous
from diffcli.language.points import Point, Typed, check_count, given_by, read_points
from diffcli.language.tokens import is_latex
from diffcli.operators import Operator
from diffcli.output.answers import answer_of
from diffcli.output.document import Answer
from diffcli.output.files import check_apart, check_writable, ending, write_whole
from diffcli.output.formats import render
from diffcli.output.matrices import DRAWN, matrix_file
from diffcli.output.notes import analysis_text, evidence
from diffcli.output.report import Facts, Report
from diffcli.userfunction import UserFunction, derive_user, load, load_module

STANDARD_INPUT = "-"


Subject = TypeVar("Subject", Function, UserFunction)


Study = Callable[[Function, Sequence[Point], Settings], Answer]
PythonStudy = Callable[[UserFunction, Sequence[Point], Settings], Answer]
listeners: list[Callable[[Facts], None]] = []
"""Each is called with the facts, or the report, of every answer before it is shown."""
_Study = Callable[[Subject, Sequence[Point], Settings], Answer]


parse_asked = partial(parse, leaves_derivative=True)
"""Reads ``d/dx x^2`` as x^2, whose derivative in x is asked for."""


def answer(
    operator: Operator,
    formulas: Sequence[str],
    common: Common,
    wrt: Sequence[str] = (),
    reader: Callable[..., Function] = parse,
) -> int:
    """Differentiate formulas, or a Python function: answer as :func:`serve`."""
    if common.dtype == "complex128":
        from diffcli.cli.complex_numbers import complex_study, read_complex

        real = replace(common, dtype="float64")
        return serve(complex_study(operator, common), formulas, real, wrt, read_complex)

    def study(function: Function, points: Sequence[Point], chosen: Settings) -> Answer:
        return differentiated(operator.asked(function.asked), function, points, chosen)

    def differentiated(
        operator: Operator, function: Function, points: Sequence[Point], chosen: Settings
    ) -> Answer:
        check_size(operator, function, points)
        if common.device == "auto" and any(map(_has_tensors, points)):
            from diffcli.engines.devices import device_for

            chosen = replace(chosen, device=device_for(function, points))
        with preview(operator, function, points, chosen, common):
            report = derive(operator, function, points, chosen)
        return answer_of(report)

    def study_python(function: UserFunction, points: Sequence[Point], chosen: Settings) -> Answer:
        report = derive_user(operator, function, points, chosen)
        return answer_of(report)

    if common.py is None:
        return serve(study, formulas, common, wrt, reader)
    return serve_python(study_python, common, formulas)


def _has_tensors(point: Point) -> bool:
    return not all(isinstance(value, Node) for value in point.values.values())


def serve_python(study: PythonStudy, common: Common, formulas: Sequence[str] = ()) -> int:
    """Answer a request about the function of ``--py``; return the exit code."""
    if formulas or common.file:
        raise UsageError("a formula, and --py too", hint="give one of them")

    def read(texts: Sequence[str], points: Sequence[Typed]) -> UserFunction:
        if common.loss is None and common.inputs is None:
            return load(texts[0])
        return load_module(texts[0], common.loss, common.inputs, points, common.dtype)

    return _serve(study, [(common.py or "",)], read, common)


def serve(
    study: Study,
    formulas: Sequence[str],
    common: Common,
    wrt: Sequence[str] = (),
    reader: Callable[..., Function] = parse,
    single: Path | None = None,
) -> int:
    """Answer one request, or one for each line of standard input; return the exit code.

    ``wrt`` are names that the command itself says are variables; ``reader`` takes what ``parse``
    takes; ``single`` is a file that the study writes, and that one answer fills.
    """
    if common.py is not None:
        raise UsageError("a formula is wanted here", hint="--py goes with grad, jacobian and such")

    def read(texts: Sequence[str], points: Sequence[Typed]) -> Function:
        return read_function(texts, points, wrt, common, reader)

    requests = _requests(formulas, common.file)
    return _serve(study, requests, read, common, several=STANDARD_INPUT in formulas, single=single)


def _serve(
    study: _Study[Subject],
    requests: Iterable[Sequence[str]],
    read: Callable[[Sequence[str], Sequence[Typed]], Subject],
    common: Common,
    *,
    several: bool = False,
    single: Path | None = None,
) -> int:
    if common.timeout is not None:
        limit_time(common.timeout)
    kind = ending(common.output)
    if common.output:
        check_writable(common.output)
        _check_inputs(common, common.output)
        single = common.output if kind in DRAWN else single
    if single:
        requests = _only_one(requests, single)
    name, shown, chosen = format_name(common), view(common), settings(common)
    points = _points(common)
    texts: list[str] = []
    code = 0
    for request in requests:
        try:
            function = read(request, points)
            defined = dict(getattr(function, "definitions", ()))
            starts: tuple[Point, ...] = getattr(function, "starts", ())
            bound = starts or [point.bind(function.variables, defined) for point in points]
            found = study(function, bound, chosen)
        except DiffcliError as error:
            if not several or common.debug:
                raise
            show_error(error)
            code = max(code, error.exit_code)
            continue
        code = max(code, found.exit_code)
        for tell in listeners:
            tell(found.facts)
        _show_remarks(found.facts, common)
        if common.output and kind in DRAWN:
            draw = found.draw or partial(matrix_file, found.facts)
            write_whole(common.output, draw(kind))
            continue
        for path, content in found.files.items():
            write_whole(path, content)
        texts.append(render(name, found, shown))
        if not common.output:
            blank = "\n" if len(texts) > 1 and name not in _LINES else ""
            sys.stdout.write(f"{blank}{texts[-1]}\n")
            sys.stdout.flush()
    if common.output and texts:
        write_whole(common.output, "\n".join(texts) + "\n")
    return code


def _check_inputs(common: Common, output: Path) -> None:
    """Raise FileError where the answer would take the place of what is read."""
    python = Path(common.py.rpartition(":")[0]) if common.py else None
    for source in (common.points, common.file, common.inputs, python):
        if source:
            check_apart(source, output)


def _only_one(requests: Iterable[Sequence[str]], file: Path) -> Sequence[Sequence[str]]:
    """Return the one request whose answer fills a file. Raises UsageError where there are more."""
    found = [*requests]
    if len(found) > 1:
        raise UsageError(
            f"{file} holds one answer, and there are {len(found)} formulas",
            hint="give one, or each a file in a run of its own",
        )
    return found


_LINES = ("json", "jsonl")
"""The formats that are a line each, between which no line is left blank."""


def _requests(formulas: Sequence[str], file: Path | None) -> Iterator[Sequence[str]]:
    """Yield the formulas of each request. Raises UsageError where there are none or too many."""
    if file and formulas:
        raise UsageError("a formula, and --file too", hint="give one of them")
    if file:
        yield (read_file(file),)
    elif list(formulas) == [STANDARD_INPUT]:
        yield from ((line.rstrip("\n"),) for line in lines_of(sys.stdin) if line.strip())
    elif formulas:
        yield formulas
    else:
        raise UsageError("no formula", hint='diffcli grad "x^2 + 1" --at 3')


def lines_of(file: TextIO) -> Iterator[str]:
    """Yield the lines of standard input.

    Raises LimitError at one that is longer than any formula, FileError where it is no text.
    """
    try:
        while line := file.readline(MAX_CHARACTERS + 2):
            if len(line) > MAX_CHARACTERS + 1:
                raise _too_long("a line", MAX_CHARACTERS)
            yield line
    except UnicodeDecodeError as error:
        raise FileError("standard input is no text in UTF-8") from error


def _too_long(what: str, most: int) -> LimitError:
    return LimitError(f"{what} has more than {most:,} characters", hint="no formula may be longer")


def read_file(file: Path) -> str:
    """Return the text of a file, or of standard input.

    Raises FileError where it can't be read, LimitError where it is longer than any formula.
    """
    try:
        if str(file) == STANDARD_INPUT:
            text = sys.stdin.read(MAX_REPEATED + 1)
        else:
            with file.open(encoding="utf-8") as opened:
                text = opened.read(MAX_REPEATED + 1)
    except OSError as error:
        raise FileError(f"{file} can't be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise FileError(f"{file} is no text in UTF-8") from error
    if len(text) > MAX_REPEATED:
        raise _too_long(str(file), MAX_REPEATED)
    return text


def _points(common: Common) -> tuple[Typed, ...]:
    typed = read_points(common.at or ())
    if common.points is None:
        return typed if common.at else ()
    from diffcli.rows.points import read_point_file

    rows = read_point_file(common.points)
    check_count(len(rows) * len(typed))
    return tuple(_together(row, given) for row in rows for given in typed)


def _together(row: Typed, given: Typed) -> Typed:
    for name in row.named.keys() & given.named.keys():
        raise PointError(f"{name} has two values", hint="it stands in --at and in the file")
    return Typed({**row.named, **given.named}, given.ordered)


def read_function(
    formulas: Sequence[str],
    points: Sequence[Typed],
    wrt: Sequence[str],
    common: Common,
    reader: Callable[..., Function] = parse,
) -> Function:
    """Read the formulas of a request; say on stderr what has two readings.

    The names of the points and ``wrt`` are variables. Raises FormulaError where the formulas
    can't be read, or with ``--strict`` have two readings.
    """
    named = [name for point in points for name in point.named]
    read = partial(
        reader,
        formulas,
        variables=variables(common.vars),
        declared=(*named, *wrt),
        definitions=common.let or (),
    )
    if not any(map(is_latex, formulas)):
        function = read()
    else:
        function = read(given=given_by(points))
        if any(point.ordered for point in points):
            # Which values are whose is known now, and so are the vectors among the variables.
            function = read(given=given_by(points, function.variables))
    if function.readings and common.strict:
        raise FormulaError(
            f"the formula has more than one reading: {'; '.join(function.readings)}",
            hint=_unambiguous(function),
        )
    if function.readings and not common.quiet:
        say(f"read as {function.read_as}")
        for reading in function.readings:
            say(f"  {reading}")
    return function


def _unambiguous(function: Function) -> str:
    """Return how a formula with two readings is typed with one."""
    text = unambiguous(function)
    if text is None:
        return "leave out --strict, or give the variables names that mean nothing else"
    needs_names = any(len(name) > 1 and name.isalpha() for name in function.variables)
    names = f" with --vars {','.join(function.variables)}" if needs_names else ""
    return f"if this is meant, write {text}{names}"


def _show_remarks(facts: Facts, common: Common) -> None:
    if not common.quiet:
        for warning in facts.warnings:
            say(f"warning: {warning}")
    if common.verbose:
        for told in facts.told:
            say(told)
        results = facts.results if isinstance(facts, Report) else ()
        for said in (analysis_text(result.analysis, common.precision) for result in results):
            if said:
                say(said)
        for check in (check for result in results for check in result.all_checks):
            say(f"{check.entry}: {evidence(check)}")
