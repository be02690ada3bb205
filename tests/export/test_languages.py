"""Languages with programs of their own: what they lack is written, and keeps its digits."""

from __future__ import annotations

import ctypes
import math
import re
import shutil
import subprocess
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path

import mpmath
import pytest

import diffcli
from diffcli.errors import UsageError
from diffcli.export.code import Code, export, lacks, runs_of
from diffcli.export.routines import Kind
from diffcli.export.target import Run
from diffcli.export.targets import targets
from diffcli.export.targets.javascript import LIBRARY
from diffcli.export.trial import Sample, compared, examined, samples_of, tried

NODE = pytest.mark.skipif(shutil.which("node") is None, reason="node isn't installed")

SPECIAL: dict[str, tuple[Callable, list[float]]] = {
    "erf(x)": (mpmath.erf, [-7.5, -1.0001, -0.3, 1e-300, 0.25, 0.5, 1.0, 1.5, 30.0]),
    "erfc(x)": (mpmath.erfc, [-6.0, -1.5, -0.25, 0.4999, 0.5, 1.0, 3.7, 9.03, 25.999]),
    "erfcx(x)": (
        lambda x: mpmath.exp(x * x) * mpmath.erfc(x),
        [-25.3, -2.0, -0.1, 0.0, 0.5, 3.0, 12.5, 1e4, 1e15, 1e100],
    ),
    "gamma(x)": (mpmath.gamma, [-20.5, -3.99, -0.5, 1e-200, 0.3, 1.0, 6.0, 11.99, 12.0, 171.6]),
    "lgamma(x)": (
        lambda x: mpmath.log(abs(mpmath.gamma(x))),
        [-40.25, -3.5, 1e-100, 0.7, 0.9999999, 1.0000001, 2.0000003, 2.9, 3.1, 11.7, 40.5, 1e10],
    ),
    "digamma(x)": (
        mpmath.digamma,
        [-17.3, -0.25, 1e-100, 0.5, 1.4616, 1.46163214496836, 2.0, 5.5, 9.99, 10.0, 1e8],
    ),
    "polygamma(1, x)": (lambda x: mpmath.psi(1, x), [-8.6, -0.5, 1e-9, 0.3, 3.0, 25.0, 1e5]),
    "polygamma(6, x)": (lambda x: mpmath.psi(6, x), [-2.5, 0.01, 1.25, 20.0, 27.3, 400.0]),
}


PROGRAMS = [
    name
    for name, target in targets().items()
    if target.is_code and target.lexer not in ("python", "c")
]
"""The languages that a compiler or an interpreter of their own runs, beside C."""


def runs(codes: Sequence[Code]) -> list[dict[str, Run]]:
    if reason := lacks(codes[0]):
        pytest.skip(reason)
    return runs_of(codes)


@pytest.mark.parametrize("language", PROGRAMS)
def test_special_functions_keep_their_digits(language: str) -> None:
    """Each has a variable of its own in one vector, so that a program runs once."""
    texts = [re.sub(r"\bx\b", f"x{place}", text) for place, text in enumerate(SPECIAL)]
    code = export(diffcli.parse(f"[{', '.join(texts)}]"), language, kinds=["value"])
    columns = [numbers for _, numbers in SPECIAL.values()]
    count = max(map(len, columns))
    points = [tuple(numbers[row % len(numbers)] for numbers in columns) for row in range(count)]
    rows = runs([code])[0]["f"](points)
    for point, row in zip(points, rows, strict=True):
        for x, found, (text, (oracle, _)) in zip(point, row, SPECIAL.items(), strict=True):
            with mpmath.workdps(60):
                truth = float(oracle(mpmath.mpf(x)))
            assert found == pytest.approx(truth, rel=1e-14, abs=0), (text, x)


CONSTRUCTS = """
x^(1/3)*y + x^(-2)*(-3) + x^40
x^y + 2^x - 3^(-y)
atan2(y, x)*hypot(x, y)
log(1 + exp(x)) - acosh(x + 4) + atanh(x/9)
piecewise((sqrt(x), x > 1), (x^2, x > 0), (-x, True))
where(not x > 0 or y < 1, sqrt(abs(x))*y, x - y)
max(x, y, x*y) + min(x, abs(y)) + x % 0.3 + floor(y) + round(4x)
X*x^2 + T1*exp(-t1*x)
"""
TRIED = ("[" + CONSTRUCTS.strip().replace("\n", ", ") + "]", "x*sin(x*y) + erf(x)")


@cache
def samples(text: str) -> Sequence[Sample]:
    return samples_of(exported(text, "python"), count=3)


def exported(text: str, language: str) -> Code:
    function = diffcli.parse(text)
    last = "hessian" if function.is_scalar else "jacobian"
    return export(function, language, kinds=("value", last), name=f"g_{last}")


@pytest.mark.parametrize("language", PROGRAMS)
def test_code_of_every_language_is_as_proved(language: str) -> None:
    """Constructs of all kinds: signs, powers, choices, arrays, names that differ in case alone."""
    codes = [exported(text, language) for text in TRIED]
    for text, code, by_name in zip(TRIED, codes, runs(codes), strict=True):
        assert compared(code, by_name, samples(text)).points == 3


