"""A formula that is typed with a name keeps it, in every format and study."""

from __future__ import annotations

import json

import pytest

from diffcli.cli.main import run
from diffcli.language.parser import parse

PLAIN = """F(a, m) = m*a
dF/da(a, m) = m
dF/dm(a, m) = a

a = 2
m = 3
F = 6
dF/da = 3
dF/dm = 2
verdict = certified
"""
"""A gradient in plain text, by hand."""


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("F = m*a", "F"),
        ("E(m) = m*c^2", "E"),
        (r"F = \frac{a b}{c^2}", "F"),
        ("k = 3; u = k*x", "u"),
        ("x^2", "f"),
        ("y = x + 2; y^2", "f"),
        ("x(x) = x^2", "f"),
        ("g(x) = [x, x^2]", "f"),
        ("F == m*a", "f"),
    ],
)
def test_the_name_is_what_was_typed_for_the_whole_formula(typed: str, name: str) -> None:
    assert parse(typed).called == name


@pytest.mark.parametrize(
    ("arguments", "shown"),
    [
        (["F = m*a"], "  F(a, m) = m*a\n  ∂F/∂a   = m\n  ∂F/∂m   = a\n"),
        (["y = x^2", "--order", "2"], "  y(x)  = x**2\n  y″(x) = 2\n"),
        (
            ["F = m*a", "--format", "plain", "--at", "2,3"],
            PLAIN,
        ),
        (["F = m*a", "--format", "markdown"], "- `F(a, m) = m*a`\n- `∂F/∂a = m`\n- `∂F/∂m = a`\n"),
        (
            ["rho_0 = t^2", "--format", "latex", "--order", "2"],
            "\\begin{align*}\n\\rho_{0}(t) &= t^{2} \\\\\n\\rho_{0}''(t) &= 2\n\\end{align*}\n",
        ),
    ],
)
def test_answers_are_headed_by_the_name(
    arguments: list[str], shown: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["grad", *arguments]) == 0
    assert capsys.readouterr().out == shown


@pytest.mark.sampled(10)
@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (["grad", "F = m*a", "--at", "2,3"], "F = 6"),
        (["grad", "S = sum(v^2)", "--at", "v=[1,2]"], "∂S/∂v[0]"),
        (["laplacian", "T = x^2*y"], "∇²T"),
        (["hvp", "T = x^2*y", "--at", "1,2", "--vector", "1,0"], "D_v ∂T/∂x"),
        (["vhp", "T = x^2*y", "--at", "1,2", "--vector", "1,0"], "∂(D_v T)/∂x"),
        (["jvp", "T = x^2*y", "--at", "1,2", "--vector", "1,0"], "D_v T"),
        (["check", "T = x^2", "2x"], "T′(x) = 2*x"),
        (["critical", "T = x^2 - 2"], "x    T   kind"),
        (["descend", "T = x^2", "--at", "1"], "‖∇T‖ = 0"),
        (["uncertainty", "T = 2x", "--at", "x=3±1"], "\n  T\n"),
    ],
)
def test_every_study_says_the_name(
    arguments: list[str], part: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(arguments) == 0
    assert part in capsys.readouterr().out


def test_the_document_has_the_same_keys_whatever_the_name(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(["grad", "F = m*a", "--at", "2,3", "--json"]) == 0
    (result,) = json.loads(capsys.readouterr().out)["results"]
    assert result["derivative"] == {"a": 3, "m": 2}
