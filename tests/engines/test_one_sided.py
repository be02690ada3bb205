"""Random difficult points whose one-sided expansions are known by construction.

A formula is a sum of terms at a point p. What each term is on either side of p, to first order, is
written down with the term, by hand calculus; the truth of the sum follows by adding. Nothing of the
project computes it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import inf
from random import Random

import pytest
from flint import arb, ctx
from mpmath import mp, mpf

from diffcli.engines.difficult import Kind, classify
from diffcli.language.parser import parse

DIGITS = 2500
"""Of the reference: the sizes below differ by 10^1800."""

ZERO = mpf(0)


@pytest.fixture(autouse=True)
def many_digits() -> Iterator[None]:
    with mp.workdps(DIGITS):
        yield


POINTS = (
    *("0", "1/3", "-7/10", "2", "pi", "sqrt(2)", "-exp(1)", "pi/2 - sqrt(3)", "10^-30", "-3*10^20"),
    *("log(5)", "cbrt(7)", "1/7 + 10^-40", "2^-900", "tan(1)"),
)
SIZES = (
    "1",
    "3/7",
    "1e-21",
    "1e-60",
    "2^200",
    "pi",
    "sqrt(2)",
    "1e13",
    "2^-3000",
    "2^3000",
    "1e-9",
)
"""Coefficients, as formulas."""


@dataclass(frozen=True)
class Sided:
    """What a term is on one side: its limit, its slope in x, or why it has none.

    ``kind`` is "finite"; "up" or "down" for a slope that is infinite; "pole", "outside" or "wild".
    """

    limit: mpf = ZERO
    slope: mpf = ZERO
    kind: str = "finite"
    strength: Fraction = Fraction(1)
    """The exponent of an infinite slope's term, which is the greater the weaker it is."""
    power: mpf = ZERO
    """The coefficient of that term."""


@dataclass(frozen=True)
class Term:
    """A term in u = x − p: its formula, its value at p, and what it is on both sides."""

    text: str
    value: mpf | None
    left: Sided
    right: Sided


def constant(text: str) -> mpf:
    """Return a coefficient or a point, by mpmath."""
    scope = {name: getattr(mp, name) for name in ("pi", "sqrt", "exp", "log", "cbrt", "tan")}
    readable = text.replace("^", "**")
    exact = "".join(f"mpf('{part}')" if part[0].isdigit() else part for part in _tokens(readable))
    return mpf(eval(exact, {"__builtins__": {}}, {**scope, "mpf": mpf}))  # noqa: S307


def _tokens(text: str) -> list[str]:
    return re.findall(r"\d+(?:\.\d+)?(?:e-?\d+)?|[a-z]+|\*\*|[^\sa-z\d]", text)


def both(text: str, slope: mpf) -> Term:
    return Term(text, mpf(0), Sided(slope=slope), Sided(slope=slope))


Maker = Callable[[str, str, Random], Term]


def smooth(u: str, c: str, draw: Random) -> Term:
    form, slope = draw.choice(
        [("{u}", 1), ("sin({u})", 1), ("({u})^2", 0), ("expm1({u})", 1), ("atan({u})", 1),
         ("log1p({u})", 1), ("cos({u}) - 1", 0), ("tanh(2*({u}))", 2), ("j1({u})", mpf(1) / 2),
         ("({u})^3*exp({u})", 0)]
    )  # fmt: skip
    return both(f"{c}*({form.format(u=u)})", constant(c) * slope)


def kink(u: str, c: str, draw: Random) -> Term:
    form, left, right = draw.choice(
        [("abs({u})", -1, 1), ("relu({u})", 0, 1), ("max({u}, 2*({u}))", 1, 2),
         ("min({u}, 0)", 1, 0), ("sqrt(({u})^2)", -1, 1), ("abs(sin({u}))", -1, 1),
         ("acos(cos({u}))", -1, 1), ("leaky_relu({u}, 1/10)", mpf(1) / 10, 1),
         ("({u})*heaviside({u}, 1/2)", 0, 1), ("({u})*sign({u})", -1, 1),
         ("piecewise((3*({u}), {u} < 0), (5*({u}), True))", 3, 5), ("elu({u}, 3)", 3, 1),
         ("hypot({u}, ({u})^2)", -1, 1), ("log1p(abs({u}))", -1, 1), ("asin(abs({u}))", -1, 1),
         ("({u})*floor(1/2 + atan({u}))", 0, 0), ("({u})*ceil({u})", 0, 1),
         ("cbrt(abs({u})^3)", -1, 1), ("abs(expm1({u}))", -1, 1)]
    )  # fmt: skip
    size = constant(c)
    return Term(
        f"{c}*({form.format(u=u)})", mpf(0), Sided(slope=left * size), Sided(slope=right * size)
    )


