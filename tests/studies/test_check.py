from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from fractions import Fraction
from math import isclose

import pytest
from mpmath import mp, mpf
from oracles import derivative, table, value

from diffcli.cli.main import run
from diffcli.differentiation import Settings
from diffcli.engines.symbolic import Symbolic
from diffcli.errors import FormulaError, UsageError
from diffcli.language.parser import parse
from diffcli.language.points import read_points
from diffcli.operators import Grad
from diffcli.output.formats import FORMATS
from diffcli.studies.check.claim import read_claim
from diffcli.studies.check.evidence import EngineComparison, gather
from diffcli.studies.check.judgement import Decision, Proof, decide
from diffcli.studies.check.mistakes import ClaimedEntry, mistake
from diffcli.studies.check.places import RandomPoint, draw
from diffcli.studies.check.tensor_claim import decide_tensors

TEXTBOOK = [row for row in table("derivatives") if row["variable"] in row["python"]]
PIECES = {"abs", "max", "piecewise", "relu", "leaky_relu", "elu", "floor", "frac", "%"}
"""Of these the textbook gives the derivative on one side."""


def check(formula: str, claim: str, **more) -> Decision:
    read = read_claim(claim)
    declared = more.get("wrt", ())
    return decide(
        parse([formula, *read.formulas], declared=declared), read, **{"budget": 5, **more}
    )


def hear(formula: str, at: str, **more) -> EngineComparison:
    function = parse(formula)
    points = [point.bind(function.variables) for point in read_points([at])]
    return gather(Grad(**more), function, points, Settings(budget=5))


def symbolic(formula: str, variable: str) -> str:
    text = Symbolic(parse(formula)).formula((variable,)).text
    assert text is not None
    return text


# Claims: what is right is accepted, what is wrong is refuted.


@pytest.mark.sampled(84)
@pytest.mark.parametrize("row", TEXTBOOK, ids=lambda row: row["id"])
def test_the_derivative_is_accepted(row: dict[str, str]) -> None:
    found = check(row["python"], symbolic(row["python"], row["variable"]))
    # At a kink, the formula may have a value where the function has no derivative.
    has_kinks = any(name in row["python"] for name in PIECES)
    assert found.proof is Proof.PROVED or (has_kinks and found.proof is Proof.ALMOST)
    assert found.counterexample is None
    assert found.exit_code == 0


@pytest.mark.sampled(45)
@pytest.mark.parametrize(
    "row",
    [row for row in TEXTBOOK if not any(name in row["python"] for name in PIECES)],
    ids=lambda row: row["id"],
)
def test_the_textbook_is_accepted(row: dict[str, str]) -> None:
    found = check(row["python"], row["derivative"])
    assert found.proof is not Proof.WRONG
    assert found.points >= 50


WRONG: dict[str, Callable[[str], str]] = {
    "twice": lambda text: f"2*({text}) + 1/7",
    "sign": lambda text: f"1/7 - ({text})",
    "more": lambda text: f"({text}) + 1e-25",
    "less": lambda text: f"({text})*(1 - 1e-12) - 1e-12",
}


