"""Formulas are read as on paper; every refusal shows the place and the remedy."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from texts import formulas, rows

from diffcli import errors
from diffcli.language import remedies
from diffcli.language.expression import Node
from diffcli.language.functions import ANY, BY_NAME
from diffcli.language.parser import parse, unambiguous
from diffcli.language.printer import text_of

READINGS = [*rows("readings.txt"), *rows("tensors.txt")]


@pytest.mark.sampled(6)
@pytest.mark.parametrize(("typed", "read_as", "echoed"), READINGS)
def test_reading(typed: str, read_as: str, echoed: str) -> None:
    function = parse(typed)
    assert function.read_as == read_as
    if echoed == "-":
        assert function.readings == ()
    else:
        assert any(echoed in reading for reading in function.readings)


@pytest.mark.sampled(6)
@pytest.mark.parametrize(("typed", "read_as", "echoed"), READINGS)
def test_printing_and_reading_again_is_the_identity(typed: str, read_as: str, echoed: str) -> None:
    function = parse(typed)
    again = parse(function.read_as, variables=function.variables)
    assert again.outputs == function.outputs
    assert again.read_as == read_as


@pytest.mark.sampled(3)
@pytest.mark.parametrize(("typed", "error", "column", "words"), rows("refusals.txt"))
def test_refusal(typed: str, error: str, column: str, words: str) -> None:
    with pytest.raises(getattr(errors, error)) as caught:
        parse(typed)
    assert words in str(caught.value)
    assert caught.value.column == int(column)
    assert caught.value.hint


def test_declared_names_are_variables_whatever_else_they_mean() -> None:
    names = [
        "e",
        "E",
        "I",
        "S",
        "N",
        "O",
        "Q",
        "beta",
        "gamma",
        "zeta",
        "lambda",
        "re",
        "im",
        "sin",
    ]
    function = parse("*".join(names), variables=names)
    assert function.variables == tuple(names)
    assert {leaf.op for leaf in function.outputs[0].args} == {"variable"}
    assert "e is a variable here" in function.readings


def test_declared_letters_make_a_product_and_a_declared_name_stays_whole() -> None:
    assert parse("uv", declared="uv").read_as == "u*v"
    assert parse("uv", declared=["uv", "u", "v"]).read_as == "uv"
    assert parse("a(b+c)", declared="abc").read_as == "a*(b + c)"
    assert parse("uv^2", declared="uv").read_as == "u*v**2"


def test_variables_are_ordered_naturally_or_as_told() -> None:
    assert parse("x10 + x2 + x1 + b").variables == ("b", "x1", "x2", "x10")
    assert parse("x + y + a", variables=["y", "x"]).variables == ("y", "x", "a")


def test_numbers_are_exact() -> None:
    (output,) = parse("0.1").outputs
    assert output.value is not None
    assert output.value == parse("1/10").outputs[0].args[0].value / 10  # type: ignore[operator]


def test_definitions_are_read_first_and_shared() -> None:
    function = parse("y*y", definitions=["y = x + 2"])
    assert function.read_as == "y = x + 2; y*y"
    assert function.variables == ("x",)
    lines = parse("y = x + 2  # first\nz = y^2\nz +\n  1")
    assert lines.read_as == "y = x + 2; z = y**2; z + 1"


def test_the_imaginary_unit_needs_complex_numbers() -> None:
    assert parse("i*x").variables == ("i", "x")
    assert parse("i*x", complex_numbers=True).variables == ("x",)


def test_equal_subterms_are_one_node() -> None:
    function = parse("sin(x+1)^2 + cos(x+1)^2 + (x+1)")
    assert sum(each.op == "add" and len(each.args) == 2 for each in function.nodes) == 1


def test_long_and_deep_formulas() -> None:
    assert len(parse("+".join(f"{i}x" for i in range(5000))).outputs[0].args) == 5000
    assert len(parse("sin(" * 100 + "x" + ")" * 100).nodes) == 101
    assert len(parse("/".join("x" * 10_000)).nodes) == 10_000
    assert parse("(" * 200 + "x" + ")" * 200).read_as == "x"
    logistic = ["f0 = x", *(f"f{i + 1} = 3.5*f{i}*(1 - f{i})" for i in range(60)), "f60"]
    assert len(parse("; ".join(logistic)).nodes) < 250


@pytest.mark.sampled(12)
@pytest.mark.parametrize(
    "typed",
    [
        "sin(" * 101 + "x" + ")" * 101,
        "(" * 100_000 + "x" + ")" * 100_000,
        "[" * 100_000,
        "|" * 100_000,
        "-" * 100_000 + "x",
        "√" * 100_000 + "x",
        "^".join("x" * 100_000),
        " if x>0 else ".join("x" * 100_000),
        "not " * 100_000 + "x>0",
        "sin " * 100_000 + "x",
        "x" + "+x" * 600_000,
        "1" * 500,
    ],
    ids=lambda typed: typed[:8],
)
def test_limits(typed: str) -> None:
    with pytest.raises((errors.LimitError, errors.FormulaError)):
        parse(typed)


@given(formulas())
def test_any_formula_prints_to_text_that_reads_back(formula: Node) -> None:
    text = text_of(formula)
    again = parse(text, variables=["x", "y", "x1", "theta"])
    assert again.outputs == (formula,)


@settings(max_examples=20)
@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        outputs = parse(text).outputs
    except (errors.FormulaError, errors.LimitError):
        return
    assert outputs


def test_every_row_is_read_by_every_spelling() -> None:
    for spelling, row in BY_NAME.items():
        if row.name in ("piecewise", "log"):
            continue
        least, most = row.arity
        arguments = ", ".join(f"x{i}" for i in range(2 if most == ANY else least))
        assert row.name == "mod" or parse(f"{spelling}({arguments})").outputs[0].op == row.name


@pytest.mark.parametrize(
    ("typed", "again"),
    [
        ("log x", "ln(x)"),
        ("tau*x", "(2*pi)*x"),
        ("1/2x", "(1/2)*x"),
        ("sin^-1 x", "asin(x)"),
        ("rate*x", "rate*x"),
        ("y = 3x + 2", "y = 3*x + 2; y"),
        ("x^T A x", "x.T @ A @ x"),
    ],
)
def test_what_is_said_to_have_one_reading_has_one(typed: str, again: str) -> None:
    function = parse(typed)
    assert function.readings
    assert unambiguous(function) == again
    assert parse(again, variables=function.variables).readings == ()


@pytest.mark.sampled(3)
@pytest.mark.parametrize(("typed", "remedy"), rows("remedies.txt"))
def test_a_remedy_is_in_the_hint_and_is_read(typed: str, remedy: str) -> None:
    with pytest.raises(errors.FormulaError) as caught:
        parse(typed)
    assert remedy in str(caught.value.hint)
    assert parse(remedy).outputs


def test_every_remedy_of_the_tables_is_tried() -> None:
    typed = " ".join(row[0] for name in ("remedies.txt", "refusals.txt") for row in rows(name))
    for table in (remedies.SIGNS, remedies.FUNCTIONS):
        assert [key for key in table if key not in typed] == []


@pytest.mark.parametrize("typed", ["Σ x_i", "Σ_i x_i^2", "Σ(x)", "2Π x", "Πx^2"])
def test_a_letter_in_the_place_of_a_sign_of_summation_is_refused(typed: str) -> None:
    with pytest.raises(errors.FormulaError, match="is a letter here"):
        parse(typed)


@pytest.mark.parametrize("typed", ["Σ^2 + 1", "Σ_1*x", r"\Sigma x", "Sigma x", "2*Σ"])
def test_a_letter_that_can_be_no_sign_of_summation_is_a_variable(typed: str) -> None:
    assert any(name.startswith("Sigma") for name in parse(typed).variables)


def test_a_declared_letter_is_a_variable_wherever_it_stands() -> None:
    assert parse("Σ x", variables=["Sigma"]).read_as == "Sigma*x"


def test_a_letter_with_bounds_is_the_sign() -> None:
    assert parse("Σ_{i=1}^{3} x_i^2").read_as == "x_1**2 + x_2**2 + x_3**2"
