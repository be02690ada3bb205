"""The symbolic engine: the formulas that a textbook prints, and numbers that mpmath confirms."""

from __future__ import annotations

import random
from fractions import Fraction
from itertools import groupby
from time import process_time

import mpmath
import oracles
import pytest
import sympy
from mpmath import mpf
from pace import is_within
from sympy.printing.str import StrPrinter

from diffcli.clock import now
from diffcli.engines.symbolic import Symbolic, expression
from diffcli.engines.terms import symbols
from diffcli.engines.terms.dag import postorder
from diffcli.engines.terms.formulas import Formula, latex_of
from diffcli.engines.terms.printing import text_of
from diffcli.errors import LimitError, OutOfTimeError
from diffcli.language.functions import TABLE, resolve
from diffcli.language.parser import parse

DIGITS = 18
"""That a value must have; the engine promises 20."""

OUTSIDE = (ArithmeticError, ValueError)
"""How the oracle says that there is no value."""

CASES = {
    formula: list(cases) for formula, cases in groupby(oracles.row_points(), lambda c: c.formula)
}
OWN = [row for row in TABLE.values() if row.sympy.startswith("symbols:")]


def formula(text: str, *wrt: str) -> Formula:
    return Symbolic(parse(text)).formula(wrt or ("x",))


def number(text: str, at: float | Fraction, *wrt: str) -> mpf | None:
    return Symbolic(parse(text)).value({"x": at}, wrt or ("x",)).number


def real(value: object) -> mpf:
    ratio = Fraction(value) if isinstance(value, (int, Fraction)) else None
    return mpf(ratio.numerator) / ratio.denominator if ratio is not None else mpf(value)


def alike(ours: object, truth: object, digits: int = DIGITS) -> bool:
    with mpmath.workdps(40):
        return bool(abs(real(ours) - real(truth)) <= mpf(10) ** -digits * abs(real(truth)))


@pytest.mark.sampled(11)
@pytest.mark.parametrize("text", CASES)
def test_rows_values_and_partials_match_mpmath(text: str) -> None:
    engine, checked = Symbolic(parse(text)), 0
    for case in CASES[text][::3]:
        point = {name: Fraction(at) for name, at in case.point.items()}
        for wrt in ((), *((name,) for name in case.wrt)):
            try:
                if wrt:
                    truth = oracles.derivative(text, case.point, wrt, 25)
                else:
                    truth = oracles.value(text, case.point, 25)
            except OUTSIDE:
                continue
            value = engine.value(point, wrt)
            if value.number is None:
                # A pole of the formula that the function doesn't have.
                assert value.reason
                continue
            assert alike(value.number, truth), (case.point, wrt)
            checked += 1
    assert checked


@pytest.mark.sampled(2)
@pytest.mark.parametrize(
    ("text", "wrt", "printed"),
    [
        ("6*x**2+2*x+4", "x", "12*x + 2"),
        ("u^3+v^2+4uv", "u", "3*u**2 + 4*v"),
        ("u^3+v^2+4uv", "v", "4*u + 2*v"),
        ("x^2*y^3", "xyy", "12*x*y"),
        ("x^2*e^x", "x", "x*e**x*(x + 2)"),
        ("x^x", "x", "x**x*(log(x) + 1)"),
        ("x^(1/3)", "x", "1/(3*x**(2/3))"),
        ("abs(x)", "x", "sign(x)"),
        ("max(x, 0)", "x", "heaviside(x)"),
        ("relu(x)", "x", "heaviside(x, 0)"),
        ("floor(x) + frac(x) + x%3", "x", "2"),
        ("detach(x)*x", "x", "detach(x)"),
        ("log2(x)", "x", "1/(x*log(2))"),
        ("lgamma(x)", "x", "digamma(x)"),
        ("normcdf(x)", "x", "normpdf(x)"),
        ("cbrt(x)", "x", "1/(3*cbrt(x)**2)"),
        ("softplus(x)", "x", "sigmoid(x)"),
        ("(x+1)^1000", "x", "1000*(x + 1)**999"),
        ("(-2)^x", "x", "(-2)**x*log(-2)"),
        ("(x^2+1)/(x^2-1)", "x", "-4*x/(x**2 - 1)**2"),
        ("x^2 if x<0 and not x==-1 else sin x", "x",
         "piecewise((2*x, x < 0 and x != -1), (cos(x), True))"),
        ("E*I*S*N*Q*beta*gamma*zeta*lambda*re*im", ["zeta"],
         "E*I*N*Q*S*beta*gamma*im*lambda*re"),
    ],
)  # fmt: skip
def test_printed_formula(text: str, wrt: str, printed: str) -> None:
    names = tuple("E I S N Q beta gamma zeta lambda re im".split())
    function = parse(text, variables=names) if "zeta" in text else parse(text)
    assert Symbolic(function).formula(list(wrt)).text == printed


