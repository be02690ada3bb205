"""``diffcli graph``: autograd's backward graph."""

from __future__ import annotations

import shutil
from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from typer import Option

from diffcli.cli.answer import serve
from diffcli.cli.options import Common, Formulas, names
from diffcli.derivation import Settings
from diffcli.errors import LimitError, UsageError
from diffcli.language.function import Function
from diffcli.language.points import Point
from diffcli.output.document import Answer
from diffcli.output.files import check_writable, ending, write_whole
from diffcli.programs import called

if TYPE_CHECKING:
    from diffcli.studies.graph.backward import BackwardGraph

EXAMPLES = """\
diffcli graph "2 sin(a) + 1" --at a=1
diffcli graph "x*x - 4x - 5" --at 0 --backward 3 --zero 1
diffcli graph "x^2 y" --at 1,2 -o graph.svg"""

TEXTS = ("dot", "gv")
PICTURES = ("svg", "png", "pdf")
MOST_PASSES = 10_000
SECONDS = 60.0
"""Longest time of Graphviz."""


def _option(name: str, metavar: str, what: str, **more: Any) -> Any:
    return Option(
        name, metavar=metavar, help=what, rich_help_panel="Graph", show_default=False, **more
    )


def graph(
    formulas: Formulas = None,
    *,
    common: Common,
    backward: Annotated[
        int, _option("--backward", "N", "Passes; their gradients add up.", min=1, max=MOST_PASSES)
    ] = 1,
    zero: Annotated[
        str | None, _option("--zero", "I,J", "Clear the gradients after these passes.")
    ] = None,
) -> int:
    """Show autograd's backward graph, and what flows in it.

    Each node has the value computed there and the gradient of the result in it; AccumulateGrad
    is a leaf. -o graph.dot, .svg, .png or .pdf writes it to a file.
    """
    cleared = _passes(zero)
    if not (common.at or common.points):
        raise UsageError("a graph at which point?", hint='diffcli graph "2 sin(a) + 1" --at a=1')
    kind = ending(common.output)
    file = common.output if kind in (*TEXTS, *PICTURES) else None
    if file:
        check_writable(file)
        common = replace(common, output=None)

    def study(function: Function, points: Sequence[Point], chosen: Settings) -> Answer:
        from diffcli.studies.graph.backward import trace
        from diffcli.studies.graph.document import answer

        found = [
            trace(function, point, chosen, passes=backward, cleared_after=cleared)
            for point in points
        ]
        if file:
            _write(found, file, kind)
        return answer(found)

    return serve(study, formulas or (), common, single=file)


def _passes(text: str | None) -> Collection[int]:
    chosen = names(text)
    if not all(each.isdecimal() for each in chosen):
        raise UsageError(f"{text!r} can't be given to --zero", hint="numbers of passes: 1,3")
    return [int(each) for each in chosen]


def _write(found: Sequence[BackwardGraph], file: Path, kind: str) -> None:
    """Write the one graph: in Graphviz's language, or drawn by Graphviz where it is installed."""
    if len(found) > 1:
        raise UsageError("several points, and one graph is drawn", hint="draw them one by one")
    from diffcli.studies.graph.document import dot

    if kind in TEXTS:
        write_whole(file, dot(found[0]))
    elif program := shutil.which("dot"):
        try:
            drawn = called([program, f"-T{kind}"], SECONDS, dot(found[0]).encode())
        except LimitError as error:
            error.hint = "its own language takes no time: -o graph.dot"
            raise
        if drawn.returncode:
            raise UsageError(
                f"{program} can't draw the graph: {drawn.stderr.decode(errors='replace').strip()}",
                hint="its own language: -o graph.dot",
            )
        write_whole(file, drawn.stdout)
    else:
        from diffcli.output.plots.backward import graph_figure

        write_whole(file, graph_figure(found[0], kind))
