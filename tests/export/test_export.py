"""Exported code runs, and its numbers are those that the enclosure engine proves."""

from __future__ import annotations

import ast
import json
import re
import shlex
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import cache
from itertools import product
from pathlib import Path

import mpmath
import numpy as np
import pytest
import torch

import diffcli
from diffcli.cli.main import run
from diffcli.engines.enclosure import partials
from diffcli.errors import DiffcliError, DisagreementError, UsageError
from diffcli.export.code import Code, export, runs_of
from diffcli.export.lowering import DEFINITIONS
from diffcli.export.stable import PARTIALS
from diffcli.export.targets import targets
from diffcli.export.trial import RELATIVE, Sample, compared, samples_of, tried
from diffcli.language.function import Function
from diffcli.language.functions import ANY, OPERATORS, TABLE

TARGETS = {name: target for name, target in targets().items() if target.is_code}

ARGUMENTS: Mapping[str, str] = {
    "mod": "x, y",
    "clamp": "x, -1, 1/2",
    "elu": "x, 1/3",
    "heaviside": "x, 1/2",
    "leaky_relu": "x, 1/3",
    "normcdf": "x, y, 2",
    "normpdf": "x, y, 2",
    "root": "x, 3",
    "atan2": "x, y",
    "hypot": "x, y",
    "min": "x, y, 1/2",
    "max": "x, y, 1/2",
}
OF_TABLE = [
    f"x*{name}({ARGUMENTS.get(name, 'x')})"
    for name, row in TABLE.items()
    if name not in OPERATORS
    and name != "piecewise"
    and (name in TARGETS["python"].calls or name in DEFINITIONS or name == "mod")
    and name not in ("gamma", "lgamma", "factorial", "trigamma", "loggamma")
]
COMPOSED = """
6x^2 + 2x + 4
u^3 + v^2 + 4uv
(1 - x)^2 + 100(y - x^2)^2
1/(1 + e^(-x))
x^(1/3)*y
x^(2/3) - y^(5/3)
x^(-1/3)
x^1.5
x^y
2^x - 3^(-y)
x^2.5/y^0.5
sqrt(x^2 + y^2 + z^2)
exp(-(x - y)^2/2)/sqrt(2 pi)
log(1 + exp(x)) - log(2)
sin(x)cos(y)tan(z)
sin x/x
(1 - cos x)/x^2
atan(y/x)
x*y/(x^2 + y^2)
log(log(x + 3))
sin(sin(sin(sin x)))
piecewise((sqrt(x), x > 1), (x^2, x > 0), (-x, True))
where(x > 0, log(x), exp(x))
where(x > 0 and y < 1, sqrt(x)*y, x - y)
where(x > 0 or y > 0, x*y, x^2)
where(not x > 0, -x, sqrt(x))
where(x > 0, where(log(x) > 1, sqrt(log(x) - 1), log(x)^2), exp(x))
where(x > 0, sqrt(x), 0) + where(x > 0, log(x), 1)
piecewise((x, x < -1), (x^3, x < 1))
max(x, y, x*y)
min(x^2, abs(y))
|x - y| + |x + y|
x % 2 + floor(y)
softplus(x - y)*sigmoid(x*y)
a = x + 2; b = a*a*3; sqrt(b + 1)
lambda*exp(-lambda*t)
[x^2*y, 5x + sin(y)]
[x*cos(y), x*sin(y), y]
detach(x)*x^2
pi*r^2*h/3
a = y + where(x > 1/3 or not x > y, 1/3, 2); max(x/x, 2a)*log(x^2)
a = log(where(x != y, x, y)); max(where(x > 2, 1/3, y) + max(x, a), 2y*(x + 1/3))
a = where(x > y, sqrt(x), x^2); where(where(a > 1, a*x, y) > 1, a*log(a + 1), a - y)
"""
FORMULAS = [*OF_TABLE, *COMPOSED.split("\n")[1:-1]]
SLOW = pytest.mark.slow
ILL_CONDITIONED = 1e-13
"""A bound of rounding errors, relative to the number, from which on digits are lost."""


