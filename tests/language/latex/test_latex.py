r"""LaTeX is read as its plain form is; what is printed in LaTeX is read again as the same DAG."""

from __future__ import annotations

import re
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracles import table
from texts import formulas, rows

from diffcli import errors
from diffcli.engines.enclosure import partials
from diffcli.engines.symbolic import Symbolic
from diffcli.language.expression import Node, node, number, variable
from diffcli.language.functions import BY_NAME, TABLE, Row
from diffcli.language.latex.commands import FUNCTIONS, LETTERS
from diffcli.language.latex.printer import latex_of, name_latex, node_latex, template
from diffcli.language.latex.structures import STRUCTURES
from diffcli.language.parser import parse
from diffcli.language.points import read_points
from diffcli.language.printer import text_of
from diffcli.language.tensors import TENSORS, Slice
from diffcli.language.vocabulary import FORMS

PUBLISHED = rows("latex.txt")
VARIABLES = ["x", "y", "x1", "theta"]
HALVES = [Fraction(3, 7), Fraction(2, 5), Fraction(1, 3), Fraction(1, 9)]
CALLS = [
    text
    for row in TABLE.values()
    if row.name in BY_NAME and row.name != "piecewise"
    for count in [min(row.arity[1], row.arity[0] + 1)]
    for text in (
        f"{row.name}({', '.join('xyzw'[:count])})",
        f"{row.name}({', '.join(['x + 1', '2*y', '-z', 'w/3'][:count])})**2*x",
    )
]
TABLES = [row["formula"] for name in ("feynman", "derivatives", "points") for row in table(name)]
PLAIN = [
    *(row[0] for name in ("readings.txt", "tensors.txt", "integrals.txt") for row in rows(name)),
    *(row[2] for row in PUBLISHED),
    *CALLS,
    *TABLES,
]


