"""A plot that was asked for on the command line: composed, then written, shown or printed."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Mapping, Sequence
from math import isnan
from typing import TYPE_CHECKING, Any

from diffcli.cli.answer import has_colour
from diffcli.cli.messages import say
from diffcli.cli.playing import play
from diffcli.cli.plot import asked
from diffcli.cli.plot.options import FORMATS, MOVING, PAGE
from diffcli.cli.watchdog import limit_time
from diffcli.errors import UsageError
from diffcli.language.builder import CONDITION
from diffcli.language.equations import is_implicit, read_equations
from diffcli.language.function import Function
from diffcli.language.parser import parse
from diffcli.options import one_of, variables
from diffcli.output.files import check_different, check_writable, ending, write_whole
from diffcli.output.plots.kinds import KINDS
from diffcli.output.text import safe

if TYPE_CHECKING:
    from diffcli.cli.plot.asked import Parameters
    from diffcli.output.plots.pictures import Picture, Request
    from diffcli.output.plots.style import Canvas

STANDARD_OUTPUT = "-"


def plot(formulas: Sequence[str], options: Mapping[str, Any]) -> int:
    """Plot formulas; return the exit code."""
    if options["timeout"] is not None:
        limit_time(options["timeout"])
    output, data, quiet = (options[name] for name in ("output", "data", "quiet"))
    is_printed = str(data) == STANDARD_OUTPUT
    file_kind = one_of(ending(output), FORMATS, "-o") if output else FORMATS[0]
    if options["kind"]:
        one_of(options["kind"], KINDS, "--kind")
    # What is typed wrong is told before anything is read or computed.
    asked.orders(options["orders"])
    inches = asked.size(options["size"], options["dpi"])
    for path in (output, None if is_printed else data):
        if path:
            check_writable(path)
    check_different(output, data)
    if is_printed and options["term"]:
        raise UsageError(
            "the samples and the picture would both be printed", hint="--data samples.csv"
        )
    if not formulas:
        raise UsageError("no formula", hint='diffcli plot "sin(x)"')
    reader = _read_equations if any(map(is_implicit, formulas)) else parse
    function = reader(
        formulas, variables=variables(options["vars"]), definitions=options["let"] or ()
    )
    parameters = asked.parameters_of(options, function)
    is_page = file_kind == PAGE
    if options["slider"] and (not is_page or parameters.along):
        raise UsageError(
            "a slider moves a variable that isn't drawn along, in a page", hint="-o plot.html"
        )
    _check_motion(options, file_kind)

    from diffcli.output.plots.compose import compose
    from diffcli.output.plots.style import Canvas
    from diffcli.studies.curves.parameters import holding, spread

    function = spread(holding(function, parameters.held), parameters.family)
    first = holding(function, {slider.name: slider.node for slider in parameters.sliders})
    if not quiet:
        for reading in _readings(function, first):
            say(f"read as {function.read_as}: {reading}")
    kind = _kind_of_page(first, options) if is_page else options["kind"]
    request = asked.request_of(options, first, parameters, kind)
    composed = compose(first, request)
    picture, title = composed.picture, safe(options["title"]) if options["title"] else None
    canvas = Canvas(file_kind, inches, options["dpi"], asked.style(options["style"]), title)
    if composed.chosen and not quiet:
        say(f"range {composed.chosen}; choose another with --range")
    for note in composed.notes if not quiet else ():
        say(note)
    if is_printed:
        sys.stdout.write(_csv(picture))
    elif data:
        write_whole(data, _csv(picture))
    if is_page:
        from diffcli.output.plots.live import live_page

        page = live_page(function, picture, request.orders, parameters.sliders, canvas)
        for note in page.notes if not quiet else ():
            say(note)
        write_whole(output, page.text)
    elif options["animate"]:
        pictures = _moving(function, parameters, request)
        if not output:
            columns, rows = shutil.get_terminal_size()
            head = f"{title}\n" if title else ""
            play(
                head + picture.text(columns, rows - 1 - bool(title), colour=has_colour())
                for picture in pictures
            )
            return 0
        from diffcli.output.plots.movie import movie

        write_whole(output, movie([each.paint for each in pictures], canvas))
    elif output:
        from diffcli.output.plots.canvas import render

        write_whole(output, render(picture.paint, canvas))
    term, show = options["term"], options["show"]
    if show or not (output or data or term):
        term = not _in_window(picture, canvas, asked_for=show) or term
    if term:
        _in_terminal(picture, title)
    return 0


def _check_motion(options: Mapping[str, Any], file_kind: str) -> None:
    """Raise UsageError where a file moves and no variable does, or a variable where nothing can."""
    is_moving, has_file = file_kind in MOVING, options["output"] is not None
    if is_moving and not options["animate"]:
        raise UsageError(f"nothing moves in this {file_kind}", hint="--animate a=0:2")
    if is_moving:
        from diffcli.output.plots.movie import check_encoder

        check_encoder(file_kind)
    if options["animate"] and not is_moving and (has_file or not sys.stdout.isatty()):
        raise UsageError(
            "a variable moves in a gif, an mp4 or a terminal", hint="--animate a=0:2 -o plot.gif"
        )


def _moving(function: Function, parameters: Parameters, request: Request) -> list[Picture]:
    """Return the pictures of a variable that moves."""
    from diffcli.output.plots.moving import moved, travelling

    if parameters.along:
        return travelling(function, parameters.along, request)
    (parameter,) = parameters.sliders
    return moved(function, parameter, request)


def _kind_of_page(function: Function, options: Mapping[str, Any]) -> str | None:
    """Return the kind of plot that a page shows of a Function, unless another was asked for."""
    asks = {name: options[name] for name in ("fill", "proved", "equal", "symlog")}
    asks["layout"] = options["layout"] in ("twin", "stacked")
    asks["log"] = "x" in (options["log"] or "")
    for name, value in asks.items():
        if value:
            raise UsageError(f"--{name} is for pictures, not for a page", hint="-o plot.svg")
    from diffcli.output.plots.compose import kinds_of

    usual = kinds_of(function)[0]
    return options["kind"] or ("surface" if usual == "field" and function.is_scalar else usual)


def _read_equations(formulas: Sequence[str], **known: Any) -> Function:
    return read_equations(formulas, **known).function


def _readings(function: Function, drawn: Function) -> list[str]:
    """Return how a Function was read; a condition that is drawn as a region counts as itself."""
    from diffcli.output.plots.compose import kinds_of

    is_region = CONDITION in function.readings and kinds_of(drawn)[0] == "relation"
    return [reading for reading in function.readings if not (is_region and reading == CONDITION)]


def _csv(picture: Picture) -> str:
    """Return a row a sample; no value is an empty cell."""
    headings, columns = zip(*picture.columns(), strict=True)
    rows = zip(*(column.tolist() for column in columns), strict=True)
    body = (",".join("" if isnan(cell) else repr(cell) for cell in row) for row in rows)
    return "\n".join([",".join(headings), *body]) + "\n"


def _in_window(picture: Picture, canvas: Canvas, *, asked_for: bool) -> bool:
    """Draw in a window, if there can be one; raises UsageError if it was asked for."""
    if os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"):
        from diffcli.output.plots.canvas import has_windows, show

        if has_windows():
            show(picture.paint, canvas)
            return True
    if asked_for:
        raise UsageError("no window can be opened here", hint="-o plot.png, or --term")
    return False


def _in_terminal(picture: Picture, title: str | None) -> None:
    columns, rows = shutil.get_terminal_size()
    text = picture.text(columns, rows - bool(title), colour=has_colour())
    sys.stdout.write("\n".join([*([title] if title else []), text]) + "\n")
