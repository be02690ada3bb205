"""Identities: what is proved equal is equal at every point where both sides have a value."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from fractions import Fraction

import pytest
from mpmath import mpf
from oracle_functions import OutsideDomainError
from oracles import value

from diffcli.engines.margins import BY_ARGUMENTS, EDGES_BY_ARGUMENTS
from diffcli.engines.symbolic import Symbolic
from diffcli.engines.terms.identity import proved_equal
from diffcli.language.functions import TABLE
from diffcli.language.parser import parse

PLACES = [Fraction(k, 4) for k in range(-20, 21)] + [
    *map(Fraction, (-100, 100)),
    *(Fraction(k, 7) for k in range(-15, 16, 4)),
]
"""Points at which the rewritings below may fail, the ends of their pieces among them."""


def equal(first: str, second: str) -> bool:
    outputs = Symbolic(parse([first, second], declared=("x",))).outputs
    return proved_equal(*outputs)


def clashes(first: str, second: str) -> Iterator[Fraction]:
    """Yield the points at which both have a value, but not the same."""
    for x in PLACES:
        try:
            a, b = (value(each.replace("^", "**"), {"x": x}, 25) for each in (first, second))
        except (OutsideDomainError, ArithmeticError):
            continue
        if abs(mpf(a) - mpf(b)) > mpf(10) ** -20 * (1 + abs(mpf(a))):
            yield x


# Each of these is false somewhere: on one side, at a point, at whole numbers, or far away.
RULES: list[Callable[[str], tuple[str, str]]] = [
    lambda u: (f"sqrt(({u})^2)", f"({u})"),
    lambda u: (f"abs({u})", f"({u})*sign({u})"),
    lambda u: (f"sign({u})^2", "1"),
    lambda u: (f"sign({u})^3", f"sign({u})"),
    lambda u: (f"sign({u})", f"({u})/abs({u})"),
    lambda u: (f"sign({u})*abs({u})", f"({u})"),
    lambda u: (f"({u})/({u})", "1"),
    lambda u: (f"({u})^0", "1"),
    lambda u: (f"0^abs({u})", "0"),
    lambda u: (f"(({u})^2)^(1/4)", f"sqrt({u})"),
    lambda u: (f"(({u})^(2/3))^(3/2)", f"({u})"),
    lambda u: (f"(({u})^(1/3))^3", f"({u})"),
    lambda u: (f"(({u})^3)^(1/3)", f"({u})"),
    lambda u: (f"cbrt({u})*cbrt({u})^2", f"({u})"),
    lambda u: (f"sqrt({u})^2", f"abs({u})"),
    lambda u: (f"log(({u})^2)", f"2*log({u})"),
    lambda u: (f"log(({u})^2)", f"2*log(abs({u}))"),
    lambda u: (f"exp(log({u}))", f"({u})"),
    lambda u: (f"exp(3*log({u}))", f"({u})^3"),
    lambda u: (f"log(exp({u}))", f"({u})"),
    lambda u: (f"floor(-({u}))", f"-floor({u})"),
    lambda u: (f"ceil({u})", f"floor({u}) + 1"),
    lambda u: (f"ceil({u})", f"-floor(-({u}))"),
    lambda u: (f"frac({u})", f"({u}) - floor({u})"),
    lambda u: (f"frac({u}) + frac(-({u}))", "1"),
    lambda u: (f"floor({u} + 2)", f"floor({u}) + 2"),
    lambda u: (f"floor(2*({u}))", f"2*floor({u})"),
    lambda u: (f"max({u}, 1)", f"(({u}) + 1 + abs(({u}) - 1))/2"),
    lambda u: (f"max({u}, 0)", f"({u})*heaviside({u})"),
    lambda u: (f"heaviside({u})", f"(1 + sign({u}))/2"),
    lambda u: (f"heaviside({u}, 1)", f"heaviside({u}, 0)"),
    lambda u: (f"heaviside({u}, 1) + heaviside(-({u}), 1)", "1"),
    lambda u: (f"min({u}, 2) + max({u}, 2)", f"({u}) + 2"),
    lambda u: (f"relu({u}) - relu(-({u}))", f"({u})"),
    lambda u: (f"relu({u}) + relu(-({u}))", f"({u})"),
    lambda u: (f"piecewise(({u}, {u} != 0), (3, True))", f"({u})"),
    lambda u: (f"piecewise((1, {u} < 30), (({u})/30, True))", "1"),
    lambda u: (f"piecewise((({u}), {u} > -99), (0, True))", f"({u})"),
    lambda u: (f"abs(({u})*(x - 1))", f"abs({u})*abs(x - 1)"),
    lambda u: (f"sqrt(({u})*(x - 1))", f"sqrt({u})*sqrt(x - 1)"),
    lambda u: (f"(({u})^2 - 1)/(({u}) - 1)", f"({u}) + 1"),
    lambda u: (f"tan({u})*cos({u})", f"sin({u})"),
    lambda u: (f"sin(2*({u}))", f"2*sin({u})*cos({u})"),
    lambda u: (f"tanh({u})*cosh({u})", f"sinh({u})"),
    lambda u: (f"2^({u})*2^(-({u}))", "1"),
    lambda u: (f"clamp({u}, -1, 1)", f"hardtanh({u})"),
    lambda u: (f"({u}) % 1", f"frac({u})"),
]
INNER = ["x", "x - 1", "-x", "x^2 - 1", "x + 1/2", "2*x - 3", "x*(x - 2)", "abs(x) - 1", "x^3"]
PROVED = 0.25
"""The least share of the pairs, most of which are false, that is proved."""


@pytest.mark.slow
def test_what_is_proved_holds_at_every_point() -> None:
    proved = 0
    for rule in RULES:
        for inner in INNER:
            first, second = rule(inner)
            if equal(first, second):
                proved += 1
                assert not list(clashes(first, second)), (first, second)
    assert proved > PROVED * len(RULES) * len(INNER)


@pytest.mark.sampled(3)
@pytest.mark.parametrize("seed", range(6))
def test_combinations_of_such_rules_are_proved_only_where_they_hold(seed: int) -> None:
    source = random.Random(seed)
    for _ in range(6):
        pairs = [source.choice(RULES)(source.choice(INNER)) for _ in range(2)]
        sign = source.choice("+-*")
        first, second = (f"({left}) {sign} ({right})" for left, right in zip(*pairs, strict=True))
        if equal(first, second):
            assert not list(clashes(first, second)), (first, second)


@pytest.mark.sampled(2)
@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("sin(x)^2 + cos(x)^2", "1"),
        ("cos(3*x)", "4*cos(x)^3 - 3*cos(x)"),
        ("sin(x + pi/3)", "sin(x)/2 + sqrt(3)/2*cos(x)"),
        ("cos(atan(x))^2", "1/(1 + x^2)"),
        ("sin(asin(x))", "x"),
        ("cosh(x)^2 - sinh(x)^2", "1"),
        ("tanh(x)", "(exp(2*x) - 1)/(exp(2*x) + 1)"),
        ("2^x*3^x", "6^x"),
        ("log(6*x^2)", "log(2) + log(3) + 2*log(abs(x))"),
        ("sqrt(x - x^2)", "(x - x^2)/sqrt(x - x^2)"),
        ("x^x", "exp(x*log(x))"),
        ("x^(3/2)/sqrt(x)", "x"),
        ("abs(x)^3", "x^2*abs(x)"),
        ("sqrt(x^2 + 2*x + 1)", "abs(x + 1)"),
        ("max(x, x^2) + min(x, x^2)", "x + x^2"),
        ("floor(x + 7)", "floor(x) + 7"),
        ("sigmoid(x) + sigmoid(-x)", "1"),
        ("exp(log(2)*x)", "2^x"),
        ("acos(x)", "pi/2 - asin(x)"),
        ("gamma(x)/gamma(x)*erf(x)", "-erf(-x)"),
    ],
)
def test_what_holds_is_proved(first: str, second: str) -> None:
    assert equal(first, second)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("sqrt(2) + sqrt(3)", "sqrt(5 + 2*sqrt(6)) + 1e-60"),
        ("asin(sin(x))", "x"),
        ("acos(cos(x))", "abs(x)"),
        ("log(-x)", "log(x) + pi"),
        ("x^(1/3)", "(x^2)^(1/6)"),
        ("tanh(x)", "sign(x)"),
        ("floor(tanh(x))", "0"),
        ("erf(x + 100)", "1"),
        ("round(x)", "floor(x + 1/2)"),
        ("gamma(x + 1)", "gamma(x)"),
    ],
)
def test_what_does_not_hold_is_not_proved(first: str, second: str) -> None:
    assert not equal(first, second)


def test_every_function_says_where_it_is_not_smooth() -> None:
    by_arguments = BY_ARGUMENTS.keys() | EDGES_BY_ARGUMENTS.keys()
    rough = {
        name for name, row in TABLE.items() if row.kinks_at or row.edges_at or row.jumps_at
    } | by_arguments
    smooth = {name for name, row in TABLE.items() if row.is_smooth}
    assert set(TABLE) == smooth | rough
    assert not smooth & rough