def flattened(u: str, c: str, draw: Random) -> Term:
    """A term whose derivative is 0, though it isn't analytic."""
    n = draw.randint(1, 40)
    form = draw.choice(
        ["({u})*abs({u})", "abs({u})^3", "sqrt(({u})^4)", "({u})^2*sign({u})",
         f"({{u}})*abs({{u}})^(1/{n})", f"abs({{u}})^(1 + 1/{n})", "relu({u})^2",
         "abs({u})^(5/2)", "abs({u})*sin({u})", "abs({u})^2.001", "cbrt({u})^4",
         "cbrt(({u})^5)", "hypot(({u})^2, ({u})^3)", "acosh(1 + ({u})^4)"]
    )  # fmt: skip
    return both(f"{c}*({form.format(u=u)})", mpf(0))


def flat(u: str, c: str, draw: Random) -> Term:
    form = draw.choice(
        ["exp(-1/({u})^2)", "exp(-1/abs({u}))", "({u})*exp(-1/abs({u}))", "exp(-1/({u})^2)/({u})^9",
         "1 - tanh(1/({u})^2)", "erfc(1/({u})^2)", "sech(1/({u}))", "1 - sigmoid(1/({u})^2)",
         "({u})*floor(tanh(1/({u})^2))", "({u})^2*log(abs({u}))", "({u})^2*log(abs({u}))^3",
         "abs({u})^(3/2)*log(abs({u}))^5"]
    )  # fmt: skip
    return both(f"piecewise(({c}*({form.format(u=u)}), {u} != 0), (0, True))", mpf(0))


def wild(u: str, c: str, draw: Random) -> Term:
    """A bounded oscillation that vanishes to second order."""
    form = draw.choice(
        ["({u})^2*sin(1/({u}))", "({u})^2*cos(log(abs({u})))", "abs({u})^(5/4)*sin(exp(1/({u})))",
         "({u})^2*sign(sin(1/({u})))", "({u})^2*sin(floor(1/({u})))", "({u})^3*floor(1/({u}))",
         "({u})*exp(-1/abs({u}))*cos(1/({u}))", "({u})^2*frac(1/({u}))",
         "piecewise((({u})^2, sin(1/({u})) > 0), (-3*({u})^2, True))", "abs(({u})^2*sin(1/({u})))"]
    )  # fmt: skip
    return both(f"piecewise(({c}*({form.format(u=u)}), {u} != 0), (0, True))", mpf(0))


def steep(u: str, c: str, draw: Random) -> Term:
    """A power below 1: an infinite slope."""
    k = draw.randint(2, 30)
    form, left, right, strength = draw.choice(
        [("cbrt({u})", 1, 1, Fraction(1, 3)), ("abs({u})^(2/3)", -1, 1, Fraction(2, 3)),
         (f"abs({{u}})^(1 - 1/{k})", -1, 1, 1 - Fraction(1, k)),
         ("sqrt(abs({u}))", -1, 1, Fraction(1, 2)),
         (f"sign({{u}})*abs({{u}})^(1/{k})", 1, 1, Fraction(1, k))]
    )  # fmt: skip
    size = constant(c)
    sides = [
        Sided(kind="up" if sense * size > 0 else "down", strength=strength, power=sense * size)
        for sense in (left, right)
    ]
    return Term(f"{c}*({form.format(u=u)})", mpf(0), *sides)


def endpoint(u: str, c: str, draw: Random) -> Term:
    form, slope = draw.choice(
        [("({u})*sqrt({u})", 0), ("sqrt({u})^3", 0), ("({u})^1.5 + ({u})", 1),
         ("sqrt(({u})^3)", 0), ("exp(({u})^2.5) - 1", 0),
         ("sqrt(({u})^2 + ({u})^3 + 0*sqrt({u}))", 1)]
    )  # fmt: skip
    size = constant(c)
    return Term(
        f"{c}*({form.format(u=u)})", mpf(0), Sided(kind="outside"), Sided(slope=slope * size)
    )