@pytest.mark.sampled(178)
@pytest.mark.parametrize("how", WRONG)
@pytest.mark.parametrize("row", TEXTBOOK, ids=lambda row: row["id"])
def test_a_wrong_claim_is_refuted(row: dict[str, str], how: str) -> None:
    formula, variable = row["python"], row["variable"]
    found = check(formula, WRONG[how](symbolic(formula, variable)))
    assert found.proof is Proof.WRONG
    assert found.exit_code == 5
    wrong = found.counterexample
    assert wrong is not None
    assert wrong.derivative_bounds is not None
    # The coordinates are short decimals, so their shortest text is what was drawn.
    at = {name: Fraction(repr(x)) for name, x in wrong.at.items()}
    with mp.workdps(40):
        truth = derivative(formula, at, (variable,), digits=35)
        low, high = map(mpf, wrong.derivative_bounds)
        noise = abs(truth) * mpf(10) ** -34
        assert low - noise <= truth <= high + noise
        assert wrong.claim_bounds is not None
        first, last = map(mpf, wrong.claim_bounds)
        assert first > truth + noise or last < truth - noise


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    ("formula", "claim", "words"),
    [
        ("x^2", "x", "a factor 1/2"),
        ("x^3", "6x^2", "a factor 2"),
        ("x^2", "-2x", "the sign"),
        ("x^2", "x^2", "f itself"),
        ("x^3", "6x", "the second derivative"),
        ("x^2", "x^3/3", "an antiderivative"),
        ("x^3 + 5", "3x^2 + 5", "5 too much"),
        ("5", "1", "1 too much"),
        ("log10(x)", "1/x", "a factor log(10)"),
        ("sin(2x)", "cos(2x)", "the inner derivative of 2*x is missing"),
        ("(x^2+1)^3", "3(x^2+1)^2", "the inner derivative of x**2 + 1 is missing"),
        ("x^2 sin(x)", "2x cos(x)", "(u*v)′ is u′*v + u*v′, not u′*v′"),
        ("3x^2 exp(x)", "6x exp(x)", "(u*v)′ is u′*v + u*v′, not u′*v′"),
        ("sin(x)/x^2", "cos(x)/(2x)", "(u/v)′ is (u′*v - u*v′)/v^2, not u′/v′"),
        ("5^x", "x 5^(x-1)", "the power rule takes no x as an exponent: it isn't constant"),
        ("x^x", "x x^(x-1)", "f itself"),
        (
            "e^(x^2)",
            "2x^3 e^(x^2-1)",
            "the power rule takes no x**2 as an exponent: it isn't constant",
        ),
        ("exp(3x) + x^2", "exp(3x) + 2x", "the inner derivative of 3*x is missing"),
        ("x sin(x)", "x cos(x)", "x is taken for a constant"),
        ("x sin(x)", "sin(x)", "sin(x) is taken for a constant"),
        ("x^2 cos(x)", "2x cos(x) + x^2 sin(x)", "the sign of the derivative of cos(x)"),
        ("x^3", "3x^3", "a factor x too many"),
        ("x^4", "4x^2", "a factor x is missing"),
        ("x^2 y", "[x^2, 2xy]", "the entries in another order"),
        ("[x^2 y, 5x]", "[[2xy, 5], [x^2, 0]]", "transposed"),
        ("x^2 y + y^3", "[2xy, 2x^2 + 6y^2]", "a factor 2"),
        ("x^2", "2x + sin(x)^3", None),
    ],
)  # fmt: skip
def test_a_mistake_is_named(formula: str, claim: str, words: str | None) -> None:
    found = check(formula, claim)
    assert found.proof is Proof.WRONG
    assert found.mistake == words


def test_a_mistake_needs_points_that_show_it() -> None:
    function = parse(["x^2", "x"])
    suspect = ClaimedEntry(function.outputs[0], ("x",), function.outputs[1])
    assert mistake(suspect, (), []) is None
    assert mistake(suspect, (), [RandomPoint({"x": x}) for x in (1.0, 2.0, 5.0)]) == "a factor 1/2"