@pytest.mark.parametrize("language", PROGRAMS)
def test_a_program_that_is_not_there_is_said(
    language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    code, found = examined(export(diffcli.parse("x^2"), language))
    assert code.text
    assert found.reason
    assert found.reason.endswith("isn't installed")


def test_fortran_tells_no_capitals_apart() -> None:
    text = export(diffcli.parse("X*x + T1*t1"), "fortran").text
    assert "function f(T1, X, t1_, x_)" in text


def test_a_file_has_the_definitions_that_it_reads_and_no_others() -> None:
    assert "function" not in export(diffcli.parse("x"), "javascript").text.replace("function f", "")
    text = export(diffcli.parse("erf(x)"), "javascript", kinds=["value"]).text
    defined = re.findall(r"^(?:function|const) (\w+)", text, re.MULTILINE)
    assert sorted(defined) == sorted(
        ["chebyshevSum", "expOfSquare", "erfSeries", "erfcxSeries", "erf", "erfc", "erfcx", "f"]
    )
    assert text.endswith("export { f };")


@NODE
def test_variables_keep_out_of_the_way_of_the_definitions() -> None:
    function = diffcli.parse("gamma*erf(x)*var", variables=["gamma", "x", "var"])
    code = export(function, "javascript")
    assert "function f(gamma_, x, var_)" in code.text
    assert tried(code).points == 8


CC = pytest.mark.skipif(shutil.which("cc") is None, reason="cc isn't installed")


@CC
def test_c_multiplies_by_the_hessian_and_says_where_it_is_sparse(tmp_path: Path) -> None:
    """Of x²·sin y + z·x, whose second derivatives are written by hand."""
    kinds: list[Kind] = ["hvp", "sparse_hessian"]
    code = export(diffcli.parse("x^2*sin(y) + z*x"), "c", kinds=kinds)
    (tmp_path / "f.c").write_text(code.text)
    library = str(tmp_path / "f.so")
    command = ["cc", "-Wall", "-Werror", "-Wno-unused-variable", "-shared", "-fPIC", "-o", library]
    subprocess.run([*command, str(tmp_path / "f.c"), "-lm"], check=True)
    loaded = ctypes.CDLL(library)
    x, y, direction = 1.25, 0.7, [0.3, -1.2, 2.0]
    s, c = math.sin(y), math.cos(y)
    hessian = [[2 * s, 2 * x * c, 1], [2 * x * c, -x * x * s, 0], [1, 0, 0]]
    point = [ctypes.c_double(number) for number in (x, y, 0.4)]
    product, entries = (ctypes.c_double * 3)(), (ctypes.c_double * 4)()
    loaded.f_hvp(*point, (ctypes.c_double * 3)(*direction), product)
    expected = [sum(a * b for a, b in zip(row, direction, strict=True)) for row in hessian]
    assert list(product) == pytest.approx(expected, rel=1e-15)
    loaded.f_sparse_hessian(*point, entries)
    tables = re.findall(r"_(rows|columns)\[4\] = { (.*) }", code.text)
    rows, columns = ([int(number) for number in listed.split(", ")] for _, listed in tables)
    assert [*zip(rows, columns, strict=True)] == [(0, 0), (1, 0), (1, 1), (2, 0)]
    assert list(entries) == pytest.approx(
        [hessian[i][j] for i, j in zip(rows, columns, strict=True)], rel=1e-15
    )


@CC
@pytest.mark.parametrize(
    ("text", "kind", "pattern"),
    [
        ("[x^2*y, z + direction]", "sparse_jacobian", ([0, 0, 1, 1], [1, 2, 0, 3])),
        ("x^3 + y*x", "sparse_hessian", ([0, 1], [0, 0])),
        ("x^3 + y^2/z", "hvp", None),
    ],
)
def test_sparse_c_is_as_proved(
    text: str, kind: Kind, pattern: tuple[list[int], list[int]] | None
) -> None:
    code = export(diffcli.parse(text), "c", kinds=[kind])
    assert tried(code).points == 8
    if pattern:
        assert code.routines[0].pattern == pattern


def test_other_languages_have_no_sparse_derivatives() -> None:
    with pytest.raises(UsageError, match="rust code has no hvp") as refused:
        export(diffcli.parse("x^2"), "rust", kinds=["hvp"])
    assert refused.value.hint == "export to c"
    with pytest.raises(UsageError, match="all entries are 0"):
        export(diffcli.parse("x + y"), "c", kinds=["sparse_hessian"])


def test_what_it_has_not_is_refused() -> None:
    with pytest.raises(UsageError, match="javascript has no lambertw that keeps its digits"):
        export(diffcli.parse("lambertw(x)"), "javascript")
    with pytest.raises(UsageError, match="javascript has no polygamma whose order isn't a whole"):
        export(diffcli.parse("polygamma(y, x)"), "javascript", kinds=["value"])


@NODE
def test_a_negated_negation_is_no_decrement() -> None:
    """The second derivative of acsc is ``-(-sign(x) * …)``, and ``--x`` is an error or a change."""
    code = export(diffcli.parse("acsc(x)"), "javascript", kinds=["hessian"])
    assert "--" not in code.text
    assert tried(code).points == 8


def test_no_line_of_the_definitions_is_long() -> None:
    assert (
        max(len(line) for text in LIBRARY.definitions.values() for line in text.splitlines()) <= 90
    )


def test_latex_keeps_the_name_of_the_formula() -> None:
    lines = export(diffcli.parse("F = G m_1/r^2"), "latex").text.splitlines()
    assert lines[1] == r"F(G, m_{1}, r) &= \frac{G m_{1}}{r^{2}} \\"
    assert lines[2].startswith(r"\frac{\partial F}{\partial G}")
    assert export(diffcli.parse("x^2"), "latex", name="g").text.splitlines()[1].startswith("g(x)")
