"""Typed text → requests → answers, shown on the screen or written to files."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, TextIO

from diffcli.cli.messages import points_done, progress, say, show_error
from diffcli.cli.playing import play
from diffcli.cli.preview import preview
from diffcli.cli.watchdog import limit_time
from diffcli.commands.record import Command, Host, Request
from diffcli.commands.run import run
from diffcli.errors import DiffcliError, FileError, LimitError, UsageError
from diffcli.language.limits import MAX_CHARACTERS, MAX_REPEATED
from diffcli.language.points import Typed
from diffcli.options import DEFAULTS, FORMAT, Kind, one_of
from diffcli.output.document import Answer
from diffcli.output.files import check_apart, check_different, check_writable, ending, write_whole
from diffcli.output.formats import BY_ENDING, FORMATS, View, render
from diffcli.output.matrices import DRAWN, PICTURES, matrix_file
from diffcli.output.notes import analysis_text, evidence
from diffcli.output.report import Facts, Report

STANDARD_INPUT = "-"
MAX_ROWS = 40
"""Rows of a table on a terminal; a pipe and a file get all."""
listeners: list[Callable[[Facts], None]] = []
"""Each is called with the facts, or the report, of every answer before it is shown."""
TABLE = "table"
"""The format of an answer that goes to the screen, unless another is asked for."""
PAGE = "html"
"""The format, and the ending, of a page, which holds one answer."""
_LINES = ("json", "jsonl")
"""The formats that are a line each, between which no line is left blank."""


def answer(command: Command, formulas: Sequence[str], options: Mapping[str, Any]) -> int:
    """Answer a request, or one for each line of standard input; return the exit code."""
    options = {**DEFAULTS, **options}
    if options["timeout"] is not None:
        limit_time(options["timeout"])
    output, kind = options["output"], ending(options["output"])
    if options.get("play") and not sys.stdout.isatty():
        raise UsageError("a path is played on a terminal", hint="-o path.gif")
    _check_files(command, options)
    requests = _requests(command, formulas, options)
    if single := _single(command, options):
        requests = iter(_only_one(requests, single))
    name, shown = _format_name(command, options), view(options)
    rows = _rows(options["points"])
    is_several = STANDARD_INPUT in formulas
    texts: list[str] = []
    code = 0
    for request in requests:
        try:
            result = run(request, rows)
        except DiffcliError as error:
            if not is_several or options["debug"]:
                raise
            show_error(error)
            code = max(code, error.exit_code)
            continue
        code = max(code, result.exit_code)
        for tell in listeners:
            tell(result.facts)
        _show_remarks(result.facts, options)
        if result.frames is not None:
            play(result.frames(*shutil.get_terminal_size(), has_colour()))
        is_shown = _write_files(command, result, output, kind)
        if not is_shown:
            continue
        texts.append(render(name, result, shown))
        if not output or kind in command.beside:
            blank = "\n" if len(texts) > 1 and name not in _LINES else ""
            sys.stdout.write(f"{blank}{texts[-1]}\n")
            sys.stdout.flush()
    if output and texts and kind not in command.beside:
        write_whole(output, "\n".join(texts) + "\n")
    return code


def _rows(points: Path | None) -> Sequence[Typed] | None:
    """Return the points of a file, where one is named."""
    if points is None:
        return None
    from diffcli.rows.points import read_point_file

    return read_point_file(points)


def _check_files(command: Command, options: Mapping[str, Any]) -> None:
    """Raise FileError where a file can't be written, or would take the place of what is read."""
    output = options["output"]
    for path in (output, *_own_files(command, options)):
        if path:
            check_writable(path)
    for path in _own_files(command, options):
        check_different(path, output)
    if output:
        python = Path(options["py"].rpartition(":")[0]) if options["py"] else None
        for source in (options["points"], options["file"], options["inputs"], python):
            if source:
                check_apart(source, output)


def _own_files(command: Command, options: Mapping[str, Any]) -> list[Path]:
    """Return the files that a command writes besides."""
    own = (option for option in command.options if option.kind is Kind.FILE)
    return [options[option.name] for option in own if options[option.name]]


def _single(command: Command, options: Mapping[str, Any]) -> Path | None:
    """Return the file that one answer fills, where there is one."""
    filled = (*DRAWN, *command.beside, *FORMATS[PAGE].endings)
    is_filled = command.fills_files or ending(options["output"]) in filled
    output: Path | None = options["output"] if is_filled else None
    return output or next(iter(_own_files(command, options)), None)


