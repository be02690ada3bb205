"""Claims over boxes: what is proved holds at all points, what is refuted fails at its point."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from fractions import Fraction

import mpmath
import pytest

from diffcli.cli.main import run
from diffcli.errors import FormulaError, PointError, UsageError
from diffcli.language.ranges import read_ranges
from diffcli.studies.prove import refutations
from diffcli.studies.prove.answers import Answered, answered
from diffcli.studies.prove.claims import read_claim


def decided(claim: str, box: str, seconds: float = 4.0) -> Answered:
    read = read_claim([claim])
    ranges = read_ranges(box, read.variables)
    return answered(read, {name: ranges[name] for name in read.variables}, seconds)


TRUE = [
    ("sin(x) <= x", "x=0:1"),
    ("sin(x) >= x - x^3/6", "x=0:1"),
    ("cos(x) >= 1 - x^2/2", "x=-3:3"),
    ("0 < x*exp(-x) <= 1/e", "x=0.1:5"),
    ("x*log(x) >= -1/e", "x=0.1:2"),
    ("exp(x) >= 1 + x", "x=-inf:inf"),
    ("exp(x*y) >= 1 + x*y", "x=0:1,y=0:1"),
    ("x*sin(y) >= 0", "x=0:1,y=0:pi"),
    ("sin(y) + 0*x >= 0", "x=0:1,y=0:pi"),
    ("x*sin(y) <= 1", "x=0:1,y=0:pi"),
    ("x^2 - x + 1/4 + 1e-12 > 0", "x=0:1"),
    ("x^2 + y^2 >= 2x*y", "x=-1:1,y=-1:1"),
    ("abs(x) >= x", "x=-1:1"),
    ("sqrt(1/3 - x) >= 0", "x=0:1/3"),
    ("sqrt(x) >= x", "x=0:1"),
    ("x > 2 or x < 3", "x=-5:5"),
    ("not (x > 2 and x < 1)", "x=-5:5"),
    ("x^2 != 2 or x > 0", "x=0:5"),
    ("tan(x) >= x", "x=0:1.5"),
    ("erf(x) <= 2x/sqrt(pi)", "x=0:2"),
    ("gamma(x) > 0.88", "x=0.5:3"),
    ("exp(-x) > 0", "x=0:inf"),
    ("convex(logsumexp([x, y]))", "x=-5:5,y=-5:5"),
    ("norm([x, y]) <= sqrt(2)", "x=-1:1,y=-1:1"),
    ("increasing(x^3, x)", "x=-5:5"),
    ("increasing(floor(x), x)", "x=-5:5"),
    ("decreasing(exp(-x)*y, x)", "x=0:1,y=0:1"),
    ("convex(log(exp(x) + exp(y)))", "x=-5:5,y=-5:5"),
    ("convex(abs(x) + abs(y))", "x=-1:1,y=-1:1"),
    ("convex(x^2 + y^2 - 1.9*x*y)", "x=-1:1,y=-1:1"),
    ("concave(log(x) + sqrt(y))", "x=1:2,y=0:1"),
    ("lipschitz(sin(x), 1)", "x=0:10"),
    ("lipschitz(abs(x), 1)", "x=-1:1"),
    ("injective(x^3 + x)", "x=-2:2"),
    ("injective(x^3)", "x=-1:1"),
    ("max(x, y) >= (x + y)/2", "x=-1:1,y=-1:1"),
    ("abs(x - y) <= abs(x - z) + abs(z - y)", "x=-1:1,y=-1:1,z=-1:1"),
    ("convex(sqrt(x^2 + y^2 + x*y))", "x=-1:1,y=-1:1"),
    ("convex(sqrt(2x^2 - 2x*y + 3y^2 + 4x + 7) + exp(x))", "x=-1:1,y=-1:1"),
    ("floor(x) > x - 1", "x=-3:3"),
    ("ceil(x) < x + 1", "x=-3:3"),
    ("sqrt(x + y) <= sqrt(x) + sqrt(y)", "x=0:4,y=0:4"),
    ("sqrt(x^2 + y^2) >= (x + y)/sqrt(2)", "x=0:2,y=0:2"),
    (
        "sqrt(a^2 + b^2) + sqrt(c^2 + d^2) >= sqrt((a + c)^2 + (b + d)^2)",
        "a=0:1,b=0:1,c=0:1,d=0:1",
    ),
    ("pi/2 - atan(x/sqrt(y)) > 0.463", "x=1:2,y=1:2"),
    ("1.4 - acos(x*y) > 0", "x=0.5:1,y=0.5:1"),
    ("convex(x^2/y)", "x=-1:1,y=0.1:1"),
    ("norm([x, y, z]) <= abs(x) + abs(y) + abs(z)", "x=-1:1,y=-1:2,z=-1:1"),
    ("concave((x*y*z)^(1/3))", "x=0:1,y=0:1,z=0:1"),
    ("concave(sqrt(x*y))", "x=0:1,y=0:1"),
    ("convex(norm([x, y]))", "x=-1:1,y=-1:1"),
]
FALSE = [
    ("sin(x) < x", "x=0:1"),
    ("x^2 - 2x + 1 > 0", "x=0:3"),
    ("x^2 - x + 1/4 - 1e-12 > 0", "x=0:1"),
    ("abs(x - 1/3) > 1e-7", "x=0:1"),
    ("(x - 0.123456)^2 >= 1e-12", "x=0:1"),
    ("exp(-((x - 0.7)*1e6)^2) < 1/2", "x=0:1"),
    ("sin(x)^2 + cos(x)^2 == 0.999999999999", "x=0:1"),
    ("floor(x) < x", "x=0.5:3"),
    ("x < 1 and y < 1", "x=0:1,y=0:0.5"),
    ("x < 0 or x > 1e-9", "x=-1:1"),
    ("x <= 0.3", "x=0.1:0.3000000000000000001"),
    ("x*sin(y) < 1", "x=0:1,y=0:pi"),
    ("abs(x^2 - 2) >= 1e-9", "x=0:2"),
    ("increasing(x^3 - 1e-6*x, x)", "x=-5:5"),
    ("convex(x^4 - x^2)", "x=-1:1"),
    ("convex(-abs(x))", "x=-1:1"),
    ("convex(x^2 + y^2 - 2.1*x*y)", "x=-1:1,y=-1:1"),
    ("lipschitz(sin(x), 0.99)", "x=0:10"),
    ("injective(x^2)", "x=-1:2"),
    ("injective(sqrt(x^2) + x)", "x=-1:1"),
    ("injective(floor(x))", "x=0:1/2"),
    ("sqrt(x + y) < sqrt(x) + sqrt(y)", "x=0:4,y=0:4"),
    ("sqrt(x^2 + y^2) >= (x + y)/sqrt(2) + 1e-12", "x=0:2,y=0:2"),
    ("1.000001*sqrt(x^2 + y^2) <= sqrt(x^2 + y^2)", "x=1:2,y=0:2"),
    ("ceil(x) <= x + 1 - 1e-9", "x=-3:3"),
    ("norm([x, y]) <= abs(x) + abs(y) - 1e-12", "x=-1:1,y=-1:2"),
    ("x^2 < 4*abs(x) or x > 0", "x=-5:1"),
    ("abs(x)*y^2 <= 8", "x=-3:1,y=-2:1"),
    ("increasing(where(x < 1, x, x - 1e-12), x)", "x=0:2"),
    ("increasing(where(x < 1/3, x, x - 1e-12), x)", "x=0:2"),
    ("lipschitz(where(x < 1/3, 0, 1e-12), 1)", "x=0:2"),
    # The least value of the angle, at (2, 1), is atan(1/2) = 0.46364760900….
    ("pi/2 - atan(x/sqrt(y)) > 0.463647609001", "x=1:2,y=1:2"),
    ("convex(-x^2/y)", "x=-1:1,y=0.1:1"),
    ("concave((x*y)^(2/3))", "x=0.1:1,y=0.1:1"),
    ("convex(x^2/y)", "x=-1:1,y=-1:-0.1"),
]
UNDEFINED = [
    ("log(x) < 100", "x=-1:1"),
    ("1/x > 0", "x=0:1"),
    ("sqrt(x - 1) >= 0", "x=0:3"),
    ("sqrt(x) + sqrt(x - 1) >= 0", "x=0:3"),
    ("atan(x/sqrt(y - 1)) < 1.6", "x=1:2,y=1:2"),
    ("1/(x*sqrt(y)) > 0", "x=1:2,y=0:2"),
    ("sqrt(x - y) <= sqrt(x) + 1", "x=0:3,y=0:3"),
    ("increasing(1/x, x)", "x=-1:1"),
]


@pytest.mark.sampled(5)
@pytest.mark.parametrize(("claim", "box"), TRUE)
def test_what_holds_is_proved(claim: str, box: str) -> None:
    found = decided(claim, box)
    assert found.proof.verdict.value == "proved"
    assert found.exit_code == 0


@pytest.mark.sampled(5)
@pytest.mark.parametrize(("claim", "box"), FALSE)
def test_what_fails_somewhere_is_refuted_there(claim: str, box: str) -> None:
    found = decided(claim, box)
    assert found.proof.verdict.value == "refuted"
    assert found.proof.counterexample is not None
    assert found.exit_code == 5


@pytest.mark.sampled(2)
@pytest.mark.parametrize(("claim", "box"), UNDEFINED)
def test_what_has_no_value_is_undefined(claim: str, box: str) -> None:
    found = decided(claim, box)
    assert found.proof.verdict.value == "undefined"
    assert found.exit_code == 4


UNPROVABLE = [
    # Each is true but for what a naive test overlooks: a jump, a kink, a pole, a hole.
    ("x - floor(x) < 1 - 1e-15", "x=0:2"),
    ("increasing(x - floor(x), x)", "x=0:2"),
    ("increasing(tan(x), x)", "x=0:3"),
    ("increasing(atan2(x, -1), x)", "x=-1:1"),
    ("convex(min(x, 1 - x))", "x=0:1"),
    ("lipschitz(sqrt(x), 10)", "x=0:1"),
    ("lipschitz(floor(x), 5)", "x=0:2"),
    ("x/x == 1", "x=-1:1"),
    ("injective(sign(x))", "x=-1:1"),
]


@pytest.mark.sampled(5)
@pytest.mark.parametrize(("claim", "box"), UNPROVABLE)
def test_what_is_false_is_never_proved(claim: str, box: str) -> None:
    assert decided(claim, box, seconds=0.3).proof.verdict.value != "proved"


@pytest.mark.sampled(8)
@pytest.mark.parametrize("seed", range(40))
def test_random_kinks_and_norms_agree_with_sampling(seed: int) -> None:
    draw = random.Random(seed)
    a, b, c, d = (draw.randint(-4, 4) for _ in range(4))
    kink = draw.choice(["max(x, y)", "min(x, 2y)", "abs(x - y)", "abs(2x + y)"])
    claim = f"{kink} >= ({a}*x + {b}*y + {c})/{draw.choice([2, 3, 4])}"
    found = decided(claim, "x=-1:1,y=-1:1", 1.0).proof.verdict.value
    names = {"max": max, "min": min, "abs": abs}
    code = claim.replace("2y", "2*y").replace("2x", "2*x")
    grid = [(Fraction(i, 20), Fraction(j, 20)) for i in range(-20, 21) for j in range(-20, 21)]
    if not all(eval(code, names, {"x": x, "y": y}) for x, y in grid):  # noqa: S307
        assert found != "proved"
    norm = f"convex(sqrt({a}*x^2 + {b}*x*y + {d}*y^2 + 60))"
    if decided(norm, "x=-1:1,y=-1:1", 1.0).proof.verdict.value == "proved":
        # Convex exactly where the form is: h(t) = √(q(tv) + 60) has h″(0) = q(v)/√60.
        assert a >= 0
        assert d >= 0
        assert 4 * a * d >= b * b


def _random_formula(draw: random.Random, depth: int = 3) -> str:
    if depth == 0 or draw.random() < 0.15:
        return draw.choice(["x", "y", str(draw.randint(1, 3)), "0.5"])
    one, two = (_random_formula(draw, depth - 1) for _ in range(2))
    return draw.choice(
        [
            f"({one} + {two})",
            f"({one} - {two})",
            f"{one}*{two}",
            f"sin({one})",
            f"exp(-({one})^2)",
            f"abs({one})",
            f"max({one}, {two})",
            f"({one})^2",
            f"atan({one})",
            f"sqrt(1 + ({one})^2)",
        ]
    )


def _value(formula: str, x: float, y: float) -> float:
    names = {
        **{name: getattr(mpmath, name) for name in ("sin", "exp", "atan", "sqrt")},
        "abs": abs,
        "max": max,
        "x": mpmath.mpf(x),
        "y": mpmath.mpf(y),
    }
    code = compile(formula.replace("^", "**"), "formula", "eval")
    return float(eval(code, {"__builtins__": {}}, names))  # noqa: S307  (made by this test)


@pytest.mark.sampled(4)
@pytest.mark.parametrize("seed", range(12))
def test_random_claims_agree_with_sampling(seed: int) -> None:
    draw = random.Random(seed)
    formula = _random_formula(draw)
    points = [(draw.uniform(-1, 1), draw.uniform(0, 2)) for _ in range(60)]
    values = [_value(formula, *point) for point in points]
    least, spread = min(values), max(values) - min(values)
    for bound in (least - 0.3 * spread - 0.1, least + 0.05 * spread + 0.01):
        claim = f"{formula} + 0*x + 0*y > {bound:.6f}"
        found = decided(claim, "x=-1:1,y=0:2", seconds=0.5).proof
        if found.verdict.value == "proved":
            assert least > bound - 1e-6
        if found.counterexample is not None:
            at = found.counterexample.floats
            assert _value(formula, at["x"], at["y"]) <= bound + 1e-6


@pytest.mark.slow
def test_a_proof_is_reproducible() -> None:
    first, second = (decided("x^4 + y^4 + 1 >= 4x*y - 1", "x=-2:2,y=-2:2") for _ in range(2))
    assert first.boxes == second.boxes
    assert first.proof == second.proof


def test_a_cut_proof_says_what_is_left() -> None:
    found = decided("(x^2 + y^2)/2 >= abs(x*y)", "x=-9:10,y=-9:10", seconds=0.05)
    assert found.proof.verdict.value == "undecided"
    assert 0 < found.proof.volume <= 1
    assert found.proof.left
    assert found.exit_code == 6


@pytest.mark.slow
def test_what_both_halves_of_an_equality_leave_is_left_once() -> None:
    proof = decided("gamma(x + 1) == x*gamma(x)", "x=1:3").proof
    assert proof.verdict.value == "undecided"
    assert len(proof.left) == len(set(proof.left))


def _shown(
    argv: Sequence[str], capsys: pytest.CaptureFixture[str]
) -> tuple[int, dict[str, object]]:
    code = run([*argv, "--json"])
    document: dict[str, object] = json.loads(capsys.readouterr().out)
    return code, document


def test_json_has_the_verdict_and_the_counterexample(capsys: pytest.CaptureFixture[str]) -> None:
    code, found = _shown(["prove", "sin(x) < x", "--in", "x=0:1"], capsys)
    assert code == 5
    assert found["verdict"] == "refuted"
    assert found["counterexample"] == {"at": {"x": 0.0}, "exact": {"x": "0"}}
    code, found = _shown(["prove", "sin(x) <= x", "--in", "x=0:1"], capsys)
    assert (code, found["verdict"], found["counterexample"]) == (0, "proved", None)
    assert found["undecided_volume"] == 0.0


def test_what_is_no_claim_is_refused() -> None:
    with pytest.raises(FormulaError, match="claims nothing"):
        read_claim(["x^2 + 1"])
    with pytest.raises(FormulaError, match="in which variable"):
        read_claim(["increasing(x*y)"])
    with pytest.raises(UsageError, match="detach"):
        decided("detach(x) >= 0", "x=0:1")
    with pytest.raises(PointError, match="empty"):
        decided("x >= 0", "x=1:0")


@pytest.mark.sampled(4)
@pytest.mark.parametrize("power", ["x^(2/3)", "x^(4/5)", "root(x, 3)^2", "abs(x)^(2/3)"])
def test_a_cusp_that_points_upwards_is_not_convex(power: str) -> None:
    # Off the cusp the curvature is positive, and (−1 + −1)/2 < 0 shows the chord below it.
    for claim in (f"convex(-{power})", f"convex(x^2/9 - {power})"):
        assert decided(claim, "x=-1:1").proof.verdict.value != "proved"
    assert decided(f"-{power} >= -1/2", "x=-0.1:0.9").proof.verdict.value == "refuted"


@pytest.mark.parametrize("bound", ["-1", "0 - 1e-300", "cos(3)"])
def test_a_negative_lipschitz_constant_is_no_claim(bound: str) -> None:
    with pytest.raises(FormulaError, match="isn't negative"):
        decided(f"lipschitz(x, {bound})", "x=0:1")


@pytest.mark.parametrize(
    ("claim", "verdict"), [("x^2 >= 0", "proved"), ("x^3 >= 0", "refuted"), ("x^2 > 0", "refuted")]
)
def test_powers_beyond_all_floats_are_compared(claim: str, verdict: str) -> None:
    assert decided(claim, "x=-1e300:1e300").proof.verdict.value == verdict


# Claims whose sides are equal on a curve, or on all of the box, and what they rest on.
ALGEBRA = [
    ("sin(x)^2 + cos(x)^2 = 1", "x=-10:10", "proved"),
    ("exp(x + y) = exp(x)*exp(y)", "x=-5:5,y=-3:3", "proved"),
    ("sqrt(x^2) = x", "x=0:1", "proved"),
    ("sqrt(x^2) = x", "x=-1:1", "refuted"),
    ("log(x^2) = 2*log(x)", "x=-1:1", "undefined"),
    ("x >= 0 or x < 0", "x=-1:1", "proved"),
    ("x > 0 or x < 0", "x=-1:1", "refuted"),
    ("x - y > 0 or 2*y >= 2*x", "x=-1:1,y=-1:1", "proved"),
    ("(x + y)/2 >= sqrt(x*y)", "x=0:10,y=0:10", "proved"),
    ("(x + y)/2 >= sqrt(x*y) + 1e-12", "x=0:10,y=0:10", "refuted"),
    ("(x + y)/2 > sqrt(x*y)", "x=0:10,y=0:10", "refuted"),
    ("(x + y + z)/3 >= cbrt(x*y*z)", "x=0:10,y=0:10,z=0:10", "proved"),
    ("sqrt(x*y) >= 2*x*y/(x + y)", "x=1:10,y=1:10", "proved"),
    ("x/y + y/x >= 2", "x=1:10,y=1:10", "proved"),
    ("x/y + y/x >= 2", "x=-1:10,y=1:10", "refuted"),
    ("1/(x - y)^2 >= 0", "x=0:1,y=0:1", "undefined"),
    ("x/(y - y) <= 4 + y", "x=0:1,y=0:1", "undefined"),
    ("x^2 + y^2 + z^2 >= x*y + y*z + z*x", "x=-inf:inf,y=-inf:inf,z=-inf:inf", "proved"),
    ("x^2 + y^2 >= 2.000001*x*y", "x=-1:1,y=-1:1", "refuted"),
    ("(x - y)^2*(x - 1) <= 0", "x=0:1,y=0:1", "proved"),
    ("(x - y)^2*(x - 1 + 1e-9) <= 0", "x=0:1,y=0:1", "refuted"),
    ("(x - y)^3 >= 0", "x=0:1,y=0:1", "refuted"),
    ("floor(x) <= x", "x=-3:3", "proved"),
    ("ceil(x) - floor(x) <= 1", "x=-3:3", "undecided"),
    ("floor(x) >= x", "x=-3:3", "refuted"),
    ("1/x > 0", "x=1:inf", "proved"),
]


@pytest.mark.sampled(6)
@pytest.mark.parametrize(("claim", "box", "verdict"), ALGEBRA)
def test_equality_on_a_curve_is_decided_by_algebra(claim: str, box: str, verdict: str) -> None:
    found = decided(claim, box).proof.verdict.value
    # That a claim is left open is no error; that it is decided wrongly is.
    assert found == verdict or (verdict == "undecided" and found == "proved")


def test_the_tests_that_closed_the_boxes_are_told_apart() -> None:
    found = decided("x^2 + y^2 - 1.9*x*y + 0.01 > 0", "x=-1:1,y=-1:1")
    assert found.proof.verdict.value == "proved"
    assert len(found.closed) > 1
    assert decided("x^2 + y^2 - 1.9*x*y + 0.01 > 0", "x=-1:1,y=-1:1").closed == found.closed


def test_a_proof_that_the_clock_on_the_wall_ends_says_what_is_left() -> None:
    read = read_claim(["x*log(x) + y*log(y) >= (x + y)*log((x + y)/2)"])
    ranges = read_ranges("x=0.1:2,y=0.1:2", read.variables)
    found = answered(read, ranges, 1e6, patience=0.3)
    assert found.proof.verdict.value == "undecided"
    assert found.proof.reason == "the time ran out"
    assert found.proof.left


BY_RANGES = [
    ("erf(x) < 1", "x=-inf:inf", "proved"),
    ("abs(tanh(x)) < 1", "x=-inf:inf", "proved"),
    ("tanh(x)^2 < 1", "x=-inf:inf", "proved"),
    ("atan(x) < pi/2", "x=-inf:inf", "proved"),
    ("2*frac(x) < 2", "x=0:3", "proved"),
    ("frac(x) >= 0", "x=0:3", "proved"),
    ("frac(x) > 0", "x=1/2:3/2", "refuted"),
    ("frac(x) <= 0.99", "x=0:3", "refuted"),
    ("mod(x, 2) < 2", "x=0:5", "proved"),
    ("mod(x, -2) > -2", "x=0:5", "proved"),
    ("mod(x, -2) >= 0", "x=0:5", "refuted"),
    ("round(x) - x <= 0.5", "x=0:3", "proved"),
    ("round(2x + 1) <= 2x + 3/2", "x=0:3", "proved"),
    ("round(x) - x < 0.5", "x=0:3", "refuted"),
    ("2*round(x) - x <= 0.5", "x=0:3", "refuted"),
    ("x - ceil(x) > -1", "x=0:3", "proved"),
    ("x - ceil(x) < 0", "x=1/2:3/2", "refuted"),
    ("sin(x) + erf(y) < 2", "x=-9:9,y=-9:9", "proved"),
    ("sin(x) - sin(y) < 2", "x=-9:9,y=-9:9", "refuted"),
    ("erf(x) + log(x) < 2 + log(x)", "x=-1:1", "undefined"),
]


@pytest.mark.sampled(3)
@pytest.mark.parametrize(("claim", "box", "verdict"), BY_RANGES)
def test_what_the_ranges_of_functions_say(claim: str, box: str, verdict: str) -> None:
    assert decided(claim, box, seconds=1.0).proof.verdict.value == verdict


def test_no_refutation_is_looked_for_when_the_time_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []
    monkeypatch.setattr(refutations, "truth_at", lambda *what: asked.append(what))
    found = decided("lipschitz(sin(x)*cos(y), 1)", "x=-3:3,y=-3:3", seconds=-2.0)
    assert found.proof.verdict.value == "undecided"
    assert found.proof.reason == "the time ran out"
    assert not asked
