"""Gradient descent, step by step.

``objective`` is what is minimised, ``optimizers`` how it moves, ``safety`` which moves are proved,
``descend`` the way and its end, ``document`` shows them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

from diffcli.commands.record import Command, Plan, Request
from diffcli.errors import UsageError
from diffcli.options import OF_DERIVATIVES, Kind, Option, one_of

if TYPE_CHECKING:
    from diffcli.differentiation import Settings
    from diffcli.language.function import Function
    from diffcli.language.points import Point
    from diffcli.output.document import Answer
    from diffcli.studies.descent.descend import Descent, Step

PICTURES = ("png", "svg", "pdf", "gif", "mp4")
_DESCENT = "Descent"
FROM = Option(
    "from", Kind.POINTS, "Point to start at, as in x=1,y=2.", metavar="POINT", group=_DESCENT
)
OPTIMIZER = Option(
    "optimizer",
    Kind.TEXT,
    "How to step: {choices} (default sgd).",
    default="sgd",
    metavar="NAME",
    group=_DESCENT,
    choices=("sgd", "momentum", "adam", "rmsprop", "adagrad", "lbfgs", "newton"),
)
LR = Option(
    "lr",
    Kind.REAL,
    "Learning rate (default for sgd: 1/λ, λ the Hessian's largest eigenvalue).",
    metavar="RATE",
    group=_DESCENT,
    least=1e-300,
)
STEPS = Option(
    "steps",
    Kind.WHOLE,
    "Most steps to take (default 100).",
    default=100,
    metavar="N",
    group=_DESCENT,
    least=0,
)
TOL = Option(
    "tol",
    Kind.REAL,
    "Norm of the gradient below which to stop (default 1e-8).",
    default=1e-8,
    metavar="NORM",
    group=_DESCENT,
    least=0,
)
MAXIMIZE = Option(
    "maximize", Kind.FLAG, "Ascend to a maximum instead.", default=False, group=_DESCENT
)
SAFE = Option(
    "safe",
    Kind.FLAG,
    "Shorten each step until it is proved to decrease f, or to increase it with --maximize.",
    default=False,
    group=_DESCENT,
)
PROJECT = Option(
    "project",
    Kind.TEXT,
    "Stay within these bounds: x>=0, or 0<=x<=1,y<=2.",
    metavar="BOUNDS",
    group=_DESCENT,
)
EVERY = Option(
    "every",
    Kind.WHOLE,
    "Show every K-th step alone (default about a hundred steps).",
    metavar="K",
    group=_DESCENT,
    least=1,
    is_local=True,
)
PLAY = Option(
    "play",
    Kind.FLAG,
    "Play the path on the terminal, step by step, before the answer.",
    default=False,
    group=_DESCENT,
    is_local=True,
)


def plan(request: Request) -> Plan:
    """Return how a descent is computed."""
    start = [*(request["from"] or ()), *(request["at"] or ())]
    if not (start or request["points"]):
        raise UsageError("where does it start?", hint="name a point: --from x=1,y=2")

    def compute(function: Function, points: Sequence[Point], chosen: Settings) -> Answer:
        from diffcli.language.ranges import read_bounds
        from diffcli.studies.descent.descend import DescentOptions as Descending
        from diffcli.studies.descent.descend import descend
        from diffcli.studies.descent.document import MAX_STEPS, answer

        bounds, steps = request["project"], request["steps"]
        way = Descending(
            optimizer=one_of(request["optimizer"], OPTIMIZER.values(), "--optimizer"),
            rate=request["lr"],
            steps=steps,
            tolerance=request["tol"],
            maximize=request["maximize"],
            safe=request["safe"],
            bounds=read_bounds(bounds, function.variables) if bounds else {},
        )
        descents = []
        for point in points:
            with _watched(steps, request) as watch:
                descents.append(descend(function, point, way, chosen, watch))
        has_all = request["format"] == "csv" and not request["json"]
        every = 1 if has_all else request["every"]
        return answer(
            descents,
            every=every,
            most=request.host.rows or MAX_STEPS,
            draw=partial(_drawn, function, descents),
            figure=partial(_beside, function, descents),
            frames=partial(_played, function, descents) if request["play"] else None,
        )

    return Plan(compute, at=start)


def _drawn(function: Function, descents: Sequence[Descent], kind: str) -> bytes:
    """Return a picture of the way of the one descent."""
    from diffcli.output.plots.path import path_figure
    from diffcli.output.plots.style import Canvas

    return path_figure(function, _way(descents), Canvas(kind=kind))


def _beside(function: Function, descents: Sequence[Descent]) -> str | None:
    """Return the way of one descent as a figure of HTML, None where none can be drawn."""
    from diffcli.errors import DiffcliError
    from diffcli.output.plots.path import path_html

    try:
        return path_html(function, _way(descents))
    except (DiffcliError, ArithmeticError):
        return None


def _played(
    function: Function,
    descents: Sequence[Descent],
    columns: int,
    rows: int,
    colour: bool,
) -> Iterator[str]:
    """Return the pictures of the way of the one descent, as text."""
    from diffcli.output.plots.path_text import path_texts

    return path_texts(function, _way(descents), columns, rows - 1, colour=colour)


def _way(descents: Sequence[Descent]) -> list[list[float]]:
    """Return the steps of the one descent. Raises UsageError where there are several."""
    if len(descents) > 1:
        raise UsageError("several starts, and one path is drawn", hint="draw them one by one")
    return [list(step.coordinates.values()) for step in descents[0].steps]


@contextmanager
def _watched(total: int, request: Request) -> Iterator[Callable[[Step], None]]:
    """Give a callback for every step; an interrupt says how far the descent came."""
    last: list[Step] = []

    def watch(step: Step) -> None:
        last[:] = [step]
        show(step.step)

    try:
        with request.host.progress("descending", total) as show:
            yield watch
    except KeyboardInterrupt:
        if last:
            (step,) = last
            where = ", ".join(f"{name} = {x:.6g}" for name, x in step.coordinates.items())
            request.host.say(f"interrupted at step {step.step}: f = {step.value:.6g} at {where}")
        raise


COMMAND = Command(
    "descend",
    help="""Descend along the gradient to a minimum, step by step.

The end is what kind of point was reached, its gradient certified. Divergence, stagnation and
leaving the domain are noticed. -o path.png draws the way; path.gif and, by
ffmpeg, path.mp4 show it step by step, --play in the terminal.""",
    examples="""\
diffcli descend "x^2 + y^2" --from 1.1,2.1 --lr 0.05
diffcli descend "(1-x)^2 + 100(y-x^2)^2" --from -1.2,1 --optimizer newton -o path.png
diffcli descend "x*exp(-x)" --from 0.5 --maximize --project "0<=x<=3" """.rstrip(),
    options=(FROM, OPTIMIZER, LR, STEPS, TOL, MAXIMIZE, SAFE, PROJECT, EVERY, PLAY),
    unused=OF_DERIVATIVES,
    beside=PICTURES,
    plan=plan,
)