@pytest.mark.sampled(6)
@pytest.mark.parametrize(
    ("formula", "claim", "more"),
    [
        ("x^2 y", "[2xy, x^2]", {}),
        ("x^2 y", "(2xy, x^2)", {}),
        ("x^2 y", "2xy, x^2", {}),
        ("x^2 y", "[[2xy, x^2]]", {}),
        ("x^2 y", "2xy", {"wrt": ("x",)}),
        ("x^2 y", "[x^2]", {"wrt": ("y",)}),
        ("x^2 y", "[[2y, 2x], [2x, 0]]", {}),
        ("x^2 y", "[2y, 0]", {"order": 2}),
        ("x^3", "6x", {"order": 2}),
        ("x^3", "[[6x]]", {"order": 2}),
        ("[x^2 y, 5x + sin y]", "[[2xy, x^2], [5, cos y]]", {}),
        ("[x^2, x^3]", "[2x, 3x^2]", {}),
        ("[x y, x, y]", "[[y, x], [1, 0], [0, 1]]", {}),
        ("5", "0", {}),
        ("x^2", "[2x, 0]", {"declared": ("x", "y"), "wrt": ("x", "y")}),
        ("u = x + 1; u^2", "2u", {}),
        ("abs(x)", "x/abs(x)", {}),
        ("tanh(x)", "sech(x)^2", {}),
        (r"\sqrt{x}", r"\frac{1}{2\sqrt{x}}", {}),
        ("x^2", "$2x$", {}),
        ("x^2 y", r"\left[2xy, x^{2}\right]", {}),
        ("x^2 y", "$[[2y, 2x], [2x, 0]]$", {}),
        ("x^3", r"[3 \cdot x^2]", {}),
        ("[x^2 y, 5x + sin y]", r"[[2xy, x^2], [5, \cos y]]", {}),
    ],
)
def test_shapes_of_claims(formula: str, claim: str, more: dict) -> None:
    read = read_claim(claim)
    names = more.pop("declared", ())
    function = parse([formula, *read.formulas], variables=names)
    found = decide(function, read, declared=names, budget=5, **more)
    assert found.proof is Proof.PROVED
    assert found.points == 100


@pytest.mark.sampled(7)
@pytest.mark.parametrize(
    ("formula", "claim"),
    [
        ("x^2 y", "2xy"),
        ("x^2", "[2x, 0]"),
        ("x^2 y", "[[2y, 2x]]*2"),
        ("x^2 y", "[[1, 2], [3]]"),
        ("x^2 y", "[[1, 2], 3]"),
        ("[x, x^2]", "[[1, 2]]"),
        ("log(-1 - x^2)", "1"),
    ],
)
def test_a_claim_that_does_not_fit_is_refused(formula: str, claim: str) -> None:
    with pytest.raises((UsageError, FormulaError)):
        check(formula, claim)


@pytest.mark.sampled(2)
@pytest.mark.parametrize(
    ("formula", "claim", "proof"),
    [
        ("acsc(x)", "-1/(abs(x)*sqrt(x^2 - 1))", Proof.PROVED),
        ("2^x 3^x", "6^x log(6)", Proof.PROVED),
        ("x*gamma(x)", "gamma(x + 1)*digamma(x + 1)", Proof.EQUAL),
        ("sin(x)^2", "sin(2x)", Proof.PROVED),
        ("cbrt(x)", "1/(3 x^(2/3))", Proof.PROVED),
        ("x^2", "log(-1 - x^2)", Proof.WRONG),
    ],
)
def test_what_is_proved(formula: str, claim: str, proof: Proof) -> None:
    assert check(formula, claim).proof is proof


@pytest.mark.parametrize(
    ("claim", "proof"), [("-exp(-x^2)", Proof.EQUAL), ("exp(-x^2)", Proof.WRONG)]
)
def test_a_point_that_takes_longer_than_the_budget_is_compared(claim: str, proof: Proof) -> None:
    decision = check("integrate(exp(-t^2), t=x..inf)", claim, budget=0.01)
    assert decision.proof is proof
    assert decision.points == 1


def test_how_the_domains_differ_is_told() -> None:
    (wider,) = check("log(x)", "1/x").gaps
    assert (wider.derivative, wider.claim) == (None, 1 / wider.at["x"])
    (narrower,) = check("x^3/3", "sqrt(x)^4").gaps
    assert narrower.claim is None
    assert narrower.derivative == pytest.approx(narrower.at["x"] ** 2)
    (hole,) = check("x^2", "2x^2/x").gaps
    assert hole.at == {"x": 0.0}


def test_the_points_asked_for_come_first() -> None:
    at = {"x": parse("1/7").outputs[0]}
    found = check("x^2", "2x + 1", points=[at])
    assert found.counterexample is not None
    assert found.counterexample.at == {"x": 1 / 7}