def well_conditioned(found: Sequence[Sample]) -> list[Sample]:
    """Leave out what the engine's bound says is ill-conditioned, but for the best."""
    bounds = [bound / abs(t) for each in found for t, bound in each.truths.values() if t]
    most = max(ILL_CONDITIONED, min(bounds))
    return [
        Sample(
            each.at,
            {
                index: (truth, 0.0)
                for index, (truth, bound) in each.truths.items()
                if bound <= most * abs(truth)
            },
        )
        for each in found
    ]


def kinds_of(function: Function) -> tuple[str, ...]:
    return ("value", "grad", "hessian") if function.is_scalar else ("value", "jacobian")


@cache
def exported(target: str, text: str, place: int = 0) -> Code:
    function = diffcli.parse(text)
    return export(function, target, kinds=kinds_of(function), name=f"g{place}")


@cache
def samples(text: str) -> Sequence[Sample]:
    return samples_of(exported("python", text), count=4)


@cache
def compiled(target: str) -> Mapping[str, Mapping]:
    codes = [exported(target, text, place) for place, text in enumerate(FORMULAS)]
    return dict(zip(FORMULAS, runs_of(codes), strict=True))


def test_there_are_a_hundred_formulas() -> None:
    assert len(FORMULAS) >= 100


@pytest.mark.sampled(32)
@pytest.mark.parametrize(
    ("target", "text"),
    [
        *product(["python", "numpy", "torch", "c"], FORMULAS),
        *(("jax", text) for text in FORMULAS[::30]),  # whose first call takes long
        *(pytest.param("jax", text, marks=SLOW) for text in FORMULAS if FORMULAS.index(text) % 30),
        *(
            pytest.param(target, text, marks=SLOW)
            for target, text in product(
                ["javascript", "julia", "rust", "fortran", "matlab"], FORMULAS
            )
        ),
    ],
)
def test_code_agrees_with_what_is_proved(target: str, text: str) -> None:
    runner = TARGETS[target].runner
    if reason := runner and runner.lacks():
        pytest.skip(reason)
    is_compiled = target in ("c", "rust", "fortran")
    code = exported(target, text, FORMULAS.index(text) if is_compiled else 0)
    found = compiled(target)[text] if is_compiled else runs_of([code])[0]
    assert compared(code, found, samples(text)).numbers
    exact = compared(code, found, well_conditioned(samples(text)))
    assert exact.numbers
    assert exact.error <= RELATIVE


LONGEST = 132
"""A line of code, in characters, as Fortran 2008 limits it; few are longer than 88."""


@pytest.mark.sampled(6)
@pytest.mark.parametrize("target", TARGETS)
def test_code_can_be_read(target: str) -> None:
    long = 0
    for text in FORMULAS:
        code = exported(target, text).text
        lines = code.splitlines()
        assert max(map(len, lines)) <= LONGEST, code
        long += sum(len(line) > 88 for line in lines)
        assert not re.search(r"(t\d+) = .*;?\n\s*return \1;?$", code, re.MULTILINE), code
        assert not any(line != line.rstrip() for line in lines)
        if target == "c":
            used = re.search(r"NAN|INFINITY|\b(?!g0)\w+\(", "\n".join(lines[4:]))
            assert ("#include <math.h>" in code) == bool(used), code
        elif TARGETS[target].lexer == "python":
            names = imported_and_used(code)
            assert names[0] <= names[1], code
    assert long <= 25


def imported_and_used(code: str) -> tuple[set[str], set[str]]:
    nodes = list(ast.walk(ast.parse(code)))
    imports = [each for each in nodes if isinstance(each, ast.Import | ast.ImportFrom)]
    names = {alias.asname or alias.name for each in imports for alias in each.names}
    return names, {each.id for each in nodes if isinstance(each, ast.Name)}