def jump(u: str, c: str, draw: Random) -> Term:
    form, left, right, at = draw.choice(
        [("sign({u})", -1, 1, 0), ("heaviside({u}, 1)", 0, 1, 1), ("floor({u})", -1, 0, 0),
         ("ceil({u})", 0, 1, 0), ("piecewise((1, {u} > 0), (0, True))", 0, 1, 0),
         ("piecewise((7, {u} == 0), (0, True))", 0, 0, 7), ("frac({u})", 1, 0, 0)]
    )  # fmt: skip
    size = constant(c)
    return Term(
        f"{c}*({form.format(u=u)})",
        at * size,
        Sided(limit=left * size),
        Sided(limit=right * size),
    )


def pole(u: str, c: str, draw: Random) -> Term:
    form = draw.choice(["1/({u})", "log(abs({u}))", "1/({u})^2", "cot({u})", "1/sqrt(abs({u}))"])
    return Term(
        f"piecewise(({c}*({form.format(u=u)}), {u} != 0), (0, True))",
        mpf(0),
        Sided(kind="pole"),
        Sided(kind="pole"),
    )


RECIPES: Sequence[tuple[int, Sequence[Maker]]] = (
    (4, (smooth, kink)),
    (4, (smooth, flattened)),
    (3, (smooth, kink, flattened)),
    (3, (smooth, smooth, flat)),
    (3, (smooth, wild)),
    (2, (flattened, kink, flat, wild)),
    (2, (smooth, kink, kink, flattened)),
    (2, (smooth, flattened, steep)),
    (2, (smooth, endpoint, flattened)),
    (2, (smooth, jump, kink)),
    (1, (smooth, pole)),
    (2, (kink, smooth, flattened, smooth, flat)),
)


def _kept(left: mpf, right: mpf) -> tuple[mpf, mpf]:
    return left, right


def _sized(left: mpf, right: mpf) -> tuple[mpf, mpf]:
    return -abs(left), abs(right)


def _above(left: mpf, right: mpf) -> tuple[mpf, mpf]:
    return min(left, ZERO), max(right, ZERO)


def _below(left: mpf, right: mpf) -> tuple[mpf, mpf]:
    return max(left, ZERO), min(right, ZERO)


def _none(left: mpf, right: mpf) -> tuple[mpf, mpf]:
    return ZERO, ZERO


WRAPPERS: Sequence[tuple[Callable[[mpf, mpf], tuple[mpf, mpf]], Sequence[str]]] = (
    (
        _kept,
        ["exp({f}) - 1", "sin({f})", "tanh({f})", "({f})/(1 + ({f}))", "asinh({f})", "tan({f})",
         "log(1 + ({f}))", "({f})*cos({f})", "acos(-({f})) - pi/2", "({f})*exp(sqrt(abs({f})))",
         "max({f}, {f} - 1)", "({f}) - floor({f} + 1/2)", "erf({f})*sqrt(pi)/2"],
    ),
    (_sized, ["abs({f})", "sqrt(({f})^2)", "max({f}, -({f}))", "abs(sinh({f}))"]),
    (_above, ["relu({f})", "max(0, {f})", "piecewise(({f}, {f} > 0), (0, True))"]),
    (_below, ["min({f}, 0)", "-relu(-({f}))"]),
    (_none, ["({f})^2", "({f})*abs({f})", "1 - cos({f})", "({f})*relu(sin({f}))"]),
)  # fmt: skip
"""What a function of a sum that is 0 at the point does to its one-sided derivatives there."""


def wrapped(case: Case, draw: Random) -> Case:
    """Return a function of the case, where both sides are finite and the value is 0."""
    sides = case.left, case.right
    if case.value or any(side.kind != "finite" or side.limit for side in sides):
        return case
    rule, forms = draw.choice(WRAPPERS)
    form = draw.choice(forms)
    left, right = rule(case.left.slope, case.right.slope)
    formula = form.format(f=f"({case.formula})")
    return Case(formula, case.at, ZERO, Sided(slope=left), Sided(slope=right))


@dataclass(frozen=True)
class Case:
    """A formula, its point, and the truth on both sides, with the value at the point."""

    formula: str
    at: str
    value: mpf
    left: Sided
    right: Sided


