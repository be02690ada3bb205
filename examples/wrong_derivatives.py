"""Public reports of wrong derivatives: what was reported, what is proved, what is installed today.

    python examples/wrong_derivatives.py                  a table for the terminal
    python examples/wrong_derivatives.py --format markdown   the table of the documentation

Each row names the thread, the formula, the point and the number that was reported. The proved
answer is computed here, by diffcli; the last column by the library that the report is about, where
it is installed, with the report's own code cut down to one expression.
"""

from __future__ import annotations

import argparse
import importlib
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import diffcli

NAN, INFINITY = math.nan, math.inf


@dataclass(frozen=True)
class Report:
    """One public report of a wrong derivative.

    ``thread`` is the path behind https://github.com/; ``version`` what the reporter ran, or the
    year; ``partial`` the variables of the derivative in turn, each ``component`` of a vector by
    its name; ``reported`` the number of the report; ``today`` computes it with the module ``needs``
    names.
    """

    library: str
    thread: str
    version: str
    formula: str
    point: str
    partial: tuple[str, ...]
    reported: float
    needs: str = ""
    today: Callable[[Any], float] | None = None


def by_torch(
    function: Callable[[Any, Any], Any],
    *point: float,
    partial: tuple[int, ...] = (0,),
    dtype: str = "float64",
) -> Callable[[Any], float]:
    """Return torch's derivative of ``function(torch, x)`` in the components of ``partial``."""

    def computed(torch: Any) -> float:
        x = torch.tensor(point, dtype=getattr(torch, dtype), requires_grad=True)
        value = function(torch, x)
        for component in partial:
            value = torch.autograd.grad(value, x, create_graph=True)[0][component]
        return float(value.detach())

    return computed


def by_jax(
    function: Callable[[Any, Any], Any], point: float, *, dtype: str = "float64"
) -> Callable[[Any], float]:
    """Return jax's derivative of ``function(jax, x)`` at a number."""

    def computed(jax: Any) -> float:
        jax.config.update("jax_enable_x64", True)
        return float(jax.grad(lambda x: function(jax, x))(getattr(jax.numpy, dtype)(point)))

    return computed


def by_autograd(
    function: Callable[[Any, Any], Any], point: Any, *, order: int = 1, component: Any = ()
) -> Callable[[Any], float]:
    """Return HIPS autograd's derivative of ``function(numpy, x)``, of the order wanted."""

    def computed(autograd: Any) -> float:
        derivative = lambda x: function(autograd.numpy, x)  # noqa: E731
        for _ in range(order):
            derivative = autograd.grad(derivative)
        return float(autograd.numpy.array(derivative(point))[component])

    return computed


def by_sympy(
    function: Callable[[Any, Any], Any], point: float, *, order: int = 1
) -> Callable[[Any], float]:
    """Return sympy's derivative of ``function(sympy, x)`` with the point put in."""

    def computed(sympy: Any) -> float:
        x = sympy.Symbol("x", real=True)
        return float(sympy.diff(function(sympy, x), x, order).subs(x, sympy.nsimplify(point)))

    return computed


def _quotient_or_zero(torch: Any, x: Any) -> Any:
    n = torch.zeros_like(x)
    return torch.where(n == 0, torch.zeros_like(x), x / n).sum()