TINY_AND_HUGE = (
    *(0.0, 1e-160, 1e-8, 1e-4, 0.3, 0.9999999, 1.0, 1.0000001, 2.5, 5.25, 9.75, 10.25, 40.0),
    *(710.5, 745.2, 800.0, 1e5, 1e9, 1e160),
)
OFF = {
    "lgamma": "the libraries' own lose digits beside 1",
    "loggamma": "so does this one",
    "beta": "its table's partials subtract digamma functions",
    "lbeta": "so do these",
    "binomial": "and these",
    "fresnels": "π x²/2 is rounded before its cosine is taken",
    "fresnelc": "so it is here",
    **dict.fromkeys(["gamma", "digamma", "trigamma", "factorial"], "so they do beside poles"),
    "Ei": "scipy's overflows before float64 does, and its derivative vanishes at 1",
    "Shi": "scipy's overflows too",
    "Chi": "as this one does, which vanishes near 0.52 too",
    "Ci": "its derivative at 1e160 underflows on its way",
    "normpdf": "x - y is rounded",
}
"""Functions of the table whose code loses digits at some of these points, and why."""


def at_points_of_all_sizes(name: str) -> list[tuple[float, ...]]:
    line = [sign * x for x in TINY_AND_HUGE for sign in (1, -1)]
    count = len(diffcli.parse(f"{name}({ARGUMENTS.get(name, 'x')})").variables)
    if count == 1:
        return [(x,) for x in line]
    return [(x, y) for x in line[::3] for y in (0.0, 0.75, -1.75, 1e-8)]


ARRAYS_AND_NUMBERS = [
    *("python", "numpy", "torch", "c", "javascript"),
    pytest.param("jax", marks=SLOW),
    *(pytest.param(f"{target}, all", marks=SLOW) for target in TARGETS),
]


@cache
def truth_at(name: str, at: tuple[float, ...]) -> Mapping[tuple[str, ...], float | None]:
    function = diffcli.parse(f"{name}({ARGUMENTS.get(name, 'x')})")
    by = [wrt for order in range(3) for wrt in product(function.variables, repeat=order)]
    found = partials(function.outputs[0], dict(zip(function.variables, at, strict=True)), by)
    return {wrt: enclosure.nearest() for wrt, enclosure in found.items()}


@pytest.mark.sampled(3)
@pytest.mark.parametrize("case", ARRAYS_AND_NUMBERS)
def test_every_function_keeps_its_digits_at_points_of_all_sizes(case: str) -> None:
    """Value, gradient and Hessian: tiny, huge and special arguments, against what is proved."""
    target, *every = case.split(", ")
    runner = TARGETS[target].runner
    if reason := runner and runner.lacks():
        pytest.skip(reason)
    known = [*PARTIALS, *(name for name in DEFINITIONS if every), *TARGETS["python"].calls]
    rows = [TABLE[name] for name in dict.fromkeys(known) if name in TABLE and name not in OFF]
    names = [row.name for row in rows if row.arity == (1, 1) or row.name in ARGUMENTS]
    codes = {}
    for name in names if every else [name for name in names if name in PARTIALS]:
        function = diffcli.parse(f"{name}({ARGUMENTS.get(name, 'x')})")
        with suppress(UsageError):
            codes[name] = export(function, target, kinds=kinds_of(function), name=f"{name}_")
    assert len(codes) > 12
    for (name, code), runs in zip(codes.items(), runs_of([*codes.values()]), strict=True):
        points = at_points_of_all_sizes(name)[:: 1 if every else 4]
        for routine in code.routines:
            with np.errstate(all="ignore"):
                found = runs[routine.name](points)
            for at, numbers in zip(points, found, strict=True):
                truths = truth_at(name, at)
                for (_, wrt), number in zip(routine.indices, numbers, strict=True):
                    truth = truths[wrt]
                    if truth is not None and np.isfinite(truth):
                        off = abs(number - truth)
                        assert off <= 1e-11 * abs(truth) + 1e-305, (name, wrt, at, number)