@pytest.mark.sampled(12)
@pytest.mark.parametrize("row", oracles.table("feynman"), ids=lambda row: row["id"])
def test_printed_formulas_read_back_as_the_derivative(row: dict[str, str]) -> None:
    ranges = [pair.split("=") for pair in row["variables"].split(";")]
    generator = random.Random(row["id"])
    point = {
        name: Fraction(round(generator.uniform(*map(float, span.split(":"))), 6))
        for name, span in ranges
    }
    names = tuple(point)
    engine, wrt = Symbolic(parse(row["formula"], variables=names)), names[0]
    try:
        truth = oracles.derivative(row["formula"], point, [wrt], 25)
    except OUTSIDE:
        pytest.skip("not real there")
    text = engine.formula([wrt]).text
    assert text
    again = Symbolic(parse(text, variables=names)).value(point, ()).number
    assert alike(engine.value(point, [wrt]).number, truth)
    assert alike(again, truth) or truth == 0


@pytest.mark.sampled(7)
@pytest.mark.parametrize("row", OWN, ids=lambda row: row.name)
def test_own_functions_print_the_names_of_the_table(row) -> None:
    kind = resolve(row.sympy)
    args = sympy.symbols("x y z w", real=True)[: row.arity[0]]
    term = kind(*args)
    if isinstance(kind, type):  # the others are written by what they are made of
        assert str(term).startswith(f"{row.name}(")
        assert sympy.latex(term) == latex_of(term)
        with pytest.raises(sympy.core.function.ArgumentIndexError):
            term.fdiff(len(args) + 1)


def test_own_functions_evaluate_without_cancellation() -> None:
    tiny = sympy.Rational(1, 10**60)
    for kind in (symbols.expm1, symbols.log1p):
        assert alike(kind(tiny).evalf(30), Fraction(1, 10**60), 25)
    half = sympy.Rational(1, 2) + tiny
    assert alike(symbols.logit(half).evalf(100), Fraction(4, 10**60), 25)
    assert alike(symbols.normcdf(-40, 0, 1).evalf(30), mpmath.ncdf(-40), 15)


def test_latex() -> None:
    assert formula("log(x)^3").latex == r"\frac{3 \ln^{2}\left(x\right)}{x}"
    quotient = r"\frac{x + 1}{\operatorname{hypot}\left(x + 1, y\right)}"
    assert formula("hypot(x+1, y)").latex == quotient


def test_one_to_one() -> None:
    (quotient,) = expression(parse("x/x"))
    assert str(quotient) == "x/x"
    (total,) = expression(parse("x + x + 1*x"))
    assert len(total.args) == 3


