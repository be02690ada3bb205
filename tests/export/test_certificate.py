"""Certificates: what diffcli claims is proved by the separate checker, and nothing else is."""

from __future__ import annotations

import ast
import copy
import io
import json
import re
import subprocess
import sys
import tokenize
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import mpmath
import pytest

import diffcli
import diffcli_certificate
from diffcli.cli.main import run
from diffcli.errors import UsageError
from diffcli.export.certificate import MEANINGS, Operations
from diffcli.language.functions import TABLE
from diffcli.language.parser import parse
from diffcli_certificate.claims import Certificate, Rejected, prove
from diffcli_certificate.graph import evaluated, variable
from diffcli_certificate.reals import Real

CHECKER = Path(diffcli_certificate.__file__).parent
ANSWERS = {
    "a polynomial": ("grad", "6x^2 + 2x + 4", "3"),
    "a root from the right": ("grad", "x*sqrt(x)", "0"),
    "an even root": ("grad", "sqrt(x)", "0"),
    "a kink": ("grad", "abs(x)", "0"),
    "a kink beside another branch": ("grad", "max(x, x^2)", "1"),
    "no kink": ("grad", "relu(x) - relu(-x)", "0"),
    "a vertical tangent": ("grad", "cbrt(x)", "0"),
    "a jump": ("grad", "floor(x)", "2"),
    "outside the domain": ("grad", "log(x)", "-1"),
    "lost digits": ("grad", "(1-cos(x))/x^2", "1e-6"),
    "a matrix": ("hessian", "x^2*y + sin(x*y)", "1,2"),
    "tensors": ("grad", "x.T @ A @ x", "x=[1,2],A=[[1,2],[3,4]]"),
    "several outputs": ("jacobian", "[x^2*y, 5x+sin(y)]", "1,2"),
    "a normal distribution": ("grad", "gelu(x)", "1"),
    "several points": ("grad", "x^2", "x=1;x=2"),
    "a branch": ("eval", "atan2(y, x)", "x=-1,y=0"),
    "a point that is no fraction": ("grad", "tan(x)", "pi/5"),
    "a factorial": ("grad", "sum(i=0..4, x^i/i!)", "1"),
    "a row of points": ("grad", "x*sqrt(x)", "linspace(0,1,5)"),
}
LONGER = {
    "an integral": ("grad", "integrate(exp(-s*t^2), t=0..x)", "s=1,x=2"),
    "some of its components": ("grad", "sum(x[1:]*x[:-1])", "x=linspace(0,1,6000)"),
}


def certificate(tmp_path: Path, command: str, formula: str, at: str) -> dict[str, Any]:
    path = tmp_path / "c.json"
    run([command, formula, "--at", at, "--certificate", str(path)])
    return json.loads(path.read_text(encoding="utf-8"))


def is_proved(read: dict[str, Any]) -> bool:
    about = Certificate(read["operations"], read["outputs"], read["points"])
    try:
        for claim in read["claims"]:
            prove(about, claim)
    except Rejected:
        return False
    return bool(read["claims"])