REWRITTEN = """
1/(1 + e^(-x)); 1/(1 + exp(-x))
1/(exp(-x) + 1); 1/(1 + exp(-x))
3/(2 + 5exp(-2x)); 3/(2 + 5*exp(-2*x))
(1 + exp(x))^-1; 1/(1 + exp(x))
exp(x)/(1 + exp(x)); 1/(1 + exp(-x))
exp(x)/(exp(x) + exp(-x)); 1/(1 + exp(-2*x))
(e^x - e^-x)/(e^x + e^-x); tanh(x)
(1 - exp(-2x))/(1 + exp(-2x)); tanh(x)
(exp(2x) - 1)/(exp(2x) + 1); tanh(x)
(exp(-x) - exp(x))/(exp(x) + exp(-x)); -tanh(x)
x/(1 + exp(-x)); x/(1 + exp(-x))
log(1 + exp(x)); log1p(exp(x))
log(exp(x) + 1) - x; log1p(exp(-x))
log(3 + 2e^(-x)); log(3 + 2*exp(-x))
log(exp(x) + exp(-x)); log(exp(x) + exp(-x))
log(1 + x^2); log1p(x*x)
exp(x) - 1; expm1(x)
x^2*(1 - exp(-x)); -x*x*expm1(-x)
(exp(x) - 1 + x)*2; 2*(expm1(x) + x)
sqrt(x^2 + 1); sqrt(x*x + 1)
sqrt(x*x + (2y)^2); sqrt(x*x + 4*y*y)
sqrt(x^2 + y^2 + 1); sqrt(x*x + y*y + 1)
"""


@pytest.mark.sampled(6)
@pytest.mark.parametrize("line", REWRITTEN.split("\n")[1:-1])
def test_formulas_that_overflow_have_a_stable_form(line: str) -> None:
    """At ±800 and at tiny arguments, against mpmath of another way to write the formula."""
    text, other = line.split("; ")
    function = diffcli.parse(text)
    code = export(function, "python", kinds=["value", "grad", "hessian"])
    runs = runs_of([code])[0]

    def truth(*at: float) -> mpmath.mpf:
        known = {name: getattr(mpmath, name) for name in ("exp", "log", "log1p", "expm1", "tanh")}
        known |= {"sqrt": mpmath.sqrt, **dict(zip(function.variables, at, strict=True))}
        return eval(other, known)  # noqa: S307  (written above)

    for x in (-800.0, -40.0, -1.25, -1e-8, 1e-160, 1e-8, 0.3, 1.75, 40.0, 800.0):
        at = (x, 0.75)[: len(function.variables)]
        for routine in code.routines:
            (numbers,) = runs[routine.name]([at])
            for (_, wrt), number in zip(routine.indices, numbers, strict=True):
                orders = tuple(wrt.count(name) for name in function.variables)
                with mpmath.workdps(800):
                    exact = mpmath.diff(truth, tuple(map(mpmath.mpf, at)), orders, h=1e-200)
                if abs(exact) > 1e308:
                    continue
                small = 1e-10 if "log(exp" in text else 0.0  # a sum that vanishes
                assert abs(number - exact) <= 1e-11 * abs(exact) + 1e-300 + small, (wrt, at)


@pytest.mark.parametrize("target", ["torch", "jax"])
@pytest.mark.parametrize(
    "text", ["x/2 + y", "x^2*y", "x/y", "abs(x)/3 + y", "relu(x)*y/2", "x + pi*y"]
)
def test_integers_have_derivatives(target: str, text: str) -> None:
    if target == "jax":
        pytest.importorskip("jax")
    code = namespace(target, text)
    reference = namespace("python", text)
    array = torch.tensor if target == "torch" else np.array
    for name in ("g0", "g0_grad", "g0_hessian"):
        exact = np.asarray(reference[name](3.0, 2.0))
        for given in ((array(3), array(2)), (array([3, 3]), array(2)), (3, 2), (array(3.0), 2)):
            found = np.asarray(code[name](*given))
            assert np.allclose(found.T if found.ndim > exact.ndim else found, exact, rtol=1e-6)


def test_torch_keeps_the_type_of_floats() -> None:
    code = namespace("torch", "x/3 + y")
    single = torch.tensor(1.0), torch.tensor(2.0)
    assert code["g0_grad"](*single).dtype == torch.float32
    assert code["g0_grad"](torch.tensor(1), torch.tensor(True)).dtype == torch.float64
    assert code["g0"](0.1, 0).item() == 0.1 / 3


