r"""LaTeX is read as its plain form is; what is printed in LaTeX is read again as the same DAG."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from oracles import table
from test_parser import formulas, rows

from diffcli import errors
from diffcli.engines.enclosure import partials
from diffcli.engines.symbolic import Symbolic
from diffcli.language.expression import Node, node, number, variable
from diffcli.language.functions import BY_NAME, TABLE, Row
from diffcli.language.latex.printer import latex_of, name_latex, node_latex, template
from diffcli.language.parser import parse
from diffcli.language.points import read_points
from diffcli.language.printer import text_of
from diffcli.language.tensors import TENSORS, Slice

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
        f"{row.name}({', '.join(['x + 1', '2*y', '-z'][:count])})**2*x",
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
        operands = st.tuples(*[parts] * row.operands)
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


@pytest.mark.parametrize(("source", "latex", "plain"), PUBLISHED)
def test_published_formulas_are_read_as_their_plain_forms(
    source: str, latex: str, plain: str
) -> None:
    assert parse(dollars(latex)).outputs == parse(plain).outputs, source


def test_there_are_150_published_formulas() -> None:
    assert len({latex for _, latex, _ in PUBLISHED}) >= 150


@pytest.mark.parametrize("plain", dict.fromkeys(PLAIN))
def test_printed_formulas_are_read_again_as_the_same(plain: str) -> None:
    function = parse(plain)
    again = parse(dollars(latex_of(function)), variables=function.variables)
    assert again.outputs == function.outputs


@given(
    st.one_of(
        formulas(),
        st.recursive(st.sampled_from(VARIABLES).map(variable), tensors, max_leaves=12),
        st.recursive(formulas(), tensors, max_leaves=6),
    )
)
def test_any_formula_prints_to_latex_that_reads_back(formula: Node) -> None:
    latex = node_latex(formula, variables=VARIABLES)
    assert parse(dollars(latex), variables=VARIABLES).outputs == (formula,)
    assert parse(text_of(formula), variables=VARIABLES).outputs == (formula,)


@pytest.mark.parametrize(
    ("typed", "latex"),
    [
        ("6x^2+2x+4", "6 x^{2} + 2 x + 4"),
        ("exp(-(x^2/2))/sqrt(2pi)", r"\frac{\exp\left(-\frac{x^{2}}{2}\right)}{\sqrt{2 \pi}}"),
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
    ],
)
def test_doubtful_readings_are_echoed(latex: str, echoed: str) -> None:
    assert any(echoed in reading for reading in parse(latex).readings)


def test_declared_names_stay_whole() -> None:
    assert parse(r"\frac{uv}{2}").variables == ("u", "v")
    assert parse(r"\frac{uv}{2}", declared=["uv"]).variables == ("uv",)
    assert parse(r"\frac{x_1}{x_{10}}", declared=["x1", "x10"]).variables == ("x1", "x10")
    assert parse(r"\mathrm{rate}\,t").readings == ()


def test_points_may_be_latex() -> None:
    (point,) = read_points([r"\theta=\frac{\pi}{2}"])
    assert point == read_points(["theta=pi/2"])[0]


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
    ],
    ids=lambda latex: latex[:12],
)
def test_limits(latex: str) -> None:
    with pytest.raises((errors.LimitError, errors.FormulaError)):
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


@pytest.mark.parametrize("row", TABLE.values(), ids=lambda row: row.name)
def test_the_latex_of_every_function_in_a_derivative_is_read_as_it(row: Row) -> None:
    if row.name not in BY_NAME or row.name in ("piecewise", "exp"):
        return
    arguments = ["x + 1", "2 y", "z", "w"][: row.arity[0]]
    written = template(row).replace("{all}", ", ".join(arguments))
    for place, argument in enumerate(arguments):
        written = written.replace(f"{{{place}}}", argument)
    assert parse(written, variables="xyzw").outputs[0].op == row.name