@pytest.mark.parametrize(
    ("text", "at", "wrt", "truth"),
    [
        ("(1-cos(x))/x^2", 1e-6, "x", None),
        ("log(1+e^x)", 800.0, "x", 1),
        ("softplus(x)", 700.0, "xx", "exp(-700)"),
        ("x^(1/3)", -8.0, "x", Fraction(1, 12)),
        ("sqrt(x) if x>0 else x^2", -1.0, "x", -2),
        ("(x+1) - x - 1 + x/1e300", 1e-100, "x", Fraction(1, 10**300)),
    ],
)  # fmt: skip
def test_hard_values(text: str, at: float, wrt: str, truth: object) -> None:
    with mpmath.workdps(60):
        if truth is None:
            x = mpf(at)
            truth = mpmath.sin(x) / x**2 - 2 * (1 - mpmath.cos(x)) / x**3
        elif truth == "exp(-700)":
            truth = mpmath.exp(-700) / (1 + mpmath.exp(-700)) ** 2
        assert alike(number(text, at, *wrt), truth)


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("x/x", 0.0),
        ("log(x)", -1.0),
        ("x^x", 0.0),
        ("(-2)^x", 2.0),
        ("sqrt(x^4)", 0.0),
        ("1 if x==0 else sin(x)/x", 0.0),
        ("sin(x)/x if x!=0 else 1", 0.0),
        ("x^(1/4)", -16.0),
        ("exp(exp(exp(x)))", 10.0),
        ("piecewise((x, x<0))", 1.0),
        ("polygamma(1, x)", -1e20),
        ("normcdf(x)", -1e200),
    ],
)
def test_no_value(text: str, at: float) -> None:
    value = Symbolic(parse(text)).value({"x": at}, ["x"])
    assert value.number is None
    assert value.reason


def test_a_partial_without_closed_form_says_so() -> None:
    assert formula("polygamma(x, 2)").reason == (
        "polygamma has no closed derivative in its argument 1"
    )


def logistic(steps: int) -> str:
    lines = (f"f{n + 1} = 3.5*f{n}*(1 - f{n});" for n in range(steps))
    return f"f0 = x; {' '.join(lines)} f{steps}"


def test_shared_terms_are_differentiated_once() -> None:
    engine = Symbolic(parse(logistic(30)))
    terms = postorder([engine.partial(["x"])])
    value = engine.value({"x": 0.3}, ["x"]).number
    assert len(terms) < 500
    f, slope = mpf(0.3), mpf(1)
    with mpmath.workdps(400):
        for _ in range(30):
            f, slope = mpf(3.5) * f * (1 - f), mpf(3.5) * (1 - 2 * f) * slope
    assert alike(value, slope)
    printed = engine.formula(["x"])
    assert printed.text is None
    assert "too long to print" in printed.reason


@pytest.mark.slow
def test_long_and_deep_formulas() -> None:
    total = Symbolic(parse("+".join(f"{k}*x" for k in range(1, 5001))))
    assert total.value({"x": 0.5}, ["x"]).number == 5000 * 5001 // 2
    deep = "x" + "*(x+1)" * 50
    text = f"f0 = {deep}; " + "".join(f"f{n + 1} = f{n}*x + 1; " for n in range(3000)) + "f3000"
    assert number(text, Fraction(0)) == 1
    nested = Symbolic(parse("sin(" * 90 + "x" + ")" * 90))
    assert alike(nested.value({"x": 0.0}, ["x"]).number, 1)


@pytest.mark.parametrize("text", ["exp(x)^(10^9)", "(x+1)^100000", "x^(10^300)", "sin(10^9*x)"])
def test_huge_numbers_are_not_multiplied_out(text: str) -> None:
    start = process_time()
    assert formula(text).text
    assert is_within(process_time() - start, 1)


def test_limits() -> None:
    with pytest.raises(LimitError, match="the symbolic engine takes"):
        _ = Symbolic(parse("+".join(f"x^{k}" for k in range(2, 20_002)))).outputs
    late = Symbolic(parse("x^2"), deadline=now() - 1)
    with pytest.raises(OutOfTimeError):
        late.value({"x": 1.0}, ["x"])


def test_undecided_condition_has_no_value() -> None:
    value = Symbolic(parse("x if sin(x)^2 + cos(x)^2 <= 1 else 2x")).value({"x": 1.0}, ["x"])
    assert value.number is None
    assert "condition" in value.reason


def test_a_part_of_a_formula_is_written_once_however_often_it_stands_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    written: list[object] = []

    def counted(printer: StrPrinter, term: sympy.Add, order: str | None = None) -> str:
        written.append(term)
        return str(print_sum(printer, term, order))

    print_sum = StrPrinter._print_Add
    monkeypatch.setattr(StrPrinter, "_print_Add", counted)
    term: sympy.Expr = sympy.Symbol("x", real=True)
    for _ in range(8):
        term = sympy.sin(term) * sympy.cos(term + 1) + 1
    text = text_of(term)
    assert text.count("x") == 2**8
    assert len(written) <= 16