def tensors(parts: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    """Draw operations on tensors, and arithmetic around them."""
    bound = st.none() | st.integers(-3, 3)
    place = st.integers(-3, 3) | st.builds(Slice, bound, bound, bound)

    def operation(name: str) -> st.SearchStrategy[Node]:
        row, static = TENSORS[name], st.just(())
        if row.axis:
            static = st.sampled_from([(row.default,), (0,), (1,)])
        elif name == "index":
            static = st.lists(place, min_size=1, max_size=2).map(tuple)
        elif row.sized:
            most = 1 if name == "eye" else 2
            static = st.lists(st.integers(1, 4), min_size=1, max_size=most).map(tuple)
        entries = st.just(number(1)) if name == "eye" else parts
        operands = st.tuples(*[entries] * row.operands)
        return st.builds(lambda args, known: node(name, *args, static=known), operands, static)

    two = st.lists(parts, min_size=2, max_size=3)
    return st.one_of(
        st.sampled_from(sorted(TENSORS)).flatmap(operation),
        *(two.map(lambda args, op=op: node(op, *args)) for op in ("add", "mul")),
        *(st.builds(lambda a, b, op=op: node(op, a, b), parts, parts) for op in ("div", "mod")),
        *(parts.map(lambda a, op=op: node(op, a)) for op in ("neg", "sin", "abs")),
        st.builds(lambda a, n: node("pow", a, number(n)), parts, st.integers(0, 9)),
    )


def dollars(latex: str) -> str:
    """What marks a text as LaTeX that has neither backslash nor braces."""
    return f"${latex}$"


@pytest.mark.sampled(5)
@pytest.mark.parametrize(("source", "latex", "plain"), PUBLISHED)
def test_published_formulas_are_read_as_their_plain_forms(
    source: str, latex: str, plain: str
) -> None:
    assert parse(dollars(latex)).outputs == parse(plain).outputs, source


def test_there_are_150_published_formulas() -> None:
    assert len({latex for _, latex, _ in PUBLISHED}) >= 150


@pytest.mark.sampled(24)
@pytest.mark.parametrize("plain", dict.fromkeys(PLAIN))
def test_printed_formulas_are_read_again_as_the_same(plain: str) -> None:
    function = parse(plain)
    again = parse(dollars(latex_of(function)), variables=function.variables)
    texts = [with_powers_of_e(text_of(each)) for each in function.outputs]
    same = [parse(text, variables=function.variables).outputs[0] for text in texts]
    assert again.outputs == tuple(same)


def with_powers_of_e(plain: str) -> str:
    """Return a formula with e^(x) in the place of exp(x), which LaTeX writes so."""
    found = re.search(r"(?<!\w)exp\(", plain)
    if not found:
        return plain
    depth, end = 1, found.end()
    while depth:
        depth += {"(": 1, ")": -1}.get(plain[end], 0)
        end += 1
    inner, rest = (with_powers_of_e(each) for each in (plain[found.end() : end - 1], plain[end:]))
    return f"{plain[: found.start()]}(e^({inner})){rest}"


@settings(max_examples=25)
@given(
    st.one_of(
        formulas(),
        st.recursive(st.sampled_from(VARIABLES).map(variable), tensors, max_leaves=12),
        st.recursive(formulas(), tensors, max_leaves=6),
    )
)
def test_any_formula_prints_to_latex_that_reads_back(formula: Node) -> None:
    latex = node_latex(formula, variables=VARIABLES)
    plain = text_of(formula)
    read, same = (parse(each, variables=VARIABLES) for each in (plain, with_powers_of_e(plain)))
    assert read.outputs == (formula,)
    assert parse(dollars(latex), variables=VARIABLES).outputs == same.outputs


@pytest.mark.parametrize(
    ("typed", "latex"),
    [
        ("6x^2+2x+4", "6 x^{2} + 2 x + 4"),
        ("exp(-(x^2/2))/sqrt(2pi)", r"\frac{e^{-\frac{x^{2}}{2}}}{\sqrt{2 \pi}}"),
        ("a exp(-x/5)", "a e^{-x/5}"),
        ("exp(-(x-m)^2/(2s^2))", r"e^{-\left(x - m\right)^{2}/\left(2 s^{2}\right)}"),
        ("exp(x)^2 x^(3/2)", r"\left(e^{x}\right)^{2} x^{3/2}"),
        ("exp(x/sqrt(y))", r"e^{\frac{x}{\sqrt{y}}}"),
        ("[x y, exp(x)]", r"\begin{pmatrix} x y \\ e^{x} \end{pmatrix}"),
        ("e^(2x)", "e^{2 x}"),
        ("sin(x)^2*cos(y)", r"\sin^{2}\left(x\right) \cos\left(y\right)"),
        ("x*(y+1)", r"x \cdot \left(y + 1\right)"),
        (
            "piecewise((1, x>0 and not y>0 or x>y))",
            r"\begin{cases} 1 & x > 0 \land \lnot y > 0 \lor x > y \end{cases}",
        ),
        ("2*(1/2)*3", r"2 \cdot \frac{1}{2} \cdot 3"),
        ("hypot(x, y)", r"\operatorname{hypot}\left(x, y\right)"),
        ("where(x>0, 1, 2)", r"\begin{cases} 1 & x > 0 \\ 2 & \text{otherwise} \end{cases}"),
        ("piecewise((1, x>0))^2", r"\left(\begin{cases} 1 & x > 0 \end{cases}\right)^{2}"),
        ("y = x+2; y*y", r"y = x + 2;\quad y y"),
        ("x.T @ A @ x", r"x^{\mathsf{T}} \mathbin{@} A \mathbin{@} x"),
        ("2*x1[0]*A[0][1:]", r"2 {x_{1}}_{[0]} {A_{[0]}}_{[1:]}"),
        ("max(A, axis=1)", r"\operatorname{max}\left(A, \text{axis} = 1\right)"),
        ("integrate(t+1, t=0..x)^2", r"\left(\int_{0}^{x} \left(t + 1\right) \, dt\right)^{2}"),
    ],
)  # fmt: skip
def test_printing(typed: str, latex: str) -> None:
    assert latex_of(parse(typed)) == latex


def test_where_e_is_a_variable_the_exponential_is_called() -> None:
    function = parse("exp(x/2) + e", variables=["x", "e"])
    assert latex_of(function) == r"\exp\left(\frac{x}{2}\right) + e"
    assert parse(latex_of(function), variables=["x", "e"]).outputs == function.outputs
    assert Symbolic(function).formula(("x",)).latex == r"\frac{\exp\left(\frac{x}{2}\right)}{2}"


@pytest.mark.parametrize(
    ("typed", "latex"),
    [
        ("a*exp(-x/5)", r"- \frac{a e^{-x/5}}{5}"),
        ("exp(-x^2/(2*s^2))", r"- \frac{x e^{-x^{2}/\left(2 s^{2}\right)}}{s^{2}}"),
        ("e^(2x/3)", r"\frac{2 e^{2 x/3}}{3}"),
        ("x^(5/2)", r"\frac{5 x^{3/2}}{2}"),
    ],
)
def test_derivatives_have_the_notation_of_formulas(typed: str, latex: str) -> None:
    assert Symbolic(parse(typed)).formula(("x",)).latex == latex


def test_names() -> None:
    written = {
        "x": "x", "theta": r"\theta", "x1": "x_{1}", "x_1": "x_{1}", "a_i_j": "a_{i,j}",
        "rate": r"\mathrm{rate}", "x_max": r"x_{\mathrm{max}}", "k_alpha": r"k_{\alpha}",
        "x1_max": r"\mathrm{x1\_max}", "omega_0": r"\omega_{0}",
    }  # fmt: skip
    for name, latex in written.items():
        assert name_latex(name) == latex
        assert parse(latex, variables=[name], declared=[name]).variables == (name,)


@pytest.mark.parametrize(
    ("latex", "echoed"),
    [
        (r"\log x", "natural logarithm"),
        (r"\sin^{-1} x", "inverse function asin"),
        ("x^{2}+y^12", "^12 is read as ^{12}"),
        ("x^{2}+y_12", "_12 is read as _{12}"),
        (r"2\frac12", "2 1/2 is the product"),
        (r"\frac{sin(x)}{x}", r"sin is the function \sin"),
        (r"\gamma(v+1)", "gamma is a variable"),
        (r"q\left(E+1\right)", "q(…) is a product"),
        (r"\sin{x}^2", "the power after the braces is that of sin"),
        (r"e^{-t/\tau}", "tau is the constant 2π"),
        (r"\frac{d}{dx}x\sin x", r"\frac{d}{dx} reaches over x\sin x"),
        ("x^2$", "a single '$' is left out"),
        ("$$x^2", "a single '$$' is left out"),
        (r"\frac{1}{x} \]", r"a single '\]' is left out"),
        ("$x^2$$", "'$' and '$$' don't match, and are left out"),
        (r"\(x^2$.", r"'\(' and '$' don't match, and are left out"),
    ],
)
def test_doubtful_readings_are_echoed(latex: str, echoed: str) -> None:
    assert any(echoed in reading for reading in parse(latex).readings)


@pytest.mark.parametrize("latex", ["$x^2$", "$$x^2$$.", r"\[x^2\]", r" \(x^2\), "])
def test_a_pair_of_marks_around_a_formula_is_read_without_a_word(latex: str) -> None:
    assert parse(latex).readings == ()


def test_declared_names_stay_whole() -> None:
    assert parse(r"\frac{uv}{2}").variables == ("u", "v")
    assert parse(r"\frac{uv}{2}", declared=["uv"]).variables == ("uv",)
    assert parse(r"\frac{x_1}{x_{10}}", declared=["x1", "x10"]).variables == ("x1", "x10")
    assert parse(r"\mathrm{rate}\,t").readings == ()


def test_the_arguments_of_a_named_formula_are_variables_if_one_of_them_is() -> None:
    assert parse(r"f(x, y) = \frac{x^2}{2}").variables == ("x", "y")
    assert parse(r"H(X) = -p\ln p").variables == ("p",)
    assert parse(r"H(X) = -p\ln p", declared=["X"]).variables == ("X", "p")


def test_points_may_be_latex() -> None:
    (point,) = read_points([r"\theta=\frac{\pi}{2}"])
    assert point == read_points(["theta=pi/2"])[0]


@pytest.mark.sampled(9)
@pytest.mark.parametrize(
    "latex",
    [
        "{" * 100_000,
        r"\frac{1}{" * 10_000,
        r"\sqrt" * 100_000,
        r"\left(" * 100_000,
        r"\text{" * 10_000,
        r"\begin{cases}" * 10_000,
        "x^{" * 10_000,
        "x^{2}" + "^x" * 10_000,
        r"\sin" * 10_000,
        r"\sum_{i=1}^{99999} x",
        r"\text{" + "if " * 100_000,
        r"\sin^{(" * 10_000,
        " " * 100_000 + r"\,",
        r"x\Big|_{x=1}" * 10_000,
        r"(x)'" * 10_000 + r"\,",
        r"\begin{pmatrix}" * 10_000,
        r"\left." * 10_000,
    ],
    ids=lambda latex: latex[:12],
)
def test_limits(latex: str) -> None:
    with pytest.raises((errors.LimitError, errors.FormulaError)):
        parse(latex)


# -- what every part of LaTeX means ----------------------------------------------------------

ARGUMENTS = [
    (r"x^\frac12", "x^(1/2)"),
    (r"e^\frac{x}{2}", "e^(x/2)"),
    (r"\left(x-1\right)^\frac32", "(x-1)^(3/2)"),
    (r"e^\sqrt[3]{x}", "e^cbrt(x)"),
    (r"e^\sqrt x", "e^sqrt(x)"),
    (r"e^\binom{x}{2}", "e^binomial(x, 2)"),
    (r"\sin^\frac12 x", "sin(x)^(1/2)"),
    (r"\sqrt\frac x2", "sqrt(x/2)"),
    (r"\frac\sqrt x2", "sqrt(x)/2"),
    (r"2^\tfrac{n}{2}", "2^(n/2)"),
    (r"x^\dfrac{1}{\sqrt2}", "x^(1/sqrt(2))"),
    (r"\log_\frac12 x", "log(x, 1/2)"),
    (r"x^\mathrm{n}y", "x^n*y"),
    (r"e^\hat\theta y", "e^theta_hat*y"),
    (r"x^\pi y", "x^pi*y"),
    (r"e^-\frac x2", "e^(-(x/2))"),
]  # fmt: skip
APPLIED = [
    (r"\sin k(x-vt)", "sin(k*(x-v t))"),
    (r"\cos\omega(t-t_0)", "cos(omega*(t-t_0))"),
    (r"\ln a(x+1)", "ln(a*(x+1))"),
    (r"\sin 2(x+1)y", "sin(2*(x+1)*y)"),
    (r"\sin x\sqrt{x}", "sin(x)*sqrt(x)"),
    (r"\sin x\frac1x", "sin(x)*(1/x)"),
    (r"\sin\frac{n\pi x}{L}\,e^{-t}", "sin(n*pi*x/L)*e^-t"),
    (r"\sin\frac{n\pi x}{L}e^{-t}", "sin(n*pi*x/L)*e^-t"),
    (r"\sin\frac{n\pi}{L}x", "sin((n*pi/L)*x)"),
    (r"\cos 2\pi\frac{x}{\lambda}", "cos(2*pi*(x/lambda))"),
    (r"\sin 2\sqrt{x}", "sin(2*sqrt(x))"),
    (r"\cos\omega\,t", "cos(omega)*t"),
    (r"\sin x e^{-x}", "sin(x)*e^-x"),
    (r"\sin xe^{-x}", "sin(x)*e^-x"),
    (r"\ln x\int_0^1 t\,dt", "ln(x)*integrate(t, t=0..1)"),
    (r"\sin x|y|", "sin(x*abs(y))"),
    (r"|\sin x|y", "abs(sin(x))*y"),
    (r"\ln n!", "ln(n!)"),
    (r"\ln\sin x y", "ln(sin(x*y))"),
    (r"\sin x/2", "sin(x)/2"),
    (r"\exp -x^2", "exp(-x^2)"),
    (r"\cos x\cdot\cos y", "cos(x)*cos(y)"),
    (r"\int_0^1\sin xdx", "integrate(sin(x), x=0..1)"),
    (r"\int_0^{\pi}\cos\theta\,d\theta", "integrate(cos(theta), theta=0..pi)"),
]
DOUBTFUL = [
    r"\sin k(x-vt)", r"\sin x\sqrt{x}", r"\sin x\frac1x", r"\cos\omega\,t", r"\sin x/2",
    r"\sin 2\sqrt{x}", r"\cos 2\pi\,t", r"\tan 45^\circ x",
    r"\sin 2\sqrt{x}", r"\cos 2\pi\,t", r"\tan 45^\circ x",
    r"\sin\frac{n\pi}{L}x", r"\ln x^{(2)}", r"x^{(i)}", r"\gamma(s,x)", r"(\sin x)'",
    r"\frac{d(x^2)}{dx}", r"\sin(n+\tfrac12)\pi x", r"\delta(x-a)",
    r"\det AB", r"$f(x) = x^2 = x x$", r"\beta(x+1)", r"\frac{dN}{dt}=rN",
]  # fmt: skip
PASTED = [
    (r"{\displaystyle f(x)=x^{2}.}", "x^2"),
    (r"\begin{aligned} f(x) &= x^2 + 1 \\ &= 1+x^2 \end{aligned}", "x^2+1"),
    (r"\begin{align*} y &= x+2 \\ z &= y^2 \end{align*}", "(x+2)^2"),
    (r"\begin{equation} x^2 + \\ \end{equation}", None),
    (r"\begin{split} & x^2 \\ & + y \end{split}", "x^2 + y"),
    (r"\boxed{x^2}+1", "x^2+1"),
    (r"x^2 \tag{1}", "x^2"),
    (r"x^2 \label{eq:a_1}", "x^2"),
    (r"\color{red}{x^2}+{\color{blue}x}", "x^2+x"),
    (r"\textcolor{red}{x^2}", "x^2"),
    (r"a+b \over c", "(a+b)/c"),
    (r"{n \choose k}p", "binomial(n,k)*p"),
    (r"\int_0^1 x\,\mathrm{~d}x", "integrate(x, x=0..1)"),
    (r"\int_0^1 x{\rm d}x", "integrate(x, x=0..1)"),
    (r"\int_0^1 x\,\mathrm{dx}", "integrate(x, x=0..1)"),
    (r"\hat\theta+\dot x+\bar{y}_1", "theta_hat+x_dot+y_bar_1"),
    (r"\langle x,y\rangle", "dot(x,y)"),
    (r"\left\langle x,y\right\rangle", "dot(x,y)"),
    (r"{x_1}^2", "x_1^2"),
    (r"x^*", "x_star"),
    (r"x^{*}_0", "x_star_0"),
    (r"0{,}5x", "0.5x"),
    (r"1{,}234{,}567x", "1234567x"),
    (r"10\,000x", "10000x"),
    (r"1{,}000x", None),
    (r"\frac{d(x^2)}{dx}", "2x"),
    (r"\frac{d\sin x}{dx}", "cos(x)"),
    (r"\frac{\partial^2 (x^3y)}{\partial x\,\partial y}", "3x^2"),
    (r"\partial_x(x^2y)", "2x*y"),
    (r"\partial_{xy}(x^2y)", "2x"),
    (r"\dv{x}(x^2)", "2x"),
    (r"\pdv{x^2y}{y}", "x^2"),
    (r"(\sin x)'", "cos(x)"),
    (r"\left(x^3\right)''", "6x"),
    (r"\sin(x)'", "cos(x)"),
    (r"(xy)'", None),
    (r"\left.x^2\right|_{x=2}", "2^2"),
    (r"\left.\frac{d}{dx}x^3\right|_{x=2}", "3*2^2"),
    (r"x^2y|_{x=3}", "3^2*y"),
    (r"x+x^2\Big|_{x=3}", None),
    (r"\left[x^2\right]_1^a", "a^2-1^2"),
    (r"\varphi+\phi", "varphi+phi"),
    (r"\Gamma(s,x)", "gammaincc(s,x)*gamma(s)"),
    (r"\beta(x+1)", "beta*(x+1)"),
    (r"\frac{\text{Net Income}}{\text{Assets}}", "Net_Income/Assets"),
    (r"\[ x^2 \]", "x^2"),
    (r"\( x^2 \).", "x^2"),
    (r"$$ x^2 $$", "x^2"),
    (r"x \text{ foo } y", None),
    (r"x $ y_{1}", None),
    (r"\root 3 \of {x}", "root(x,3)"),
    (r"\frac{d}{dt}\left[t^2\right]_{t=2}", None),
    (r"\left\{\begin{aligned} &x, && x>0\\ &0, && x\le 0\end{aligned}\right.",
     "piecewise((x, x>0), (0, x<=0))"),
    (r"\begin{array}{rcl} y &=& x^2 \end{array}", "x^2"),
    (r"\begin{alignat}{2} y &= x^2 \end{alignat}", "x^2"),
    (r"\mathop{\mathrm{sinc}} x", "sinc(x)"),
    (r"\operatorname{tr}\begin{pmatrix}x&1\\1&y\end{pmatrix}", "x+y"),
    (r"\Tr(A+B)+\det A^2", "trace(A+B)+det(A^2)"),
    (r"\operatorname{foo}x", None),
    (r"\frac{d}{dx}\begin{pmatrix}x^2\\x\end{pmatrix}", "[2x, 1]"),
    (r"\hat{\mathbf n}\cdot\mathbf v", "dot(n_hat, v)"),
    (r"\Delta v = v_e\ln m", "v_e*ln(m)"),
    (r"$f(x) = x^2+x = x(x+1)$", "x^2+x"),
    (r"x_{+}+M_\odot", "x_plus+M_odot"),
    (r"\max\{a,b\}+\min\left(a,b\right)", "max(a,b)+min(a,b)"),
    (r"\underbrace{x^2}_{\text{square}}+1", "x^2+1"),
    (r"x_0 e^{-gamma t} cos(omega t)", "x_0*e^(-gamma*t)*cos(omega*t)"),
    (r"x^2\ \text{if}\ x>0", "piecewise((x^2, x>0))"),
    (r"x^2 \text{ if } x>0, \quad -x \text{ otherwise}", "piecewise((x^2, x>0), (-x, True))"),
    (r"1 \text{ if } x>0 \text{ and } y>0, 0 \text{ otherwise}",
     "piecewise((1, x>0 and y>0), (0, True))"),
    (r"x \text{ for } x\ge 0 \text{ and } -x \text{ for } x<0",
     "piecewise((x, x>=0), (-x, x<0))"),
    (r"e^{-kt} \text{ where } k=2", "e^(-2t)"),
    (r"ax+b \text{ where } a=2 \text{ and } b=3", "2x+3"),
    (r"\ln x, \quad x>0", "piecewise((ln(x), x>0))"),
    (r"\begin{cases} x^2 \text{ if } x>0 \\ 0, & x\le 0\end{cases}",
     "piecewise((x^2, x>0), (0, x<=0))"),
    (r"\text{for all } x", None),
    (r"e^\sin x", None),
]  # fmt: skip


@pytest.mark.parametrize(("latex", "plain"), [*ARGUMENTS, *APPLIED])
def test_commands_take_their_arguments_as_tex_does(latex: str, plain: str) -> None:
    names = ["varphi"] if "varphi" in plain else []
    assert parse(latex).outputs == parse(plain, declared=names).outputs


@pytest.mark.sampled(2)
@pytest.mark.parametrize(("latex", "plain"), PASTED)
def test_what_is_pasted_is_read_or_refused(latex: str, plain: str | None) -> None:
    if plain is None:
        with pytest.raises(errors.FormulaError) as caught:
            parse(latex)
        assert caught.value.hint
    else:
        assert parse(latex).outputs == parse(plain, declared=["varphi"]).outputs


@pytest.mark.parametrize("latex", DOUBTFUL)
def test_what_has_two_readings_is_said(latex: str) -> None:
    assert parse(latex).readings


@pytest.mark.sampled(9)
@pytest.mark.parametrize("name", sorted({*BY_NAME, *FORMS}))
def test_no_name_of_the_plain_language_is_a_command_by_accident(name: str) -> None:
    """A command is LaTeX's own, or refused; ``\\frac`` is a fraction wherever it stands."""
    if not name.isalpha() or name in FUNCTIONS or name in LETTERS or name in STRUCTURES:
        return
    for latex in (rf"x^\{name}12", rf"\{name}(x)", rf"\{name} x"):
        with pytest.raises(errors.FormulaError):
            parse(latex)


PIECES = r"""\frac \sqrt \sin \log \left( \right) \left| \right| \begin{cases} \end{cases} \\ & { }
\sum_{i=1}^{3} \prod ^ _ ^{2} _{1} x y 1 2 12 . , ' | + - * / ( ) = < \le \text{if} \mathrm \pi
[ ] \alpha \, d \partial \over \operatorname{erf} ! % $ \foo \lvert \rvert \lfloor \circ \prime
; ~ \bmod"""


@given(st.lists(st.sampled_from(PIECES.split()), max_size=25).map(" ".join))
def test_any_latex_is_read_or_refused(latex: str) -> None:
    try:
        outputs = parse(dollars(latex)).outputs
    except (errors.FormulaError, errors.LimitError):
        return
    assert outputs


DERIVED = [text for text in CALLS if text.endswith("**2*x")]


@pytest.mark.slow
@pytest.mark.parametrize("typed", DERIVED)
def test_the_latex_of_a_derivative_is_read_as_its_text_is(typed: str) -> None:
    function = parse(typed)
    for name in function.variables[:2]:
        try:
            found = Symbolic(function).formula((name,))
        except errors.LimitError:
            continue
        if found.text is None or found.latex is None:
            assert "no closed derivative" in str(found.reason)
            continue
        pair = [parse(text, variables=function.variables) for text in (found.text, found.latex)]
        assert {each.variables for each in pair} == {function.variables}
        at = dict(zip(function.variables, map(number, HALVES), strict=False))
        text, latex = (partials(each.outputs[0], at, [()], digits=30)[()] for each in pair)
        assert text.outcome == latex.outcome
        assert text.ball is None or text.ball.overlaps(latex.ball)


@pytest.mark.sampled(4)
@pytest.mark.parametrize("row", TABLE.values(), ids=lambda row: row.name)
def test_the_latex_of_every_function_in_a_derivative_is_read_as_it(row: Row) -> None:
    if row.name not in BY_NAME or row.name in ("piecewise", "exp"):
        return
    arguments = ["x + 1", "2 y", "z", "w"][: row.arity[0]]
    written = template(row).replace("{all}", ", ".join(arguments))
    for place, argument in enumerate(arguments):
        written = written.replace(f"{{{place}}}", argument)
    assert parse(written, variables="xyzw").outputs[0].op == row.name


@pytest.mark.parametrize(
    ("typed", "plain"),
    [
        (r"{}_2F_1(1,2;3;x)", "hyp2f1(1, 2, 3, x)"),
        (r"x\,_2F_1\left(1,\frac12;3;x^2\right)", "x*hyp2f1(1, 1/2, 3, x^2)"),
        (r"{}_{1}F_{1}(a;b;x)", "hyp1f1(a, b, x)"),
        (r"2\,{}_0F_1(;b;x)^2", "2*hyp0f1(b, x)^2"),
        (r"\frac{{}_2F_1(a,b;c;\sin x)}{x}", "hyp2f1(a, b, c, sin(x))/x"),
        (r"I_{(1)}(x+1)", "besseli(1, x+1)"),
    ],
)
def test_a_function_whose_counts_stand_beside_its_letter(typed: str, plain: str) -> None:
    assert parse(typed).outputs == parse(plain).outputs


@pytest.mark.parametrize("typed", [r"{}_3F_2(1,2,3;4,5;x)", r"{}_2F_1(1;3;x)", r"{}_2F_1(1,2,3)"])
def test_other_counts_are_refused(typed: str) -> None:
    with pytest.raises(errors.FormulaError):
        parse(typed)


def test_a_letter_with_an_index_before_a_bracket_says_that_it_is_a_factor() -> None:
    assert "E_x(…) is a product" in parse(r"E_{x}\left(2y\right)").readings