REPORTS = (
    # PyTorch
    Report("torch", "pytorch/pytorch/issues/773", "2017", "prod(x)", "x=[0,2,3]", ("x[0]",), NAN,
           "torch", by_torch(lambda _, x: x.prod(), 0, 2, 3)),
    Report("torch", "pytorch/pytorch/issues/2421", "2017", "norm(x)", "x=[0]", ("x[0]",), NAN,
           "torch", by_torch(lambda _, x: x.norm(), 0)),
    Report("torch", "pytorch/pytorch/issues/6394", "2018", "sqrt((x-1)^0)", "x=1", ("x",), NAN,
           "torch", by_torch(lambda torch, x: torch.sqrt((x - 1) ** 0).sum(), 1)),
    Report("torch", "pytorch/pytorch/issues/8940", "2018", "x^0", "x=0", ("x",), NAN,
           "torch", by_torch(lambda _, x: (x**0).sum(), 0)),
    Report("torch", "pytorch/pytorch/issues/16317", "2019", "piecewise((0, n==0), (x/n, True))",
           "x=0, n=0", ("x",), NAN, "torch", by_torch(_quotient_or_zero, 0)),
    Report("torch", "pytorch/pytorch/issues/27134", "1.2", "a^b", "a=0, b=1", ("b",), NAN,
           "torch", by_torch(lambda _, x: x[0] ** x[1], 0, 1, partial=(1,))),
    Report("torch", "pytorch/pytorch/issues/56760", "1.8", "sinc(pi*x)", "x=0", ("x",), NAN,
           "torch", by_torch(lambda torch, x: torch.sinc(x).sum(), 0)),
    Report("torch", "pytorch/pytorch/issues/89459", "1.12", "sinc(pi*x)", "x=0", ("x", "x"), NAN,
           "torch", by_torch(lambda torch, x: torch.sinc(x).sum(), 0, partial=(0, 0))),
    Report("torch", "pytorch/pytorch/issues/61568", "1.8", "log(1 + exp(3*x))/3", "x=0.2736",
           ("x",), 1.0, "torch",
           by_torch(lambda torch, x: torch.nn.Softplus(beta=3, threshold=1)(x).sum(), 0.2736)),
    Report("torch", "pytorch/pytorch/issues/77221", "1.11", "x/n", "x=1, n=0", ("x",), INFINITY,
           "torch", by_torch(lambda _, x: (x / 0).sum(), 1)),
    Report("torch", "pytorch/pytorch/issues/80770", "1.11", "xlogy(x, 2)", "x=0", ("x",), 0.0,
           "torch", by_torch(lambda torch, x: torch.xlogy(x, 2).sum(), 0)),
    Report("torch", "pytorch/pytorch/issues/98276", "2023", "atan2(y, x)",
           "x=5.6843e-14, y=1e-13", ("x",), NAN, "torch",
           by_torch(lambda torch, x: torch.angle(torch.complex(x[0], x[1])), 5.6843e-14, 1e-13,
                    dtype="float32")),
    Report("torch", "pytorch/pytorch/issues/147801", "2.6", "hardswish(x)", "x=3", ("x",), 1.5,
           "torch", by_torch(lambda torch, x: torch.nn.functional.hardswish(x).sum(), 3)),
    Report("torch", "pytorch/pytorch/issues/186556", "2026", "x*2^(-1)", "x=0", ("x",), 0.0,
           "torch",
           by_torch(lambda torch, x: torch.ldexp(x, torch.tensor([-1])).sum(), 0, dtype="float32")),
    Report("torch", "pytorch/pytorch/issues/195682", "2.12", "silu(x)", "x=40.410841513445845",
           ("x", "x"), 0.0, "torch",
           by_torch(lambda torch, x: torch.nn.functional.silu(x).sum(), 40.410841513445845,
                    partial=(0, 0))),
    # JAX
    Report("jax", "jax-ml/jax/issues/764", "0.1.35, float32", "tanh(x)", "x=190", ("x",), NAN,
           "jax", by_jax(lambda jax, x: jax.numpy.tanh(x), 190, dtype="float32")),
    Report("jax", "jax-ml/jax/issues/2107", "2020", "softplus(x)", "x=0", ("x",), 0.0,
           "jax", by_jax(lambda jax, x: jax.nn.softplus(x), 0)),
    Report("jax", "jax-ml/jax/issues/2140", "2020", "logsigmoid(x)", "x=0", ("x",), 0.0,
           "jax", by_jax(lambda jax, x: jax.nn.log_sigmoid(x), 0)),
    Report("jax", "jax-ml/jax/issues/11467", "2022", "x*2^1", "x=1", ("x",), 0.0,
           "jax", by_jax(lambda jax, x: jax.numpy.ldexp(x, 1), 1)),
    Report("jax", "jax-ml/jax/issues/18450", "0.4.13", "x^0", "x=0", ("x",), NAN, "jax",
           lambda jax: float(jax.jacfwd(jax.jit(lambda x, k: x**k))(0.0, 0))),
    Report("jax", "jax-ml/jax/issues/37633", "2026", "log(b1 + b2 + b3)", "b1=2, b2=0, b3=5",
           ("b2",), 0.0, "jax",
           lambda jax: float(jax.jacfwd(
               lambda b: jax.scipy.special.logsumexp(jax.numpy.zeros(3), b=b)
           )(jax.numpy.array([2.0, 0.0, 5.0]))[1])),
    Report("jax", "jax-ml/jax/issues/37992", "0.10.1", "x*2^1", "x=0", ("x",), 1.0,
           "jax", by_jax(lambda jax, x: jax.numpy.ldexp(x, 1), 0)),
    Report("jax", "jax-ml/jax/pull/40828", "2026", "silu(x)", "x=-709", ("x",), 0.0,
           "jax", by_jax(lambda jax, x: jax.nn.silu(x), -709)),
    Report("jax", "jax-ml/jax/issues/39794", "2026", "expm1(x)", "x=-40", ("x",), 0.0,
           "jax", by_jax(lambda jax, x: jax.numpy.expm1(x), -40)),
    Report("jax", "jax-ml/jax/issues/40342", "0.9.2", "sigmoid(x)", "x=40", ("x",), 0.0,
           "jax", by_jax(lambda jax, x: jax.nn.sigmoid(x), 40)),
    Report("jax", "jax-ml/jax/issues/40343", "0.9.2", "tanh(x)", "x=20", ("x",), 0.0,
           "jax", by_jax(lambda jax, x: jax.numpy.tanh(x), 20)),
    Report("jax", "jax-ml/jax/issues/40382", "2026", "exp2(x)", "x=1024.0000000000002", ("x",),
           INFINITY, "jax", by_jax(lambda jax, x: jax.numpy.exp2(x), 1024.0000000000002)),
    Report("jax", "jax-ml/jax/issues/40629", "2026", "sinc(pi*(2*t - 1))",
           "t=1/2-2^-54", ("t",), -0.4383804531446742, "jax",
           by_jax(lambda jax, t: jax.numpy.sinc(2 * t - 1), 0.49999999999999994)),
    Report("jax", "jax-ml/jax/issues/40634", "2026, float32", "asinh(x)", "x=1e22", ("x",), 0.0,
           "jax", by_jax(lambda jax, x: jax.numpy.arcsinh(x), 1e22, dtype="float32")),
    # HIPS autograd
    Report("autograd", "HIPS/autograd/issues/116", "1.1.4", "exp(-x^2)", "x=0", ("x",) * 4, NAN,
           "autograd", by_autograd(lambda np, x: np.exp(-(x**2)), 0.0, order=4)),
    Report("autograd", "HIPS/autograd/issues/212", "1.1.9", "max(x, y)", "x=1, y=1", ("x",), 1.0,
           "autograd", by_autograd(lambda np, x: np.maximum(x, 1.0), 1.0)),
    Report("autograd", "HIPS/autograd/issues/586", "2022", "norm(x)^2", "x=[0,0]", ("x[0]",), NAN,
           "autograd",
           lambda autograd: float(autograd.grad(
               lambda x: autograd.numpy.linalg.norm(x) ** 2)(autograd.numpy.zeros(2))[0])),
    # TensorFlow
    Report("tensorflow", "tensorflow/tensorflow/issues/56873", "2.9",
           "piecewise((0, x==0), (x*log1p(y), True))", "x=0, y=1", ("x",), 0.0),
    Report("tensorflow", "tensorflow/tensorflow/issues/62554", "2.13", "x/y", "x=1, y=1", ("x",),
           NAN),
    Report("tensorflow", "tensorflow/tensorflow/issues/124832", "2.21", "silu(x)", "x=-709",
           ("x", "x"), 0.0),
    # SymPy and SymEngine
    Report("sympy", "sympy/sympy/pull/605", "2011", "coth(x)", "x=1", ("x",), 0.7240616609663105,
           "sympy", by_sympy(lambda sympy, x: sympy.coth(x), 1)),
    Report("sympy", "sympy/sympy/issues/11402", "2016",
           "piecewise((sin(x)/x, x!=0), (1, True))", "x=0", ("x", "x"), 0.0, "sympy",
           by_sympy(lambda sympy, x: sympy.Piecewise((sympy.sin(x) / x, sympy.Ne(x, 0)),
                                                     (1, True)), 0, order=2)),
    Report("sympy", "sympy/sympy/issues/20881", "2021", "min(x, 1/2)", "x=1/2", ("x",), 0.5,
           "sympy", by_sympy(lambda sympy, x: sympy.Min(x, sympy.Rational(1, 2)), 0.5)),
    Report("sympy", "sympy/sympy/issues/24127", "1.11", "piecewise((sin(x), x<0), (1/2, True))",
           "x=0", ("x",), 0.0, "sympy",
           by_sympy(lambda sympy, x: sympy.Piecewise((sympy.sin(x), x < 0),
                                                     (sympy.Rational(1, 2), True)), 0)),
    Report("symengine", "symforce-org/symforce/issues/36", "2023",
           "max(x, exp(x) - 1, (x + 1)^2/2 - 1/2)", "x=0", ("x",), 1.5),
    # Julia
    Report("Symbolics.jl", "JuliaSymbolics/Symbolics.jl/issues/1081", "2024",
           "piecewise((0, x==0), (x, True))", "x=0", ("x",), 0.0),
    Report("ModelingToolkit.jl", "SciML/ModelingToolkit.jl/issues/624", "2020", "x - 2*log(x)",
           "x=1", ("x",), -2.0),
    Report("Calculus.jl", "JuliaMath/Calculus.jl/issues/20", "2013", "x/(K+x)", "x=1, K=1", ("K",),
           -1.0),
    Report("ForwardDiff.jl", "JuliaDiff/ForwardDiff.jl/issues/243", "2017", "norm(x)", "x=[0,0]",
           ("x[1]",), 1.0),
    Report("ForwardDiff.jl", "JuliaDiff/ForwardDiff.jl/pull/331", "0.7.5", "x^2", "x=0",
           ("x",) * 3, NAN),
    Report("ForwardDiff.jl", "JuliaDiff/ForwardDiff.jl/issues/365", "2018",
           "piecewise((x*log(x), x>0), (0, True))", "x=0", ("x",), 0.0),
    Report("ForwardDiff.jl", "JuliaDiff/ForwardDiff.jl/pull/414", "2019", "x^y", "x=0, y=0.5",
           ("y",), NAN),
    Report("ForwardDiff.jl", "JuliaDiff/ForwardDiff.jl/issues/480", "2020",
           "piecewise((1, x==1), (x^2, True))", "x=1", ("x",), 0.0),
    Report("ForwardDiff.jl", "JuliaDiff/ForwardDiff.jl/issues/653", "2023, its real part",
           "cos(2*pi*s - pi/2)", "s=1/4", ("s", "s"), 0.0),
    Report("Diffractor.jl", "JuliaDiff/Diffractor.jl/issues/26", "0.1.1", "x^1", "x=0", ("x",),
           NAN),
    Report("Zygote.jl", "FluxML/Zygote.jl/issues/208", "0.3.1", "x/max(x, x)", "x=1", ("x",), 1.0),
    Report("FiniteDifferences.jl", "JuliaDiff/FiniteDifferences.jl/issues/53", "2019", "max(x, y)",
           "x=1e-6, y=0", ("x",), 0.6175432605559212),
    Report("ReverseDiffTape.jl", "fqiang/ReverseDiffTape.jl/issues/3", "2015", "abs(x)^2", "x=2",
           ("x",), 1.0),
    Report("Enzyme.jl", "EnzymeAD/Enzyme.jl/issues/1595", "0.12.21",
           "piecewise((x, x<=1), (0, True))", "x=0.5", ("x",), 1.5),
    Report("Enzyme.jl", "EnzymeAD/Enzyme.jl/issues/2496", "2025", "logaddexp(x, y)", "x=1, y=1",
           ("x",), 1.0),
    Report("Enzyme.jl", "EnzymeAD/Enzyme.jl/issues/2879", "2026", "besseli(1, x)", "x=2", ("x",),
           0.7953184273186643),
    Report("Enzyme.jl", "EnzymeAD/Enzyme.jl/issues/2987", "0.13.129", "log(x/1)", "x=0.5", ("x",),
           0.0),
    # Others
    Report("Stan", "stan-dev/math/issues/1679", "3.1.0", "logaddexp(x, x)", "x=1e50", ("x",), 2.0),
    Report("DiffSharp", "DiffSharp/DiffSharp/issues/27", "2017", "x^2", "x=0", ("x",), NAN),
    Report("saiunit", "chaobrain/saiunit/pull/114", "2026",
           "piecewise(((exp(x) - 1)/x, x!=0), (1, True))", "x=0", ("x", "x"), NAN),
    Report("math.js", "josdejong/mathjs/issues/934", "3.16.2", "1 - -2*x", "x=1", ("x",), -2.0),
    Report("math.js", "josdejong/mathjs/issues/3528", "2025", "x*diff(exp(x), x)", "x=1", ("x",),
           math.e),
    Report("ncalc", "tranleduy2000/ncalc/issues/42", "2018", "(x+2)/(x-3)", "x=4", ("x",), 3.0),
    Report("xFunc", "sys27/xFunc/issues/25", "2013", "(x+3)^2/16", "x=1", ("x",), 32.0),
    Report("NumWorks", "numworks/epsilon/issues/1150", "2019", "-1/3*x^3 + 6*x^2 - 11*x - 50",
           "x=11", ("x",), 16.0),
)  # fmt: skip