def test_an_integer_tensor_has_a_gradient() -> None:
    code: dict = {}
    exec(export(diffcli.parse("mean(x)^2 + sum(x/2)"), "torch").text, code)  # noqa: S102
    assert code["f_grad"](torch.tensor([1, 2, 3]))[0].tolist() == pytest.approx([11 / 6] * 3)


@pytest.mark.parametrize("order", ["y", "1/2", "x"])
def test_an_order_is_not_cut_to_a_whole_number(order: str) -> None:
    with pytest.raises(UsageError, match="numpy has no expint whose order isn't a whole number"):
        export(diffcli.parse(f"expint({order}, x)"), "numpy", kinds=["value"])
    assert export(diffcli.parse("expint(3, x)"), "numpy", kinds=["value"]).text


def test_definitions_stand_before_the_formula() -> None:
    first = export(diffcli.parse("a = x^2; relu(x)*a")).text.splitlines()[0]
    assert first == '"""a = x**2; f(x) = relu(x)*a'


def test_a_choice_of_constants_is_no_integer() -> None:
    for target in ("python", "numpy"):
        slope = namespace(target, "relu(x)")["g0_grad"](np.float64(3.0))
        assert np.asarray(slope).dtype == np.float64
    assert isinstance(namespace("python", "relu(x)")["g0_grad"](3.0), float)


@pytest.mark.parametrize(
    ("text", "target", "kinds"),
    [
        ("digamma(x)", "python", ()),
        ("digamma(x)", "c", ()),
        ("digamma(x)", "torch", ()),
        ("sum(x^2)", "c", ()),
        ("sum(x^2)", "python", ("value",)),
        ("besselj(0, x)", "jax", ()),
        ("lambertw(x)", "numpy", ()),
    ],
)
def test_the_language_that_a_hint_names_can_write_it(
    text: str, target: str, kinds: Sequence
) -> None:
    with pytest.raises(UsageError) as refused:
        export(diffcli.parse(text), target, kinds=kinds)
    hint = str(refused.value.hint)
    named = [name for name in (*TARGETS, "latex") if name in hint.split()]
    assert named
    for name in named:
        assert export(diffcli.parse(text), name, kinds=kinds).text


@pytest.mark.parametrize("target", ["python", "numpy", "torch", "c"])
def test_wrong_code_is_found(target: str) -> None:
    code = exported(target, "u^3 + v^2 + 4uv")
    wrong = replace(code, text=code.text.replace("4 *", "5 *").replace("4.0 *", "5 *"))
    with pytest.raises(DisagreementError, match="the truth is"):
        tried(wrong)


def test_code_is_the_same_every_time() -> None:
    text = "where(x > 0, sqrt(x), 0) + where(x > y, where(x > 1, log(x)*y, y), 1) + max(x, y, 1)"
    script = (
        "import diffcli; from diffcli.export.code import export\n"
        f"for target in {[*TARGETS, 'latex']}: print(export(diffcli.parse({text!r}), target).text)"
    )
    runs = {
        subprocess.run([sys.executable, "-c", script], capture_output=True, check=True).stdout
        for _ in range(2)
    }
    assert len(runs) == 1


def namespace(target: str, text: str) -> dict:
    found: dict = {}
    exec(exported(target, text).text, found)  # noqa: S102  (the project's own code)
    return found


def test_python_computes_no_branch_that_is_not_taken() -> None:
    text = "where(x > 0, sqrt(x)*log(x) + sqrt(x), where(x < -1, (-1 - x)^x, 1/x))"
    code = namespace("python", text)
    for x in (4.0, -0.5, -3.0):
        assert isinstance(code["g0"](x), float)
        assert isinstance(code["g0_grad"](x), float)
        assert isinstance(code["g0_hessian"](x), float)


def test_python_raises_where_no_condition_holds() -> None:
    code = namespace("python", "max(piecewise((x, x > 0)), 1)")
    assert code["g0"](2.0) == 2.0
    with pytest.raises(ValueError, match="no condition holds"):
        code["g0"](-1.0)


def test_python_refuses_what_is_not_real() -> None:
    with pytest.raises(ValueError, match="math domain error"):
        namespace("python", "x^y")["g0"](-1.0, 0.5)


