"""Whoever writes a derivative means that derivative, not the derivative of it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from random import Random

import pytest
from sessions import Recorder

from diffcli.cli.main import run
from diffcli.errors import FormulaError
from diffcli.language.parser import parse
from diffcli.repl.session import Session

POWERS = {"x^3": "3*x^2", "sin(x)": "cos(x)", "exp(2x)": "2*exp(2x)", "1/x": "-1/x^2"}
"""Formulas and their derivatives, by hand."""


def ways(formula: str, random: Random) -> str:
    """Write the derivative of a formula in x in one of the usual ways."""
    ways = ["d/dx ({})", "diff({}, x)", "d({})/dx", "∂/∂x ({})", "y = {}; dy/dx", "D[{}, x]"]
    text = random.choice([*ways, r"\frac{{d}}{{dx}} \left({}\right)"]).format(formula)
    return random.choice(["{}", "({})" if ";" not in text else "{}"]).format(text)


def document(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict:
    assert run([*arguments, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


@pytest.mark.sampled(4)
@pytest.mark.parametrize("seed", range(12))
def test_a_derivative_is_answered_and_checked_as_it_is_written(
    seed: int, capsys: pytest.CaptureFixture[str]
) -> None:
    random = Random(seed)
    formula, derivative = random.choice(list(POWERS.items()))
    typed = ways(formula, random)
    (result,) = document(capsys, "grad", typed, "--at", "2")["results"]
    (expected,) = document(capsys, "eval", derivative, "--at", "2")["results"]
    assert result["derivative"] == {"x": expected["value"]}
    assert run(["check", typed, derivative]) == 0
    assert "asked for" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("typed", "wrt", "formula"),
    [
        ("d/dx x^2", ("x",), "x**2"),
        ("d^2/dx^2 sin(x)", ("x", "x"), "sin(x)"),
        ("diff(x^2 y^3, x, y)", ("x", "y"), "x**2*y**3"),
        ("diff(diff(x^3, x), x)", ("x",), "3*x**2"),
        ("sin''(t)", ("t", "t"), "sin(t)"),
        ("y = x^2; dy/dx", ("x",), "y = x**2; y"),
        ("-d/dx x^2", ("x",), "-x**2"),
        ("3 d/dx x^2", ("x",), "3*x**2"),
        ("diff(max(x, 1), x)", ("x",), "max(x, 1)"),
        ("d/dx 5", ("x",), "5"),
        (r"(\cos x)'", ("x",), "cos(x)"),
        (r"\left(t^3\right)''", ("t", "t"), "t**3"),
        (r"\left(x^2\right)' + x", (), "2*x + x"),
        ("x + d/dx x^2", (), "x + 2*x"),
        ("2^(d/dx x^2)", (), "2**(2*x)"),
        ("1/d/dx x^2", (), None),
        ("sin'(2x)", (), "cos(2*x)"),
    ],
)
def test_a_whole_derivative_is_left_to_be_taken(
    typed: str, wrt: tuple[str, ...], formula: str | None
) -> None:
    function = parse(typed, leaves_derivative=True)
    assert function.asked == wrt
    assert formula is None or function.read_as == formula
    assert function.readings or typed[0] in "x21"
    assert parse(typed).asked == () if "max" not in typed else True


def test_partials_of_several_variables(capsys: pytest.CaptureFixture[str]) -> None:
    answer = document(capsys, "grad", "∂/∂x (x^2 y)", "--at", "1,2")
    assert answer["results"][0]["derivative"] == {"x": 4.0}
    mixed = document(capsys, "grad", "diff(x^2 y^3, x, y)", "--at", "1,2")
    assert mixed["results"][0]["derivative"] == {"x,y": 24.0}
    for typed, claim, code in (
        ("diff(x^2 y^3, x, y)", "6x y^2", 0),
        ("diff(x^2 y^3, x, y)", "6x y", 5),
        ("d/dx (x^2 y)", "2x y", 0),
        ("d^2/dx^2 x^3", "6x", 0),
        ("d/dx x^3", "6x", 5),
        ("d/dx sum(x^2)", "2x", 0),
    ):
        more = ["--at", "x=[1,2]"] if "sum" in typed else []
        assert run(["check", typed, claim, *more]) == code, typed


def test_steps_are_those_to_the_derivative(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["steps", "d/dx x^3"]) == 0
    written = capsys.readouterr().out
    assert run(["steps", "x^3"]) == 0
    assert capsys.readouterr().out == written


def test_an_order_or_a_variable_that_is_named_is_that_of_the_formula(
    capsys: pytest.CaptureFixture[str],
) -> None:
    found = document(capsys, "grad", "d/dx x^3", "--order", "2", "--at", "5")
    assert found["results"][0]["derivative"] == {"x": 6.0}
    assert run(["grad", "d/dx x^2", "--strict"]) == 3


@pytest.mark.parametrize(
    "typed",
    ["x = 2; d/dx x^3", "x = 2; diff(x^3, x)", "x = 2; y = x^2; dy/dx", "y = x + 2; d/dy y^2"],
)
def test_what_is_differentiated_in_has_no_value(typed: str) -> None:
    with pytest.raises(FormulaError, match="is differentiated in has no value"):
        parse(typed)


class Listener(Recorder):
    """Keeps the remarks too."""

    def __init__(self) -> None:
        super().__init__()
        self.said: list[str] = []

    def say(self, text: str) -> None:
        self.said.append(text)


def ran(*lines: str) -> tuple[Sequence[str], list[str]]:
    session = Session(Listener())
    for line in lines:
        session.answer(line)
    assert isinstance(session.program, Listener)
    assert session.program.errors == []
    return session.program.ran[-1], session.program.said


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["f(x) = x^3", "f'(x)"], ["grad", "--order", "1", "((x)**3)"]),
        (["f(x) = x^3", "f''(t)"], ["grad", "--order", "2", "((t)**3)"]),
        (["sin'(u)"], ["grad", "--order", "1", "sin(u)"]),
        (["f(x) = x^3", "check f' 3x^2"], ["check", "diff(((x)**3), x, 1)", "3x^2"]),
    ],
)
def test_a_primed_function_of_the_session(lines: list[str], expected: list[str]) -> None:
    assert ran(*lines)[0] == expected


@pytest.mark.parametrize(
    "line",
    ["d/dx x^3", "steps x^3", "check x^3 3x^2", "grad x^3", "steps d/dx x^3", "diff(x^3, x)",
     "plot x^2", "check d/dx[x^3] 3x^2"],
)  # fmt: skip
def test_a_variable_of_differentiation_is_free_whatever_its_value(line: str) -> None:
    typed, said = ran("x = 2", line)
    assert "--let" not in typed
    assert said == ["x is free here: its value 2 is set aside; 'del x' takes it back"]


def test_other_values_stay() -> None:
    typed, said = ran("x = 2", "a = 3", "steps a*x^2")
    assert typed[1:3] == ["--let", "a = 3"]
    assert len(said) == 1
    assert ran("x = 2", "x^3") == (["eval", "--let", "x = 2", "x^3"], [])
    assert ran("a = 3", "a*x^2")[1] == []


@pytest.mark.parametrize(
    "line", ["del x", "x =", "x :=", "let x =", "clear x", "unset x", "clear", "del x, a"]
)
def test_a_value_can_be_taken_back(line: str) -> None:
    assert ran("x = 2", "a = 1", line, "x^3")[0] == ["grad", "x^3"]


def test_what_has_no_value_cannot_be_taken_back() -> None:
    session = Session(Listener())
    assert session.answer("del q") == 2


def test_the_answer_is_that_of_the_last_line(capsys: pytest.CaptureFixture[str]) -> None:
    from diffcli.cli import answer, repl

    session = Session(repl.Interpreter())
    answer.listeners.append(session.note)
    try:
        session.answer("2 + 3")
        assert session.definitions.values["ans"] == "5.0"
        for line in ("1/0", "log(-1)", "grad x*y --at 1,2"):
            session.answer("2 + 3")
            session.answer(line)
            assert "ans" not in session.definitions.values
            assert session.answer("ans*2") == 2
    finally:
        answer.listeners.remove(session.note)
    assert "ans has no value" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("x^2 --format l", "latex"),
        ("plot x --kind su", "surface"),
        ("export x --to t", "torch"),
        ("x^2 --form", "--format"),
    ],
)
def test_completion_offers_the_values_of_options(typed: str, offered: str) -> None:
    from prompt_toolkit.completion import CompleteEvent
    from prompt_toolkit.document import Document

    from diffcli.repl.prompt import _Names

    found = _Names(Session(Listener())).get_completions(Document(typed), CompleteEvent())
    assert offered in [each.text for each in found]


def test_a_root_of_a_negative_number_is_the_real_one_in_formulas_too(
    capsys: pytest.CaptureFixture[str],
) -> None:
    for typed, slope in (
        ("(-8)^(1/3)*x", "-2"),
        ("(-8)^(2/3)*x", "4"),
        ("(-1/27)^(1/3)*x", "-1/3"),
    ):
        assert run(["grad", typed]) == 0
        shown = capsys.readouterr()
        assert shown.out.rstrip().endswith(f"f′(x) = {slope}")
        assert "is the real root" in shown.err


def test_the_ending_of_a_file_chooses_the_language(tmp_path: Path) -> None:
    for name, begins in (("a.c", "// "), ("b.C", "// "), ("d.tex", "\\begin"), ("e.py", '"""')):
        assert run(["export", "x^2", "--no-check", "-o", str(tmp_path / name)]) == 0
        assert (tmp_path / name).read_text().startswith(begins)
    assert run(["export", "x^2", "--no-check", "--to", "jax", "-o", str(tmp_path / "f.C")]) == 0
    assert "jax" in (tmp_path / "f.C").read_text()