@pytest.mark.sampled(2)
@pytest.mark.parametrize(
    ("command", "formula", "at"),
    [
        *(pytest.param(*answer, id=name) for name, answer in ANSWERS.items()),
        *(
            pytest.param(*answer, id=name, marks=pytest.mark.slow)
            for name, answer in LONGER.items()
        ),
    ],
)
def test_every_number_of_an_answer_is_proved_again(
    command: str, formula: str, at: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    read = certificate(tmp_path, command, formula, at)
    shown = json.loads(answered(capsys, command, formula, "--at", at, "--json"))
    assert len(read["claims"]) >= sum(len(result["checks"]) for result in shown["results"])
    assert is_proved(read)


BOUNDED = [("abs(x) + x", "x=-1:2"), ("x^2 - exp(x)", "x=-2:2"), ("x*sin(y)", "x=0:1,y=0:pi")]


@pytest.mark.sampled(3)
@pytest.mark.parametrize(("formula", "box"), BOUNDED)
def test_bounds_are_proved_on_every_part_of_the_box(
    formula: str, box: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "c.json"
    run(["bounds", formula, "--in", box, "--certificate", str(path)])
    read = json.loads(path.read_text(encoding="utf-8"))
    assert [claim["kind"] for claim in read["claims"]] == ["bounds", "number", "number"]
    assert is_proved(read)
    claim = read["claims"][0]
    low, high = map(float, claim["interval"])
    for changed in (
        {"interval": [str(low + (high - low) / 100), str(high)]},
        {"interval": [str(low), str(high - (high - low) / 100)]},
        {"box": {**claim["box"], "x": [claim["box"]["x"][0], "5"]}},
        {"cuts": []},
        {"cuts": [*claim["cuts"][:-1], "x"]},
    ):
        assert not is_proved({**read, "claims": [{**claim, **changed}]}), changed


def test_a_hull_of_branches_hides_no_jump() -> None:
    """Of the sign of x, whose branches are numbers: its slope is 0 off the jump alone."""
    sign = {
        "operations": [["variable", "x"], ["number", "0"], ["lt", 1, 0], ["lt", 0, 1],
                       ["number", "1"], ["number", "-1"], ["true"],
                       ["choose", 4, 2, 5, 3, 1, 6]],
        "outputs": [7],
        "points": [{"x": 1}],
    }  # fmt: skip
    about = {"point": 0, "output": 0}
    slope = {"kind": "number", **about, "partial": ["x"], "interval": ["-1", "1"]}
    assert not is_proved({**sign, "claims": [slope]})
    box = {"x": ["-1", "1"]}
    for low, high, is_true in (("-1", "1", True), ("-1/2", "1/2", False), ("0", "1", False)):
        claim = {"kind": "bounds", **about, "interval": [low, high], "box": box, "cuts": [None]}
        assert is_proved({**sign, "claims": [claim]}) is is_true


@pytest.mark.parametrize(
    "arguments",
    [
        ("grad", "r^2*sin(theta)", "--at", "r=2,theta=1", "--coordinates", "polar"),
        ("grad", "x^2", "--at", "1", "--dtype", "complex128"),
        ("grad", "x^2"),
        ("bounds", "1/x", "--in", "x=0:1"),
    ],
)
def test_what_has_no_certificate_is_refused(arguments: tuple[str, ...], tmp_path: Path) -> None:
    path = tmp_path / "c.json"
    assert run([*arguments, "--certificate", str(path)]) == 2
    assert not path.exists()


def answered(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    capsys.readouterr()
    run(list(arguments))
    return capsys.readouterr().out


def tampered(read: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the certificate with each of its numbers changed, one after the other."""
    for place, claim in enumerate(read["claims"]):
        for key in ("interval", "left", "right"):
            if claim.get(key):
                low, high = map(Fraction, claim[key])
                for shift in (high - low) * 2, (low - high) * 2:
                    changed = copy.deepcopy(read)
                    changed["claims"] = [{**claim, key: [str(low + shift), str(high + shift)]}]
                    yield f"{key} of claim {place}", changed
    for place, (name, *rest) in enumerate(read["operations"]):
        if name == "number":
            changed = copy.deepcopy(read)
            changed["operations"][place][1] = str(Fraction(rest[0]) + Fraction(1, 7))
            yield f"number {place}", changed


def test_a_certificate_with_a_number_changed_is_rejected(tmp_path: Path) -> None:
    for command, formula, at in (ANSWERS["a matrix"], ANSWERS["a kink beside another branch"]):
        read = certificate(tmp_path, command, formula, at)
        for change, other in tampered(read):
            assert not is_proved(other), change


def test_what_would_take_for_ever_is_undecided() -> None:
    wide = {"x": Real(None, mpmath.iv.mpf(["-inf", "inf"]))}
    operations = [["variable", "x"], ["atan", 0], ["number", "9" * 20], ["pow", 2, 2]]
    _, arctangent, _, power = evaluated(operations, wide)
    assert "inverse tangent" in str(arctangent)
    assert "power" in str(power)


def test_false_claims_are_rejected() -> None:
    absolute = {
        "operations": [["variable", "x"], ["number", "0"], ["le", 1, 0], ["neg", 0], ["true"],
                       ["choose", 0, 2, 3, 4], ["mul", 0, 5], ["add", 6, 1]],
        "outputs": [5, 6, 0],
        "points": [{"x": 1}],
    }  # fmt: skip
    one = ["0.9", "1.1"]
    false = [
        {"kind": "number", "output": 0, "partial": ["x"], "interval": one},
        {"kind": "slope", "output": 0, "variable": "x", "side": -1, "interval": one},
        {"kind": "slope", "output": 0, "variable": "x", "side": 1, "interval": None},
        {"kind": "kink", "output": 0, "variable": "x", "left": one, "right": one},
        {"kind": "kink", "output": 1, "variable": "x", "left": ["-1", "1"], "right": ["-1", "1"]},
        {"kind": "jump", "output": 0, "variable": "x", "side": 1},
        {"kind": "undefined", "output": 0},
        {"kind": "number", "output": 7, "partial": [], "interval": one},
        {"kind": "slope", "output": 2, "variable": "x", "side": 0, "interval": None},
        {"kind": "slope", "output": 2, "variable": "x", "side": 2, "interval": ["2", "2"]},
        {"kind": "number", "output": 0, "partial": [], "interval": ["nan", "inf"]},
        {"kind": "number", "output": 3, "partial": [], "interval": one},
        {"kind": "unheard of", "output": 0},
        {"kind": "number", "output": -1, "partial": [], "interval": ["-1", "1"]},
        {},
    ]
    for claim in false:
        assert not is_proved({**absolute, "claims": [{"point": 0, **claim}]}), claim
    assert not is_proved({**absolute, "claims": []})


@pytest.mark.parametrize("exponent", ["-1/2", "-1/3", "-2/3", "-1"])
def test_a_root_of_a_pole_has_no_slope(exponent: str) -> None:
    """0 on the left of 0, and a negative power of x on the right: no slope, and no limit, there."""
    pole = {
        "operations": [["variable", "x"], ["number", "0"], ["le", 0, 1], ["number", exponent],
                       ["pow", 0, 3], ["true"], ["choose", 1, 2, 4, 5]],
        "outputs": [6],
        "points": [{"x": 1}],
    }  # fmt: skip
    none = ["0", "0"]
    for claim in (
        {"kind": "number", "partial": ["x"], "interval": none},
        {"kind": "slope", "variable": "x", "side": 1, "interval": none},
        {"kind": "jump", "variable": "x", "side": 1},
    ):
        assert not is_proved({**pole, "claims": [{"point": 0, "output": 0, **claim}]}), claim


FORMULAS = ("exp", "log", "sin", "cos", "atan", "erf", "tan", "asin", "acos", "sinh", "tanh",
            "asinh", "atanh", "sqrt", "cbrt", "normcdf", "softplus", "silu")  # fmt: skip


@pytest.mark.sampled(2)
@pytest.mark.parametrize("name", FORMULAS)
def test_derivatives_are_those_of_mpmath(name: str) -> None:
    """Of the first four orders at 3/7; mpmath's own functions, differentiated numerically."""
    function = parse(f"{name}(x)")
    operations = Operations()
    root = operations.position(function.outputs[0])
    series = evaluated(operations.records, {"x": variable(Real(Fraction(3, 7)), 1, 4)})[root]
    with mpmath.workdps(60):
        expected = mpmath.taylor(IN_MPMATH.get(name) or getattr(mpmath, name), mpmath.mpf(3) / 7, 4)
    for coefficient, truth in zip(series.coefficients, expected, strict=True):
        exact = Fraction(str(truth))
        assert coefficient.lies_within(exact - SLACK, exact + SLACK)


SLACK = Fraction(1, 10**11)
"""Of what mpmath differentiates numerically, and of intervals at 53 bits."""
IN_MPMATH = {
    "normcdf": mpmath.ncdf,
    "softplus": lambda x: mpmath.log(1 + mpmath.exp(x)),
    "silu": lambda x: x / (1 + mpmath.exp(-x)),
}


@pytest.mark.sampled(4)
@pytest.mark.parametrize("name", MEANINGS)
def test_a_meaning_is_the_row_s_function(name: str) -> None:
    """In the checker's operations, against diffcli's own enclosure at several points."""
    arity = TABLE[name].arity[0]
    names = ["x", "y", "z"][:arity]
    function = diffcli.parse(f"{name}({', '.join(names)})")
    operations = Operations()
    root = operations.position(function.outputs[0])
    for values in POINTS:
        point = dict(zip(names, map(Fraction, values), strict=False))
        found = evaluated(operations.records, {key: Real(point[key]) for key in point})[root]
        proved = function.enclosure({key: str(point[key]) for key in point})
        if isinstance(found, Exception):
            assert proved.digits is None
        else:
            low, high = map(Fraction, proved.interval)
            assert found.lies_within(low - SLACK, high + SLACK)


POINTS = (("3/7", "5/3", "2"), ("-3/7", "-3/7", "-3/7"), ("9/4", "1/3", "1"), ("-9/4", "-3", "5"))


def test_what_the_checker_does_not_know_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="doesn't know besselj"):
        Operations().position(parse("besselj(0, x)").outputs[0])


def test_what_is_no_certificate_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "list.json").write_text("[]")
    (tmp_path / "broken.json").write_text("{")
    for name in ("nothing.json", "list.json", "broken.json"):
        command = [sys.executable, "-m", "diffcli_certificate", str(tmp_path / name)]
        done = subprocess.run(
            command, capture_output=True, text=True, cwd=CHECKER.parent, check=False
        )
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr.startswith("error: ")
        assert done.stderr.count("\n") == 1


def test_the_checker_is_no_longer_than_one_can_read() -> None:
    """At most 500 lines of code: of its tokens' lines, without comments and docstrings."""
    code = 0
    for path in CHECKER.glob("*.py"):
        text = path.read_text(encoding="utf-8")
        documented = {
            line
            for node in ast.walk(ast.parse(text))
            if isinstance(node, ast.Expr)
            and isinstance(node.value, ast.Constant)
            and isinstance(node.value.value, str)
            for line in range(node.lineno, (node.end_lineno or node.lineno) + 1)
        }
        written = {
            line
            for token in tokenize.generate_tokens(io.StringIO(text).readline)
            if token.type in (tokenize.NAME, tokenize.OP, tokenize.NUMBER, tokenize.STRING)
            for line in range(token.start[0], token.end[0] + 1)
        }
        code += len(written - documented)
    assert code <= 500


def test_the_checker_stands_alone(tmp_path: Path) -> None:
    """It imports mpmath and Python alone, runs without diffcli, and is short."""
    names = {
        name.partition(".")[0]
        for path in CHECKER.glob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        for name in (
            [each.name for each in node.names] if isinstance(node, ast.Import)
            else [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        )
    }  # fmt: skip
    assert names - set(sys.stdlib_module_names) == {"mpmath", "diffcli_certificate"}
    read = certificate(tmp_path, *ANSWERS["a kink"])
    command = [sys.executable, "-m", "diffcli_certificate", str(tmp_path / "c.json")]
    done = subprocess.run(command, capture_output=True, text=True, cwd=CHECKER.parent, check=True)
    assert len(re.findall(r"^  proved", done.stdout, re.MULTILINE)) == len(read["claims"])
