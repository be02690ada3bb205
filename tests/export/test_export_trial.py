"""Exported code is tried at the difficult points of its formula; what it can't do there is said."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import replace
from math import inf

import pytest

import diffcli
from diffcli.cli.main import run
from diffcli.clock import now
from diffcli.export.caveats import Truth, difficult_points, is_right
from diffcli.export.code import Code, export
from diffcli.export.targets import targets
from diffcli.export.trial import examined, tried

KINDS = ("value", "grad", "hessian")
TRIED = ["python", "numpy", "torch", "c"]


def code_of(text: str, target: str = "python", kinds: Sequence = KINDS) -> Code:
    return export(diffcli.parse(text), target, kinds=kinds)


@pytest.mark.parametrize(
    ("text", "special"),
    [
        ("abs(2x - 3)", [1.5]),
        ("sqrt(x - 0.3)*y", [0.3]),
        ("(x^2 - 1)/(x - 1)", [1.0]),
        ("1/(x^2 - 9/16)", [0.75, -0.75]),
        ("piecewise((x, x < 7), (x^2, True))", [7.0]),
        ("log(x)", [0.0, -1.0]),
        ("sin(x)/x", [0.0]),
        ("tan(x) + relu(x + 4)", [-4.0]),
    ],
)
def test_difficult_points_are_visited(text: str, special: list[float]) -> None:
    function = diffcli.parse(text)
    found = [*difficult_points(function, 0, now() + 60)]
    firsts = [float(at[0]) for at in found]
    for x in special:
        assert x in firsts, firsts
        # and beside it, by the hundred-millionth part of its size
        assert any(0 < abs(each - x) <= 1.1e-8 * max(1, abs(x)) for each in firsts)
    for size in (1e-8, -1e-160, 800.0, -800.0, 1e5, 1e160):
        assert size in firsts


@pytest.mark.sampled(4)
@pytest.mark.parametrize("target", TRIED)
@pytest.mark.parametrize(
    "text", ["sinc(x)", "1/(1 + exp(-x))", "hypot(x, y)", "atan2(x, y)", "normpdf(x)", "erfc(x)"]
)
def test_what_is_stable_has_no_numbers_that_are_wrong(target: str, text: str) -> None:
    assert [each for each in tried(code_of(text, target)).caveats if each.cause == "wrong"] == []


@pytest.mark.parametrize("target", TRIED)
@pytest.mark.parametrize(
    ("text", "change", "at"),
    [
        # the derivatives as they were before: a difference that cancels near 0, a constant at 0
        ("sinc(x)", (r"(fabs|abs)\(x\) < 1", r"\1(x) < 0"), 1e-8),
        ("x*abs(x - 2)", (r"- 2(\.0)?", "- 2.5"), 2.0),
    ],
)
def test_the_trial_finds_code_that_is_wrong_at_difficult_points_alone(
    target: str, text: str, change: tuple[str, str], at: float
) -> None:
    code = code_of(text, target)
    wrong = replace(code, text=re.sub(*change, code.text))
    assert wrong.text != code.text
    if text == "sinc(x)":
        found = tried(wrong).caveats
        assert {"f_grad", "f_hessian"} <= {each.function for each in found}
        assert any(abs(each.at["x"]) == at and each.cause == "wrong" for each in found)
    else:
        with pytest.raises(diffcli.DiffcliError, match="the truth is"):
            tried(wrong)


CANCEL = [
    ("(1 - cos x)/x^2", {"f": "wrong", "f_grad": "wrong", "f_hessian": "wrong"}),
    ("abs(x)", {"f_grad": "no derivative", "f_hessian": "no derivative"}),
    ("max(x, 2x - 3)", {"f_grad": "no derivative", "f_hessian": "no derivative"}),
    ("floor(x)*x", {"f_grad": "no derivative", "f_hessian": "no derivative"}),
    ("log(x)", {"f_grad": "no value", "f_hessian": "no value"}),
    ("x*sqrt(x)", {"f_grad": "no number"}),
    ("(x^2 - 1)/(x - 1)", {"f_hessian": "wrong"}),
    ("x^2*exp(-x)", {}),
]


@pytest.mark.sampled(9)
@pytest.mark.parametrize("target", TRIED)
@pytest.mark.parametrize(("text", "expected"), CANCEL)
def test_what_the_code_cannot_do_is_said(target: str, text: str, expected: dict[str, str]) -> None:
    code, found = examined(code_of(text, target))
    causes = {(each.function, each.cause) for each in found.caveats}
    assert set(expected.items()) <= causes
    assert bool(code.notes) == bool(found.caveats)
    heading = " ".join(code.text.replace("//", "").partition("def ")[0].split())
    assert heading.count("Beware: ") == len(code.notes)
    for note in code.notes:
        assert f"Beware: {note}." in heading
    assert tried(code).caveats == found.caveats  # the code itself is the same


@pytest.mark.parametrize(("given", "truth", "right"), [
    (1.0, 1.0, True),
    (1.0 + 1e-12, 1.0, True),
    (1.0 + 1e-5, 1.0, False),
    (0.0, 1e-8, False),
    (0.0, -1e-160, False),
    (0.0, 1e-310, True),
    (float("nan"), 0.0, False),
    (inf, inf, True),
    (float("nan"), inf, True),
    (1e308, inf, False),
    (0.0, None, False),
    (inf, None, True),
    (float("nan"), None, True),
])  # fmt: skip
def test_a_number_is_right(given: float, truth: float | None, right: bool) -> None:
    assert is_right(given, Truth(truth)) is right


def test_the_proof_is_at_the_point_as_typed() -> None:
    """0.3 is three tenths, where the double nearest to it lies beside the kink."""
    found = tried(code_of("abs(x - 0.3)")).caveats
    assert [each.cause for each in found if each.at == {"x": 0.3}] == ["no derivative"] * 2


def test_octave_is_matlab(capsys: pytest.CaptureFixture[str]) -> None:
    shown = []
    for name in ("octave", "matlab"):
        assert run(["export", "x^2", "--to", name]) == 0
        shown.append(capsys.readouterr().out)
    assert shown[0] == shown[1]
    assert "function [value, grad] = f(x)" in shown[0]


def test_caveats_in_every_format(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["export", "abs(x)/2", "--to", "c"]) == 0
    told = capsys.readouterr()
    sentence = "at x = 0.0 f_grad gives 0, and there is no derivative: abs at 0"
    assert f"warning: {sentence}\n" in told.err
    assert f"// Beware: {sentence}.\n" in told.out
    assert run(["export", "abs(x)/2", "--json", "--quiet"]) == 0
    told = capsys.readouterr()
    document = json.loads(told.out)
    assert told.err == ""
    assert document["caveats"] == [
        {"function": "f_grad", "entry": "", "at": {"x": 0.0}, "number": 0.0, "truth": None,
         "reason": "abs at 0"},
    ]  # fmt: skip
    assert document["checked"]["difficult"] > 10
    assert run(["export", "x^3", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["caveats"] == []


def test_caveats_of_several_entries_name_them() -> None:
    _, found = examined(code_of("abs(x)*y", kinds=["grad"]))
    assert {each.entry for each in found.caveats} == {"x"}
    _, found = examined(code_of("abs(x)*y", kinds=["hessian"]))
    assert {"x, y", "x, x"} <= {each.entry for each in found.caveats}
    function = diffcli.parse(["x + y", "x*abs(y - 1)"])
    _, found = examined(export(function, kinds=["jacobian"]))
    assert {each.entry for each in found.caveats} == {"formula 2, y"}


@pytest.mark.slow
def test_python_gives_the_same_code_as_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    function = diffcli.parse("sqrt(x)*abs(x - 2)")
    for target in TRIED:
        assert run(["export", "sqrt(x)*abs(x - 2)", "--to", target, "--quiet"]) == 0
        assert capsys.readouterr().out == f"{function.export(target)}\n"
    assert function.export().notes
    assert function.export(check=False).notes == ()
    assert "Beware" not in function.export(check=False).text


@pytest.mark.slow
def test_no_language_lacks_the_trial() -> None:
    for target in (name for name, each in targets().items() if each.is_code):
        code, found = examined(code_of("x^2*y", target))
        assert found.reason is None or found.reason == targets()[target].runner.lacks()
        assert code.text == code_of("x^2*y", target).text


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    "text", ["2*pi", "x", "sum(x^2)", "besselj(0, x)", "x^x", "log(log(log(x)))"]
)
def test_formulas_of_all_kinds_are_tried(text: str) -> None:
    function = diffcli.parse(text)
    kinds = ["value", "grad"] if function.variables else ["value"]
    target = "torch" if function.has_tensors else "numpy"
    assert tried(export(function, target, kinds=kinds)).reason is None


def test_octave_is_matlab_in_python_too() -> None:
    formula = diffcli.parse("x^2")
    codes = [formula.export(name, check=False) for name in ("octave", "matlab")]
    assert codes[0].text == codes[1].text
