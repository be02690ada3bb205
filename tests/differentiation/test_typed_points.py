"""What is shown is true of the point as typed, whatever the float next to it.

The truths are mpmath's, of derivatives by hand, at decimals read with hundreds of digits.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from decimal import Decimal
from random import Random

import mpmath as mp
import pytest

from diffcli.cli.main import run
from diffcli.differentiation import Settings, derive
from diffcli.language.parser import parse
from diffcli.language.points import read_points
from diffcli.operators import Eval, Grad, Hessian, Jacobian, Jvp, Laplacian, Operator
from diffcli.output.report import Result
from diffcli.verdict import Check, Verdict

CERTIFIED, INEXACT = Verdict.CERTIFIED, Verdict.INEXACT
NOT_DIFFERENTIABLE = Verdict.NOT_DIFFERENTIABLE


def answer(text: str, at: str, operator: Operator | None = None, **settings: object) -> Result:
    function = parse(text)
    points = [each.bind(function.variables) for each in read_points([at])]
    chosen = Settings(budget=20, **settings)  # type: ignore[arg-type]
    (result,) = derive(operator or Grad(), function, points, chosen).results
    return result


def only(result: Result) -> Check:
    (check,) = result.checks or result.value_checks
    return check


@pytest.mark.parametrize(
    ("text", "at", "value", "slope", "says"),
    [
        ("abs(x - 0.7)", "0.7 + 1e-19", 1e-19, 1, "it is -1"),
        ("abs(7x - 1)", "1/7 + 1e-21", 7e-21, 7, "it is -7"),
        ("piecewise((x^3, x < 0.6), (x^2, True))", "0.59999999999999999999999", 0.216, 1.08, ""),
        ("relu(x - 1/3)", "0.33333333333333333333334", None, 1, "it is 0"),
        ("sqrt(2 - x^2)", "sqrt(2) - 1e-19", None, None, ""),
        ("max(x, 0.1)", "0.1 - 1e-20", 0.1, 0, ""),
    ],
)
def test_the_side_of_a_kink_is_that_of_the_typed_point(
    text: str, at: str, value: float | None, slope: float | None, says: str
) -> None:
    result = answer(text, at)
    check = only(result)
    assert check.verdict in (CERTIFIED, INEXACT)
    assert says in (check.reason or "")
    if value is not None:
        assert result.value == pytest.approx(value, rel=1e-15)
    if slope is not None:
        assert check.value == pytest.approx(slope, rel=1e-15)


@pytest.mark.parametrize(
    ("text", "at"),
    [("sin(x)", "pi"), ("sin(x)", "1000pi"), ("cos(x)", "5*pi/2"), ("x^2 - 3", "sqrt(3)"),
     ("log(x) - 1", "e"), ("x - 0.1", "0.1"), ("x*y - 1", "x=sqrt(7),y=1/sqrt(7)")],
)  # fmt: skip
def test_a_value_that_vanishes_at_the_typed_point_is_0(text: str, at: str) -> None:
    found = answer(text, at, Eval())
    assert (found.value, only(found).verdict) == (0.0, INEXACT)
    assert "at the nearest float64" in (only(found).reason or "")
    assert answer(text, at).value == 0.0


@pytest.mark.parametrize("digits", [1, 3, 6, 12, 15, 16, 17, 18, 25, 40])
def test_every_count_of_digits_is_of_one_number(
    digits: int, capsys: pytest.CaptureFixture[str]
) -> None:
    at = "L=0.7,T=1.679"
    run(["eval", "4pi^2 L/T^2", "--at", at, "--precision", str(digits), "--format", "plain"])
    (line,) = (x for x in capsys.readouterr().out.splitlines() if x.startswith("f = "))
    with mp.workdps(60):
        truth = 4 * mp.pi**2 * mp.mpf("0.7") / mp.mpf("1.679") ** 2
        shown = Decimal(line.removeprefix("f = "))
    assert shown == Decimal(mp.nstr(truth, digits))


def test_the_point_is_typed_in_every_operator() -> None:
    at = "x=0.3+1e-20,y=pi"
    text = "abs(x - 0.3)*y^2 + sin(y)"
    assert answer(text, at, Jacobian()).derivative["matrix"][0][0] == pytest.approx(mp.pi**2)
    assert answer(text, at, Hessian()).derivative["matrix"][0][1] == pytest.approx(2 * mp.pi)
    sine = answer("sin(x)*cos(y)", "x=pi,y=pi/2", Laplacian())
    assert (only(sine).value, only(sine).verdict) == (0.0, INEXACT)
    vector = read_points(["1,1"])[0]
    along = answer("abs(x - 0.3) + sin(y)", at, Jvp(vector))
    assert (along.derivative, only(along).verdict) == (0.0, INEXACT)


@pytest.mark.parametrize(
    ("text", "at", "slope"),
    [("abs(x - 0.7)", "0.7 + 1e-12", 1), ("relu(0.1 - x)", "0.1 - 1e-12", -1), ("x*x", "0.1", 0.2)],
)
def test_floats_of_another_dtype_are_told_too(text: str, at: str, slope: float) -> None:
    check = only(answer(text, at, dtype="float32"))
    assert check.value == pytest.approx(slope, rel=1e-7)
    assert check.verdict is (CERTIFIED if text == "x*x" else INEXACT)


def test_a_point_of_a_file_is_the_double(tmp_path, capsys: pytest.CaptureFixture[str]) -> None:  # type: ignore[no-untyped-def]
    file = tmp_path / "points.csv"
    file.write_text("x\n0.3\n")
    assert run(["grad", "abs(x - 0.3)", "--points", str(file), "--json"]) == 0
    (result,) = json.loads(capsys.readouterr().out)["results"]
    # The double nearest to 0.3 lies below it.
    assert (result["derivative"], result["verdict"]) == ({"x": -1.0}, "inexact")
    assert run(["grad", "abs(x - 0.3)", "--at", "0.3", "--json"]) == 4
    assert json.loads(capsys.readouterr().out)["results"][0]["verdict"] == "not_differentiable"


Truth = Callable[[mp.mpf, mp.mpf], mp.mpf]
TEMPLATES: list[tuple[str, Truth]] = [
    ("abs(x - {c})", lambda x, c: mp.sign(x - c)),
    ("x*abs(x - {c})", lambda x, c: abs(x - c) + x * mp.sign(x - c)),
    ("sin(x)*sign(x - {c})", lambda x, c: mp.cos(x) * mp.sign(x - c)),
    ("max(x^2, {c}*x)", lambda x, c: 2 * x if x > c else c),
    ("exp(-abs(x/{c} - 1))", lambda x, c: -mp.sign(x - c) / c * mp.exp(-abs(x / c - 1))),
    ("piecewise((x^2, x < {c}), (cos(x), True))", lambda x, c: 2 * x if x < c else -mp.sin(x)),
    ("log(abs(x - {c}))", lambda x, c: 1 / (x - c)),
    ("1/(x - {c})", lambda x, c: -1 / (x - c) ** 2),
]


def drawn(random: Random) -> tuple[str, str, Truth, str]:
    """Return a formula with a kink at a decimal, a point of many digits next to it, the truth."""
    text, truth = random.choice(TEMPLATES)
    kink = f"0.{random.randrange(10**5, 10**6)}"
    digits = random.randrange(8, 60)
    last = random.choice("123456789")
    apart = f"{random.choice('+-')} 0.{'0' * digits}{last}"
    return text.format(c=kink), f"{kink} {apart}", truth, kink


@pytest.mark.sampled(5)
@pytest.mark.parametrize("seed", range(8))
def test_random_decimals_next_to_kinks(seed: int) -> None:
    random = Random(seed)
    for _ in range(10):
        text, at, truth, kink = drawn(random)
        result = answer(text, at)
        check = only(result)
        with mp.workdps(200):
            base, sign, apart = at.split()
            x = mp.mpf(base) + (mp.mpf(apart) if sign == "+" else -mp.mpf(apart))
            expected = truth(x, mp.mpf(kink))
            assert check.verdict in (CERTIFIED, INEXACT), (text, at, check)
            assert check.value is not None
            assert abs(check.value - expected) <= mp.mpf(2) ** -52 * abs(expected), (text, at)


def test_a_vector_is_typed_too() -> None:
    (vector,) = read_points(["pi"])
    check = only(answer("x^2", "1", Jvp(vector), digits=40))
    with mp.workdps(60):
        low, high = map(mp.mpf, check.enclosure or ())
        assert low <= 2 * mp.pi <= high
        assert high - low < mp.mpf(10) ** -39
    (vector,) = read_points(["[0.7,1]"])
    check = only(answer("x - 0.7*y", "0,0", Jvp(vector)))
    assert (check.value, check.verdict) == (0.0, INEXACT)
    (vector,) = read_points(["0.5,0.25"])
    assert only(answer("x - 2*y", "0,0", Jvp(vector))).verdict is CERTIFIED


def test_the_formula_along_a_vector_has_it_as_typed() -> None:
    (vector,) = read_points(["sqrt(2)/3"])
    (formula,) = answer("x^2", "1", Jvp(vector)).symbolic.values()
    assert formula.text in ("2*sqrt(2)*x/3", "sqrt(2)*2*x/3")


@pytest.mark.parametrize("form", ["table", "plain", "markdown", "csv"])
@pytest.mark.parametrize("digits", ["16", "17"])
def test_a_point_of_many_digits_is_shown_as_typed(
    digits: str, form: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["grad", "x^2", "--at", "0.1", "--precision", digits, "--format", form]) == 0
    if form == "plain":
        assert "x = 0.1\nf = 0.01\nf' = 0.2\n" in capsys.readouterr().out
    else:
        assert re.findall(r"\d*\.\d+", capsys.readouterr().out) == ["0.1", "0.01", "0.2"]


@pytest.mark.parametrize("form", ["table", "plain", "markdown"])
def test_a_list_of_many_digits_is_shown_as_typed(
    form: str, capsys: pytest.CaptureFixture[str]
) -> None:
    at = "x=[0.3,0.7],y=linspace(0,0.2,2)"
    assert run(["eval", "x + y", "--at", at, "--precision", "17", "--format", form]) == 0
    shown = re.findall(r"\d*\.\d+", capsys.readouterr().out)
    assert sorted(shown) == ["0.2", "0.3", "0.3", "0.7", "0.9"]


def test_the_point_of_another_dtype_is_shown_as_typed(capsys: pytest.CaptureFixture[str]) -> None:
    run(["grad", "x^2", "--at", "0.1", "--dtype", "float32", "--format", "plain"])
    assert "x = 0.1\nf = 0.01\nf' = 0.2\n" in capsys.readouterr().out


def test_a_value_that_is_missing_is_none_in_plain_text(capsys: pytest.CaptureFixture[str]) -> None:
    run(["eval", "[log(x), 2*x]", "--at", "-1", "--format", "plain"])
    assert "f = [none, -2]\n" in capsys.readouterr().out
    run(["eval", "log(x)", "--at", "[-1,1]", "--format", "plain"])
    assert "f = [none, 0]\n" in capsys.readouterr().out
    run(["eval", "log(x)", "--at", "-1", "--format", "plain"])
    assert "f = none\n" in capsys.readouterr().out
