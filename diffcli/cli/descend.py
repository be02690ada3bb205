"""``diffcli descend``: the way to a minimum, step by step."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from typer import Option

from diffcli.cli.answer import serve
from diffcli.cli.messages import say
from diffcli.cli.options import Common, Formulas, one_of
from diffcli.cli.progress import progress
from diffcli.cli.settings import format_name, view
from diffcli.derivation import Settings
from diffcli.errors import UsageError
from diffcli.language.function import Function
from diffcli.language.points import Point
from diffcli.output.document import Answer
from diffcli.output.files import check_writable, ending, write_whole

if TYPE_CHECKING:
    from diffcli.studies.descent.descend import Descent, Step

EXAMPLES = """\
diffcli descend "x^2 + y^2" --from 1.1,2.1 --lr 0.05
diffcli descend "(1-x)^2 + 100(y-x^2)^2" --from -1.2,1 --optimizer newton -o path.png
diffcli descend "x*exp(-x)" --from 0.5 --maximize --project "0<=x<=3" """.rstrip()

PICTURES = ("png", "svg", "pdf")
_DESCENT = "Descent"
_OPTIMIZERS = "sgd, momentum, adam, rmsprop, adagrad, lbfgs, newton."


def _option(name: str, metavar: str | None, what: str, **more: Any) -> Any:
    return Option(
        name, metavar=metavar, help=what, rich_help_panel=_DESCENT, show_default=False, **more
    )


def descend(
    formulas: Formulas = None,
    *,
    common: Common,
    start: Annotated[
        list[str] | None, _option("--from", "POINT", "Where it starts: x=1,y=2.")
    ] = None,
    optimizer: Annotated[str, _option("--optimizer", "NAME", _OPTIMIZERS)] = "sgd",
    lr: Annotated[
        float | None, _option("--lr", "RATE", "The learning rate; 1/λ for sgd.", min=1e-300)
    ] = None,
    steps: Annotated[int, _option("--steps", "N", "At most; 100.", min=0)] = 100,
    tol: Annotated[
        float, _option("--tol", "NORM", "Of the gradient, where it ends; 1e-8.", min=0)
    ] = 1e-8,
    maximize: Annotated[bool, _option("--maximize", None, "Ascend.")] = False,
    project: Annotated[
        str | None, _option("--project", "BOUNDS", "Stay within: x>=0, or 0<=x<=1,y<=2.")
    ] = None,
    every: Annotated[int | None, _option("--every", "K", "Show every K-th step.", min=1)] = None,
) -> int:
    """Descend along the gradient to a minimum, step by step.

    The end is what kind of point was reached, its gradient certified. Divergence, stagnation and
    leaving the domain are noticed. -o path.png draws the way.
    """
    given = [*(start or ()), *(common.at or ())]
    if not (given or common.points):
        raise UsageError("where does it start?", hint="name a point: --from x=1,y=2")
    common = replace(common, at=given)
    picture = common.output if ending(common.output) in PICTURES else None
    if picture:
        check_writable(picture)
        common = replace(common, output=None)

    def study(function: Function, points: Sequence[Point], chosen: Settings) -> Answer:
        from diffcli.language.bounds import read_bounds
        from diffcli.studies.descent.descend import Plan, descend
        from diffcli.studies.descent.document import MAX_STEPS, answer
        from diffcli.studies.descent.optimizers import OPTIMIZERS

        plan = Plan(
            optimizer=one_of(optimizer, OPTIMIZERS, "--optimizer"),
            rate=lr,
            steps=steps,
            tolerance=tol,
            maximize=maximize,
            bounds=read_bounds(project, function.variables) if project else {},
        )
        found = []
        for point in points:
            with _watched(steps, quiet=common.quiet) as watch:
                found.append(descend(function, point, plan, chosen, watch))
        if picture:
            _draw(function, found, picture)
        whole = format_name(common) == "csv"
        return answer(found, every=1 if whole else every, most=view(common).rows or MAX_STEPS)

    return serve(study, formulas or (), common, single=picture)


@contextmanager
def _watched(total: int, *, quiet: bool) -> Iterator[Callable[[Step], None]]:
    """Give what is to be called with every step; an interrupt says how far it came."""
    last: list[Step] = []

    def watch(step: Step) -> None:
        last[:] = [step]
        show(step.step)

    try:
        with progress("descending", total, quiet=quiet) as show:
            yield watch
    except KeyboardInterrupt:
        if last and not quiet:
            (step,) = last
            place = ", ".join(f"{name} = {x:.6g}" for name, x in step.coordinates.items())
            say(f"interrupted at step {step.step}: f = {step.value:.6g} at {place}")
        raise


def _draw(function: Function, found: Sequence[Descent], path: Path) -> None:
    """Draw the way of the one descent."""
    if len(found) > 1:
        raise UsageError("several starts, and one path is drawn", hint="draw them one by one")
    from diffcli.output.plots.path import path_figure
    from diffcli.output.plots.style import Canvas

    points = [list(step.coordinates.values()) for step in found[0].steps]
    write_whole(path, path_figure(function, points, Canvas(kind=ending(path))))