@pytest.mark.parametrize("text", ["where(x > 0, sqrt(x), x^2)", "where(x > 0, log(x), exp(-x))"])
def test_torch_code_can_be_differentiated_again(text: str) -> None:
    code = namespace("torch", text)
    x = torch.tensor([-1.0, 2.0], dtype=torch.float64, requires_grad=True)
    (slope,) = torch.autograd.grad(code["g0"](x).sum(), x, create_graph=True)
    assert torch.allclose(slope, code["g0_grad"](x), rtol=1e-14)
    (second,) = torch.autograd.grad(code["g0_grad"](x).sum(), x)
    assert torch.allclose(second, code["g0_hessian"](x), rtol=1e-14)


def test_jax_code_can_be_differentiated_again() -> None:
    jax = pytest.importorskip("jax")
    code = namespace("jax", "where(x > 0, sqrt(x), x^2)")
    with jax.enable_x64(True):
        slope = jax.vmap(jax.grad(code["g0"]))(jax.numpy.array([-1.0, 4.0]))
    assert slope.tolist() == [-2.0, 0.25]


@pytest.mark.parametrize("target", ["numpy", "torch", "jax"])
def test_axes_of_derivatives_stand_before_those_of_points(target: str) -> None:
    if target == "jax":
        pytest.importorskip("jax")
    code = namespace(target, "2x + x*y^2")
    array = torch.tensor if target == "torch" else np.array
    x, y = array([1.0, 2.0, 3.0]), array([[0.5], [1.5]])
    slopes = [[2.25, 2.25, 2.25], [4.25, 4.25, 4.25]]
    assert tuple(code["g0"](x, y).shape) == (2, 3)
    assert tuple(code["g0_grad"](x, y).shape) == (2, 2, 3)
    assert tuple(code["g0_hessian"](x, y).shape) == (2, 2, 2, 3)
    assert code["g0_grad"](x, y)[0].tolist() == slopes


@pytest.mark.parametrize("target", ["torch", "jax"])
def test_tensors(target: str) -> None:
    if target == "jax":
        pytest.importorskip("jax")
    code: dict = {}
    exec(export(diffcli.parse("sum((A @ x)^2)"), target).text, code)  # noqa: S102
    array = torch.tensor if target == "torch" else np.array
    A, x = array([[1.0, 2.0], [3.0, 4.0]]), array([5.0, 6.0])
    assert float(code["f"](A, x)) == 17.0**2 + 39.0**2
    assert [part.tolist() for part in code["f_grad"](A, x)] == [
        [[170.0, 204.0], [390.0, 468.0]],
        [268.0, 380.0],
    ]


TENSORS = """
sum((A @ x)^2)
norm(x - mean(x))^2
x @ A @ x + dot(x, x)
x.T @ A @ x
det(A) + trace(inv(A))
log(sum(exp(x))) - max(x)
sum(outer(x, x)*A)
mean(where(x > 1, sqrt(x), x^2))
sum(diff(cumsum(x))^2)
std(x)*var(x) + logsumexp(x) - sum(logsumexp(A, axis=1))
dot(solve(A, x), x)
prod(x) + A[0,1]*x[1] + sum(A.T[1:])
sum(log_softmax(x)*softmax(x))
"""


@pytest.mark.sampled(2)
@pytest.mark.parametrize(
    ("target", "text"),
    [
        *product(["numpy", "torch"], TENSORS.split("\n")[1:-1]),
        *(pytest.param("jax", text, marks=SLOW) for text in TENSORS.split("\n")[1:-1]),
    ],
)
def test_tensors_are_tried_at_shapes_that_go_together(target: str, text: str) -> None:
    if target == "jax":
        pytest.importorskip("jax")
    kinds = ["value"] if target == "numpy" else ["value", "grad", "hessian"]
    found = tried(export(diffcli.parse(text), target, kinds=kinds))
    assert found.reason is None
    assert found.numbers >= (1 if target == "numpy" else 13)


LEAST_SQUARES = "mean((X@w - y)^2) + sum(w)/n + trace(eye(n))"


