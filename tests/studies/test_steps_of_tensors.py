"""Derivations by differentials: every line is true, whatever the change of the variable."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest
import torch
from torch.autograd import functional

from diffcli.cli.main import run
from diffcli.language.expression import VARIABLE, Node, postorder, variable
from diffcli.language.function import Function
from diffcli.language.parser import parse
from diffcli.tensors.calculus.derivation import derivation
from diffcli.tensors.calculus.networks import Space
from diffcli.tensors.shapes import shapes_of
from tests.tensors.random_formulas import Formulas, Shape
from tests.tensors.test_published_forms import evaluated

SHAPES: Mapping[str, Shape] = {
    "x": (3,), "y": (4,), "A": (3, 3), "B": (3, 3), "X": (4, 3), "w": (3,), "Y": (4, 2),
    "W": (3, 2),
}  # fmt: skip
FORMULAS = [
    ("norm(X@w - y)^2", "w"),
    ("log(det(A))", "A"),
    ("trace(A@B@A)", "A"),
    ("inv(A.T @ A)", "A"),
    ("softmax(A@x + w)", "x"),
    ("-sum(Y*log_softmax(X@W, axis=1))", "W"),
    ("dot(x, w)/(norm(x)*norm(w))", "x"),
    ("-(x - w) @ inv(A) @ (x - w)/2 - logdet(A)/2", "A"),
    ("sum(log(1 + exp(-y*(X@w))))", "w"),
]


@pytest.mark.parametrize(("formula", "name"), FORMULAS)
def test_every_line_is_true(formula: str, name: str) -> None:
    function = parse(formula, declared=SHAPES)
    assert check(function, {each: SHAPES[each] for each in function.variables}, name)


def test_every_line_of_random_formulas_is_true() -> None:
    count = 0
    for seed in range(10):
        formulas = Formulas(seed)
        function = parse(formulas.formula((), 2), declared=formulas.shapes)
        shapes = {each: formulas.shapes[each] for each in function.variables}
        count += sum(check(function, shapes, name) for name in shapes)
    assert count > 20


def check(function: Function, shapes: Mapping[str, Shape], name: str) -> int:
    """Compare both sides of each line at a random point and change; return how many there are."""
    chance = np.random.default_rng(len(name))
    at = {each: torch.tensor(chance.uniform(0.5, 1.5, shape)) for each, shape in shapes.items()}
    for value in at.values():
        if value.ndim == 2:
            value.add_(3 * torch.eye(*value.shape))
    change = torch.tensor(chance.normal(size=shapes[name]))
    (root,) = function.outputs
    known = {variable(each): shape for each, shape in shapes.items()}
    found = derivation(Space(known | shapes_of(function, shapes)), root, name)

    def along(term: Node) -> torch.Tensor:
        """Return what torch says the change of a term is."""
        return functional.jvp(
            lambda own: evaluated([term], {**at, name: own})[0], at[name], change
        )[1]

    changes = {str(mark.value): along(term) for term, mark in found.differentials.items()}
    whole = along(root)
    for line in found.lines:
        rule, total = evaluated([line.rule, line.whole], {**at, **changes})
        expected = along(line.term)
        torch.testing.assert_close(rule.broadcast_to(expected.shape), expected)
        torch.testing.assert_close(total.broadcast_to(whole.shape), whole)
    last = [found.lines[-1].whole] if found.lines else []
    marks = {str(each.value) for each in postorder(last) if each.op == VARIABLE} & {*changes}
    assert marks <= {f"d{name}"}
    return len(found.lines)


def test_the_derivation_of_log_det(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["steps", "log(det(X))", "--format", "plain", "-q"]) == 0
    shown = capsys.readouterr().out
    assert "d(det(X)) = det(X)*trace(inv(X) @ dX)" in shown
    assert "df = trace(inv(X) @ dX)" in shown
    assert "inv(X).T" in shown
    assert "3 random points" in shown


def test_a_second_order_of_tensors_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["steps", "norm(x)^2", "--order", "2"]) == 2
    assert "hessian gives the second one in closed form" in capsys.readouterr().err