def test_points_are_the_same_each_time_and_of_many_kinds() -> None:
    def some(seed: int) -> list[dict[str, float]]:
        return [RandomPoint(at).floats for at, _ in zip(draw("xy", seed), range(300), strict=False)]

    points = some(0)
    assert points == some(0) != some(1)
    numbers = [x for point in points for x in point.values()]
    assert any(x.is_integer() and x for x in numbers)
    assert min(numbers) < -100
    assert any(0 < abs(x) < 0.01 for x in numbers)
    assert sum(all(x > 0 for x in point.values()) for point in points) > 100


# Evidence.


@pytest.mark.parametrize(
    ("formula", "at", "order"),
    [("x*sin(x)", "0.3", 1), ("exp(x)/x", "2", 2), ("gamma(x)", "2.5", 1), ("x**3", "-1/3", 3)],
)
def test_every_engine_says_the_same(formula: str, at: str, order: int) -> None:
    said = hear(formula, at, order=order).statements[0]["x"]
    truth = float(derivative(formula, {"x": at}, ("x",) * order))
    assert len(said) == 7
    bound = said[-1].value
    assert bound is not None
    assert 0 < bound < 1e-9
    for each in said[:-1]:
        assert each.value is not None
        assert isclose(each.value, truth, rel_tol=1e-12)
        assert each.seconds > 0


def test_floating_point_is_told_from_the_truth() -> None:
    found = hear("(1-cos(x))/x^2", "1e-6")
    said = {each.engine: each for each in found.statements[0]["x"]}
    truth = derivative("(1-cos(x))/x**2", {"x": "0.000001"}, ("x",))
    autograd, quotient = said["autograd reverse"].value, said["quotient left"].value
    assert autograd is not None
    assert quotient is not None
    assert abs(autograd - truth) > 1
    assert isclose(quotient, truth, rel_tol=1e-15)
    enclosure = said["enclosure"]
    assert enclosure.digits is not None
    assert enclosure.digits >= 17


def test_one_sided_quotients_show_a_kink() -> None:
    said = {each.engine: each for each in hear("abs(x)", "0").statements[0]["x"]}
    assert (said["quotient left"].value, said["quotient right"].value) == (-1, 1)
    assert said["enclosure"].reason == "abs at 0"


def test_vectors_are_many_points() -> None:
    found = hear("x^2*y", "x=[1,2,3],y=2")
    assert [result.at for result in found.report.results] == [
        {"x": x, "y": 2.0} for x in (1.0, 2.0, 3.0)
    ]
    slopes = [statements["x"][0].value for statements in found.statements]
    assert slopes == [float(value("2*x*y", {"x": x, "y": 2})) for x in (1, 2, 3)]


# The command line.


def test_a_wrong_claim_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["check", "x^2", "4x"]) == 5
    last = capsys.readouterr().out.splitlines()[-1]
    assert last == "  wrong at x = 0.5: the derivative is 1, the claim gives 2 (a factor 2)"


def test_numbers_that_differ_late_are_shown_so(capsys: pytest.CaptureFixture[str]) -> None:
    run(["check", "x^2", "2x + 1e-20"])
    assert (
        "is 1, the claim gives 1.00000000000000000001 (1e-20 too much)" in capsys.readouterr().out
    )


def test_json_of_a_claim(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["check", "x^2 y", "[2xy, 2x^2]", "--json"]) == 5
    found = json.loads(capsys.readouterr().out)
    assert (found["schema"], found["command"]) == (1, "check")
    assert found["claim_read_as"] == "[2*x*y, 2*x**2]"
    assert (found["proof"], found["mistake"]) == ("wrong", "a factor 2")
    wrong = found["counterexample"]
    assert wrong["entry"] == "y"
    assert wrong["claim"] == 2 * wrong["derivative"] == 2 * wrong["at"]["x"] ** 2


def test_json_of_evidence(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["check", "x^2", "--at", "3", "--json"]) == 0
    (result,) = json.loads(capsys.readouterr().out)["results"]
    (entry,) = result["checks"]
    assert [each["value"] for each in entry["evidence"]][:6] == [6.0] * 6
    assert entry["evidence"][3]["bounds"] == ["6", "6"]