@dataclass(frozen=True)
class Proved:
    """What diffcli proves: the verdict, and the number where there is one."""

    verdict: diffcli.Verdict
    number: float | None

    def __str__(self) -> str:
        return self.verdict.words if self.number is None else f"{self.number:.12g}"


def proved(report: Report) -> Proved:
    """Return diffcli's answer to the report's question."""
    name = report.partial[0]
    derivative = diffcli.parse(report.formula).grad(
        report.point,
        order=len(report.partial),
        wrt=[name.partition("[")[0]],
        settings=diffcli.Settings(budget=60),
    )
    (check,) = (check for check in derivative.checks if check.entry == name)
    return Proved(check.verdict, check.value)


def today(report: Report) -> float | None:
    """Return what the installed library gives, or None where it isn't installed."""
    if report.today is None:
        return None
    try:
        module = importlib.import_module(report.needs)
    except ImportError:
        return None
    return report.today(module)


def shown(number: float | None) -> str:
    """Write a number for the table; a dash where there is none."""
    return "—" if number is None else f"{number:.12g}"


def rows() -> Iterator[tuple[str, ...]]:
    """Give the table's cells, a row for each report."""
    for report in REPORTS:
        derivative = "".join(f"∂{variable}" for variable in report.partial)
        yield (
            f"{report.library} ({report.version})",
            report.thread,
            f"{report.formula}, {derivative} at {report.point}",
            shown(report.reported),
            str(proved(report)),
            shown(today(report)),
        )


HEADINGS = ("library", "thread", "derivative", "reported", "proved", "today")


def markdown() -> str:
    """Write the table for the documentation, with links to the threads."""
    lines = [HEADINGS, ("---",) * len(HEADINGS)]
    for library, thread, derivative, *numbers in rows():
        name = "#".join((thread.split("/")[1], thread.split("/")[-1]))
        formula = derivative.replace("|", "\\|")
        lines.append((library, f"[{name}](https://github.com/{thread})", f"`{formula}`", *numbers))
    return "".join("| " + " | ".join(cells) + " |\n" for cells in lines)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--format", choices=["table", "markdown"], default="table")
    if parser.parse_args().format == "markdown":
        print(markdown(), end="")
        return
    from rich.console import Console
    from rich.table import Table

    table = Table(*HEADINGS)
    for cells in rows():
        table.add_row(*cells)
    Console().print(table)


if __name__ == "__main__":
    main()
