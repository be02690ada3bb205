"""What ``steps`` tells of an equation, as a listing: either side differentiated, then solved."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from diffcli.language.latex.printer import name_latex
from diffcli.output.documents import document
from diffcli.output.lesson import Writer, proved
from diffcli.output.listing import Listing
from diffcli.output.trees import Branch, Math, equal
from diffcli.studies.steps.fits import times

if TYPE_CHECKING:
    from diffcli.output.report import Report
    from diffcli.studies.steps.implicit import ImplicitDerivation, ImplicitLesson

_SIDES = ("left side: ", "right side: ")


def implicit_listing(lesson: ImplicitLesson, report: Report) -> Listing:
    """Return a tree a derivative; ``report`` says what was asked."""
    names = lesson.equations.function.variables
    return Listing(
        formulas=(),
        trees=tuple(_tree(done, _writer(lesson, done), names) for done in lesson.derivations),
        blocks=(),
        remarks=(),
        document={
            **document(report),
            "results": [_record(done, _writer(lesson, done)) for done in lesson.derivations],
        },
    )


def _writer(lesson: ImplicitLesson, done: ImplicitDerivation) -> Writer:
    names = {done.prime: f"{name_latex(done.dependent)}'"}
    return Writer(lesson.equations.function, names)


def _tree(done: ImplicitDerivation, writer: Writer, names: tuple[str, ...]) -> Branch:
    y, x = name_latex(done.dependent), name_latex(done.wrt)
    several = len(names) > 2
    sign, tex = ("∂", r"\partial ") if several else ("d", "d")
    ratio = Math(f"{sign}{done.dependent}/{sign}{done.wrt}", rf"\frac{{{tex}{y}}}{{{tex}{x}}}")
    independent = [name for name in names if name != done.dependent]
    prime = writer.math(done.prime)
    slopes = [writer.math(step.lines[-1]) for step in done.steps]
    solved = equal(writer.math(times(done.factor, done.prime)), writer.math(done.rest))
    sides = [writer.step(step, (side,)) for step, side in zip(done.steps, _SIDES, strict=True)]
    return Branch(
        (
            equal(*map(writer.math, done.sides)),
            f",  where {done.dependent} is a function of {' and '.join(independent)},  ",
            equal(prime, ratio),
        ),
        (
            *sides,
            Branch(("3  the sides are equal, and so are their derivatives:  ", equal(*slopes))),
            Branch(("4  solved for ", prime, ":  ", solved)),
            Branch((equal(prime, writer.math(done.tidied)), f"   ({proved(done.proof)})")),
        ),
    )


def _record(done: ImplicitDerivation, writer: Writer) -> dict[str, Any]:
    return {
        "entry": done.wrt,
        "dependent": done.dependent,
        "of": [writer.text(side) for side in done.sides],
        "steps": [writer.step_record(step) for step in done.steps],
        "factor": writer.text(done.factor),
        "rest": writer.text(done.rest),
        "derivative": writer.text(done.derivative),
        "tidied": writer.text(done.tidied),
        "latex": writer.math(done.tidied).latex,
        "proof": "exact" if done.proof.exact else f"{done.proof.points} points",
    }
