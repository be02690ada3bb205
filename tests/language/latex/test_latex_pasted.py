r"""Formulas as they are pasted from pages, papers and chats have the value by hand, or are refused.

``data/latex_pasted.txt`` has each formula as it is pasted, a point, and its value as a formula of
mpmath that was written by hand. Nothing of diffcli is in that value.
"""

from __future__ import annotations

import ast
import keyword
import re
from fractions import Fraction
from pathlib import Path
from typing import Any

import mpmath
import pytest

from diffcli import errors
from diffcli.differentiation import Settings, derive
from diffcli.engines.enclosure import partials
from diffcli.language.function import Function
from diffcli.language.given import given_by
from diffcli.language.parser import parse
from diffcli.language.points import Point, read_points
from diffcli.operators import Eval

DATA = Path(__file__).parents[2] / "data"
NAMESPACE = {name: getattr(mpmath, name) for name in dir(mpmath) if not name.startswith("_")} | {
    "abs": abs, "max": max, "min": min, "mpbeta": mpmath.beta, "si": mpmath.si,
}  # fmt: skip


def lines(name: str) -> list[list[str]]:
    text = (DATA / name).read_text(encoding="utf-8")
    return [line.split(" @@ ") for line in text.splitlines() if line and not line.startswith("#")]


PASTED, REFUSED = lines("latex_pasted.txt"), lines("latex_refused.txt")


def numbers(typed: str) -> Any:
    if "[" not in typed:
        exact = Fraction(typed)
        return mpmath.mpf(exact.numerator) / exact.denominator
    return ast.literal_eval(typed)


def by_hand(value: str, point: str) -> float:
    """Return the value that stands in the data, by mpmath alone."""
    names = dict(NAMESPACE)
    for pair in re.split(r",(?=[A-Za-z])", point):
        name, _, typed = pair.strip().partition("=")
        names[f"{name}_" if keyword.iskeyword(name) else name] = numbers(typed)
    with mpmath.workdps(25):
        return float(eval(value, names))  # noqa: S307


def evaluated(function: Function, at: Point) -> float:
    """Return the value of the one formula: from Arb, or where that has none from torch."""
    (output,) = function.outputs
    if all(isinstance(value, type(output)) for value in at.values.values()):
        ball = partials(output, at.values, [()], digits=15)[()].ball
        if ball is not None:
            return float(ball.mid())
    return derive(Eval(), function, [at], Settings(budget=0)).results[0].value


def read(latex: str, point: str) -> tuple[Function, Point]:
    (typed,) = read_points([point])
    function = parse(latex, declared=typed.named, given=given_by([typed]))
    return function, typed.bind(function.variables, dict(function.definitions))


@pytest.mark.sampled(14)
@pytest.mark.parametrize(("latex", "point", "value"), PASTED, ids=[row[0] for row in PASTED])
def test_a_pasted_formula_has_the_value_by_hand(latex: str, point: str, value: str) -> None:
    function, at = read(latex, point)
    assert evaluated(function, at) == pytest.approx(by_hand(value, point), rel=1e-10, abs=1e-12)


@pytest.mark.parametrize(("latex", "said"), REFUSED, ids=[row[0] for row in REFUSED])
def test_what_isnt_read_is_refused_with_a_remedy(latex: str, said: str) -> None:
    with pytest.raises(errors.FormulaError) as caught:
        parse(latex)
    assert said in f"{caught.value.message} {caught.value.hint}"


def test_there_are_500_formulas_and_95_percent_are_read() -> None:
    every = {row[0] for row in (*PASTED, *REFUSED)}
    assert len(every) == len(PASTED) + len(REFUSED) >= 500
    assert len(PASTED) >= 0.95 * len(every)