def drawn(seed: int) -> Case:
    draw = Random(seed)
    at = draw.choice(POINTS)
    u = draw.choice(["x - ({p})", "x + (-({p}))"]).format(p=at) if at != "0" else "x"
    weights, recipes = zip(*RECIPES, strict=True)
    makers = draw.choices(recipes, weights)[0]
    terms = [maker(u, draw.choice(SIZES), draw) for maker in makers]
    if draw.random() < 0.3:
        terms.append(kink(u, "1e-30", draw))
    draw.shuffle(terms)
    formula = " + ".join(f"({term.text})" for term in terms)
    value = sum((term.value for term in terms if term.value is not None), mpf(0))
    case = Case(
        formula,
        at,
        value,
        added([term.left for term in terms]),
        added([term.right for term in terms]),
    )
    for _ in range(draw.choice([0, 0, 1, 1, 2])):
        case = wrapped(case, draw)
    return case


def added(sides: Sequence[Sided]) -> Sided:
    kinds = {side.kind for side in sides}
    for kind in ("outside", "pole"):
        if kind in kinds:
            return Sided(kind=kind)
    limit = sum((side.limit for side in sides), mpf(0))
    steepest = [side for side in sides if side.kind in ("up", "down")]
    if steepest:
        least = min(side.strength for side in steepest)
        total = sum(side.power for side in steepest if side.strength == least)
        assert total
        return Sided(limit, kind="up" if total > 0 else "down")
    return Sided(limit, sum((side.slope for side in sides), mpf(0)))


def truth(case: Case) -> tuple[Kind, mpf | None, mpf | None]:
    """Return the kind, the left and the right derivative."""
    sides = {"left": case.left, "right": case.right}
    inside = {name: side for name, side in sides.items() if side.kind != "outside"}
    if any(
        side.kind != "pole" and abs(side.limit - case.value) > mpf(10) ** -1400
        for side in inside.values()
    ):
        return Kind.JUMP, None, None
    if any(side.kind == "pole" for side in inside.values()):
        return Kind.POLE, None, None
    slopes = [
        None if side.kind == "outside"
        else {"up": mpf(inf), "down": mpf(-inf)}.get(side.kind, side.slope)
        for side in (case.left, case.right)
    ]  # fmt: skip
    known = [slope for slope in slopes if slope is not None]
    if any(mp.isinf(slope) for slope in known):
        return Kind.VERTICAL if len(set(known)) == 1 else Kind.KINK, slopes[0], slopes[1]
    if len(known) == 1:
        return Kind.ENDPOINT, slopes[0], slopes[1]
    is_one = abs(known[0] - known[1]) <= mpf(10) ** -2300 * max(map(abs, known))
    return Kind.DIFFERENTIABLE if is_one else Kind.KINK, slopes[0], slopes[1]


def judged(case: Case) -> str:
    """Return "proved" or "unverified"; fail where a claim isn't the truth."""
    node = parse(case.formula, declared=("x",)).outputs[0]
    place = parse(case.at).outputs[0]
    found = classify(node, {"x": place}, ("x",))
    if not found.is_proved:
        return "unverified"
    kind, left, right = truth(case)
    assert found.kind is kind, case
    claims = [] if kind in (Kind.JUMP, Kind.POLE) else [(found.left, left), (found.right, right)]
    if kind in (Kind.DIFFERENTIABLE, Kind.ENDPOINT):
        claims.append((found.value, right))
    if found.reason != "enclosed":
        for ball, exact in claims:
            assert is_within(ball, exact), (case, ball, exact)
    return "proved"


def is_within(ball: arb | None, exact: mpf | None) -> bool:
    if ball is None or exact is None:
        return ball is exact
    if mp.isinf(exact):
        return not ball.is_finite() and (ball > 0) == (exact > 0)
    with ctx.workprec(2000):
        near = arb(mp.nstr(exact, 500))
        return bool((near + abs(near) * arb(0, 1e-300)).overlaps(ball))


@pytest.mark.sampled(3)
@pytest.mark.parametrize("share", range(6))
def test_no_claim_about_a_random_difficult_point_is_false(share: int) -> None:
    found = Counter(judged(drawn(seed)) for seed in range(share * 25, share * 25 + 25))
    assert found["unverified"] <= 5, found


@pytest.mark.slow
@pytest.mark.parametrize("share", range(20))
def test_two_thousand_random_difficult_points(share: int) -> None:
    found = Counter(judged(drawn(seed)) for seed in range(share * 100, share * 100 + 100))
    assert found["unverified"] <= 10, found