@pytest.mark.parametrize("target", ["numpy", "torch"])
def test_derivatives_of_tensors_are_closed_forms_where_there_are(target: str) -> None:
    function = diffcli.parse(LEAST_SQUARES, shapes="X=(m,n), w=n, y=m")
    code = export(function, target, kinds=["value", "grad", "hessian"], wrt=["w"])
    assert "autograd" not in code.text
    assert tried(code).numbers == 1 + 4 + 4 * 4
    defined: dict = {}
    exec(code.text, defined)  # noqa: S102
    array = torch.tensor if target == "torch" else np.array
    X, w, y = array([[1.0, 2.0], [3.0, 4.0], [5.0, 7.0]]), array([1.0, -1.0]), array([1.0, 0, 2])
    (gradient,) = defined["f_grad"](X, w, y)
    truth = 2 * X.T @ (X @ w - y) / 3 + 0.5
    assert np.allclose(gradient, truth)
    assert np.allclose(defined["f_hessian"](X, w, y)[0][0], 2 * X.T @ X / 3)


def test_what_takes_a_guessed_length_is_left_to_autograd() -> None:
    assert "autograd" in export(diffcli.parse("sum(x)"), "torch").text
    assert "autograd" not in export(diffcli.parse("sum(x)", shapes="x=n"), "torch").text


def test_tensors_in_latex() -> None:
    function = diffcli.parse("norm(X@w - y)^2 + logdet(A)", shapes="X=(m,n), w=n, y=m, A=(n,n)")
    code = export(function, "latex", kinds=["grad", "hessian"], wrt=["w", "A"])
    sides = dict(line.removesuffix(r" \\").split(" &= ") for line in code.text.split("\n")[1:-1])
    A, w, V, v = r"\mathbf{A}", r"\mathbf{w}", r"\mathbf{V}_{A}", r"\mathbf{v}_{w}"
    assert sides == {
        rf"\frac{{\partial f}}{{\partial {w}}}": (
            rf"2 \mathbf{{X}}^{{\top}} \left(\mathbf{{X}} {w} - \mathbf{{y}}\right)"
        ),
        rf"\frac{{\partial f}}{{\partial {A}}}": rf"{A}^{{-\top}}",
        rf"\frac{{\partial ^{{2}} f}}{{\partial {w}^{{2}} }}": (r"2 \mathbf{X}^{\top} \mathbf{X}"),
        rf"\frac{{\partial ^{{2}} f}}{{\partial {w}\partial {A}}}\left[{V}\right]": "0",
        rf"\frac{{\partial ^{{2}} f}}{{\partial {A}\partial {w}}}\left[{v}\right]": "0",
        rf"\frac{{\partial ^{{2}} f}}{{\partial {A}^{{2}}}}\left[{V}\right]": (
            rf"-{A}^{{-\top}} {V}^{{\top}} {A}^{{-\top}}"
        ),
    }


def test_wrong_code_of_tensors_is_found() -> None:
    code = export(diffcli.parse("sum(x^2)"), "torch")
    with pytest.raises(DisagreementError, match="f gives"):
        tried(replace(code, text=code.text.replace("x**2", "x**3")))


def test_tensors_in_numpy() -> None:
    code: dict = {}
    exec(export(diffcli.parse("norm(x - mean(x))^2"), "numpy", kinds=["value"]).text, code)  # noqa: S102
    assert code["f"](np.array([1.0, 2.0, 6.0])) == pytest.approx(14)


