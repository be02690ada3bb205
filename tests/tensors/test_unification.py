"""The most general shapes of formulas, worked out by hand."""

from __future__ import annotations

import pytest

from diffcli.differentiation.forms.assumed import assumed_form, in_words, shapes_for_operator
from diffcli.language.declarations import declarations
from diffcli.language.parser import parse
from diffcli.operators import Grad


@pytest.mark.parametrize(
    ("formula", "shapes", "expected"),
    [
        ("norm(X@w - y)^2", None, {"X": "mn", "w": "n", "y": "m"}),
        ("norm(X@W - Y)^2", None, {"W": "mn", "X": "pm", "Y": "pn"}),
        ("trace(A@X@B@X)", None, {"A": "mn", "B": "mn", "X": "nm"}),
        ("logdet(A + X@X.T)", None, {"A": "mm", "X": "mn"}),
        ("x.T @ solve(A, y)", None, {"A": "nn", "x": "n", "y": "n"}),
        ("norm(M - U@V.T)", None, {"M": "mn", "U": "mp", "V": "np"}),
        ("sum(softmax(Q@K.T)@V)", None, {"K": "mn", "Q": "pn", "V": "mk"}),
        ("norm(X@w - y)", "w=(5)", {"X": "n5", "w": "5", "y": "n"}),
        ("norm(X@w - y)", "w=k", {"X": "nk", "w": "k", "y": "n"}),
        ("a.T @ X @ b + c.T @ d", None, {"X": "mn", "a": "m", "b": "n", "c": "p", "d": "p"}),
        ("norm(A[1:] @ x - y[1:])", None, {"A": "mn", "x": "n", "y": "m"}),
        ("sum((x[1:] - x[:-1])^2) + sum(y)", None, {"x": "m", "y": "n"}),
    ],
)
def test_lengths_are_equal_where_the_formula_needs_it(
    formula: str, shapes: str | None, expected: dict[str, str]
) -> None:
    function = parse(formula, said=declarations(shapes, None))
    whole, found = shapes_for_operator(Grad(), function)
    names = whole.said.any_length
    assert {
        name: "".join(names.get(length, str(length)) for length in shape)
        for name, shape in found.items()
    } == expected


def test_lengths_that_are_made_of_others_fall_back_on_one() -> None:
    _, found = shapes_for_operator(Grad(), parse("sum(A[1:] @ A)"))
    assert len(set(found["A"])) == 1


def test_the_guess_names_lengths_where_there_are_several() -> None:
    function = parse("norm(X@w - y)")
    _, words = assumed_form(Grad(wrt=("w",)), function)
    assert words == "X for a matrix (m,n), w for a vector of n, y for a vector of m"
    _, words = assumed_form(Grad(), parse("x @ A @ x"))
    assert words == "A for a square matrix, x for a vector"
    whole, shapes = shapes_for_operator(Grad(), function)
    assert "(m,n)" in in_words(function, whole, shapes)