@pytest.mark.sampled(2)
@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("arguments", [["x^2", "--at", "3"], ["x^2", "2x"]])
def test_every_format(name: str, arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["check", *arguments, "--format", name]) == 0
    shown = capsys.readouterr().out
    assert ("quotient left" if "--at" in arguments else "proved") in shown


@pytest.mark.parametrize("arguments", [["x^2"], ["x", "1", "2"], []])
def test_what_can_not_be_checked(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["check", *arguments]) == 2
    assert capsys.readouterr().err.startswith("error: ")


@pytest.mark.slow
def test_a_claim_needs_no_torch() -> None:
    script = (
        "import sys; from diffcli.cli.main import run\n"
        "sys.exit(run(['check', 'x^2', '2x']) or 'torch' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", script], check=True, capture_output=True)


# Claims of tensors.


def check_tensors(formula: str, claim: str, at: str, **more) -> Decision:
    read = read_claim(claim)
    points = read_points([at])
    function = parse([formula, *read.formulas], declared=points[0].named)
    bound = [point.bind(function.variables) for point in points]
    return decide_tensors(function, read, bound, Settings(budget=5), **more)


X, A = "x=[1,2]", "x=[1,2],A=[[1,2],[3,4]]"


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    ("formula", "claim", "at", "wrt"),
    [
        ("sum(x^2)", "2*x", X, ()),
        ("sum(x)", "1", X, ()),
        ("norm(x)", "[x[0]/norm(x), x[1]/norm(x)]", X, ()),
        ("x.T @ A @ x", "(A + A.T) @ x", A, ("x",)),
        ("x.T @ A @ x", "A + A.T", A, ("x",)),
        ("x.T @ A @ x", "[outer(x, x), (A + A.T) @ x]", A, ()),
        ("A @ x", "A", A, ("x",)),
        ("trace(A @ A)", "2*A.T", "A=[[1,2],[3,4]]", ()),
        ("logsumexp(x)", "softmax(x)", X, ()),
    ],
)
def test_a_true_claim_of_tensors_is_accepted(
    formula: str, claim: str, at: str, wrt: tuple[str, ...]
) -> None:
    found = check_tensors(formula, claim, at, wrt=wrt)
    assert found.proof is not Proof.WRONG
    assert found.points > 1


def test_a_false_claim_of_tensors_is_refuted_where_it_was_typed() -> None:
    found = check_tensors("x.T @ A @ x", "2*A @ x", A, wrt=("x",))
    assert found.counterexample is not None
    assert (found.counterexample.derivative, found.counterexample.claim) == (12, 10)
    assert found.report.read_as == "x.T @ A @ x"
    assert found.claim_read_as == "2*A @ x"


@pytest.mark.parametrize(
    ("formula", "claim", "at", "words"),
    [
        ("sum(x^2)", "outer(x, outer(x, x))", X, "outer"),
        ("x.T @ A @ x", "(A + A.T) @ x", A, "alone: wrt x"),
        ("sum(x^2)", "2*x", "x=[1,2];x=[1,2,3]", "one by one"),
    ],
)
def test_a_claim_of_tensors_of_another_shape_is_refused(
    formula: str, claim: str, at: str, words: str
) -> None:
    with pytest.raises(UsageError, match=words):
        check_tensors(formula, claim, at)


def test_a_claim_of_tensors_needs_no_point(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["check", "sum(x^2)", "2*x"]) == 0
    assert "proved, and equal at" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("formula", "claim", "digit"),
    [("x + 1e-40*sin(x)", "1", 41), ("x + 1e-90*erf(x)", "1", 91)],
)
def test_a_claim_that_is_off_by_very_little_is_wrong(
    formula: str, claim: str, digit: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["check", formula, claim]) == 5
    assert f"the claim gives 1 (they differ in digit {digit})" in capsys.readouterr().out


def test_what_is_not_proved_says_to_how_many_digits_it_is_equal(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(["check", "besselj(0, x)", "-besselj(1, x)"]) == 0
    assert "equal to 30 digits at 100 points, not proved" in capsys.readouterr().out