def _write_files(command: Command, result: Answer, output: Path | None, kind: str) -> bool:
    """Write the files of an answer; return whether it is shown as well."""
    for path, content in result.files.items():
        write_whole(path, content)
    is_beside = kind in command.beside
    if output and (is_beside or kind in DRAWN):
        own = result.draw if is_beside or kind in PICTURES else None
        draw = own or partial(matrix_file, result.facts)
        write_whole(output, draw(kind))
        return is_beside
    return True


def _only_one(requests: Iterator[Request], file: Path) -> Sequence[Request]:
    """Return the one request whose answer fills a file. Raises UsageError where there are more."""
    given = [*requests]
    if len(given) > 1:
        raise UsageError(
            f"{file} holds one answer, and there are {len(given)} formulas",
            hint="give one, or each a file in a run of its own",
        )
    return given


def _requests(
    command: Command, formulas: Sequence[str], options: Mapping[str, Any]
) -> Iterator[Request]:
    """Yield the requests. Raises UsageError where formulas are given in two ways."""
    host, typed = _host(options), tuple(formulas)
    request = Request(command.name, typed, options, host)
    if options["file"]:
        if options["py"] is not None:
            raise UsageError("a formula, and --py too", hint="give one of them")
        if formulas and not command.takes_more:
            raise UsageError("a formula, and --file too", hint="give one of them")
        yield Request(command.name, (read_file(options["file"]), *typed), options, host)
    elif typed[:1] == (STANDARD_INPUT,) and (len(typed) == 1 or command.takes_more):
        for line in lines_of(sys.stdin):
            if line.strip():
                texts = (line.rstrip("\n"), *typed[1:])
                yield Request(command.name, texts, options, host)
    else:
        yield request


def _host(options: Mapping[str, Any]) -> Host:
    """Return what a command may tell on this screen."""
    quiet = options["quiet"]
    return Host(
        say=(lambda _: None) if quiet else say,
        progress=partial(progress, quiet=quiet),
        points_done=partial(points_done, quiet=quiet),
        preview=partial(preview, view=view(options) if _has_preview(options) else None),
        rows=view(options).rows,
    )


def _has_preview(options: Mapping[str, Any]) -> bool:
    return options["output"] is None and _asked_format(options) in (None, TABLE)


def _asked_format(options: Mapping[str, Any]) -> str | None:
    """Return the format that the options name, or None. Raises UsageError for an unknown one."""
    if options["json"]:
        return "json"
    asked = options["format"]
    return None if asked is None else one_of(asked, FORMAT.values(), "--format")


def _format_name(command: Command, options: Mapping[str, Any]) -> str:
    """Return the name of the output format: the one asked for, or that of the file's ending.

    Raises UsageError for an ending of no format.
    """
    asked, kind = _asked_format(options), ending(options["output"])
    own = (*DRAWN, *command.beside)
    if asked or command.fills_files or kind in own:
        return asked or TABLE
    if kind not in BY_ENDING:
        known = " ".join(f".{each}" for each in dict.fromkeys((*BY_ENDING, *own)) if each)
        raise UsageError(
            f"no format of files that end in .{kind}",
            hint=f"there are {known}; under any name: --format csv",
        )
    return BY_ENDING[kind]


def view(options: Mapping[str, Any]) -> View:
    """Return how the answer is shown where it goes: a terminal, a pipe, a file."""
    digits = options["precision"]
    if options["output"]:
        return View(digits=digits)
    terminal = sys.stdout.isatty()
    columns = terminal or os.environ.get("COLUMNS", "").isdecimal()
    return View(
        digits=digits,
        width=shutil.get_terminal_size().columns if columns else None,
        rows=MAX_ROWS if terminal else None,
        colour=has_colour(),
    )


def has_colour() -> bool:
    """Whether the screen shows colours (https://no-color.org, https://force-color.org)."""
    if os.environ.get("NO_COLOR"):
        return False
    is_terminal = sys.stdout.isatty() and os.environ.get("TERM") != "dumb"
    return bool(os.environ.get("FORCE_COLOR")) or is_terminal


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


def _show_remarks(facts: Facts, options: Mapping[str, Any]) -> None:
    if not options["quiet"]:
        for warning in facts.warnings:
            say(f"warning: {warning}")
    if options["verbose"]:
        for told in facts.told:
            say(told)
        results = facts.results if isinstance(facts, Report) else ()
        for result in results:
            if said := analysis_text(result.analysis, options["precision"]):
                say(said)
        for check in (check for result in results for check in result.all_checks):
            say(f"{check.entry}: {evidence(check)}")