@pytest.mark.parametrize(
    ("text", "target", "kinds", "message"),
    [
        ("besselj(0, x)", "c", (), "c has no besselj"),
        ("besselj(0, x)", "python", (), "export to numpy"),
        ("lgamma(x)", "python", (), "python has no digamma"),
        ("sum(x)", "python", (), "python has no tensors"),
        ("sum(kron(x, x))", "numpy", (), "numpy differentiates no tensors"),
        ("[x, x^2]", "python", ("grad",), "grad takes one formula"),
        ("besselj(x, 2)", "numpy", (), "besselj has no closed derivative"),
        ("x + log(-1)", "python", (), r"log\(-1\) has no float64"),
        ("x", "cobol", (), "'cobol' is no language"),
        ("2", "c", ("grad",), "the formula has no variables"),
        ("x", "python", ("slope",), "'slope' is no kind"),
    ],
)
def test_refused(text: str, target: str, kinds: Sequence, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        export(diffcli.parse(text), target, kinds=kinds)


@pytest.mark.parametrize("target", ["python", "c", "latex"])
def test_a_constant_has_a_value_alone(target: str) -> None:
    assert [each.kind for each in export(diffcli.parse("2*pi"), target).routines] == ["value"]


def test_variables_keep_out_of_the_way_of_the_language() -> None:
    text = "lambda*f^2 + t1^2*sin(t1*f)^3 + sin(t1*f)"
    for target in TARGETS:
        code = export(diffcli.parse(text), target)
        assert "lambda_" in code.text
        assert "f_," in code.text
        assert "sin(t1 * f_)" in code.text
        if target in ("python", "numpy", "torch", "c"):
            assert tried(code).points


@pytest.mark.parametrize("name", ["sin", "for", "f-g", "é", "__import__('os')", ""])
def test_a_function_has_a_name(name: str) -> None:
    with pytest.raises(DiffcliError):
        export(diffcli.parse("x"), name=name)


def test_wrt_chooses_the_variables() -> None:
    code = export(diffcli.parse("x^2*y^3"), kinds=["grad"], wrt=["y"])
    found: dict = {}
    exec(code.text, found)  # noqa: S102
    assert found["f_grad"](2.0, 3.0) == (108.0,)
    with pytest.raises(UsageError, match="is no variable"):
        export(diffcli.parse("x^2"), wrt=["z"])


def command(text: str, capsys: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    code = run(shlex.split(text))
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def test_command_writes_code(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "f.py"
    assert command(f'export "x^2" -o {path}', capsys)[0] == 0
    code, out, err = command('export "x^2" -v', capsys)
    assert (code, out) == (0, path.read_text())
    assert "run at 8 random points: 16 numbers are as proved" in err


def test_command_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = command('export "x^2" --to c --json', capsys)
    found = json.loads(out)
    assert code == 0
    assert found["target"] == "c"
    assert "double f_grad(double x)" in found["code"]
    assert found["reason"] or found["checked"]["points"] == 8
    assert json.loads(command('export "x^2" --json --no-check', capsys)[1])["checked"] is None


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ('export "x^2" --to cobol', 2),
        ('export "x^2" --kinds grads', 2),
        ('export "x^2" --at 3', 2),
        ('export "x^" --to c', 3),
        ('export "besseli(1, x)" --to torch', 2),
        ('export "[x, y]"', 0),
    ],
)
def test_exit_codes(text: str, code: int, capsys: pytest.CaptureFixture[str]) -> None:
    assert command(text, capsys)[0] == code


def test_a_disagreement_is_exit_5(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(DEFINITIONS_OF_TEST, "sec", "1/cos(x) + 1e-9")
    monkeypatch.setattr("diffcli.export.lowering.DEFINITIONS", DEFINITIONS_OF_TEST)
    assert command('export "sec(x)"', capsys)[0] == 5
    assert command('export "sec(x)" --no-check', capsys)[0] == 0


DEFINITIONS_OF_TEST = dict(DEFINITIONS)


def test_every_function_can_be_written_in_numpy_or_says_that_it_cannot() -> None:
    lacking = set()
    for name, row in TABLE.items():
        if name in OPERATORS:
            continue
        least, most = row.arity
        variables = ", ".join("xyzabc"[: least if most == ANY else most])
        text = "piecewise((x, x > 0), (y, True))" if name == "piecewise" else f"{name}({variables})"
        try:
            export(diffcli.parse(text), "numpy", kinds=["value"])
        except UsageError as error:
            lacking.add(str(error).partition(" has no ")[2].partition(" ")[0])
    assert lacking == {
        "ellippi", "ellippiinc", "expint", "hyp0f1", "hyp1f1", "hyp2f1", "hyperu", "lambertw", "li",
        "multigammaln", "polylog", "sphericalj", "sphericaly", "uppergamma",
    }  # fmt: skip
