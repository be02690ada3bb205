"""The formulas of the throughput benchmark, and what others make of them.

Value and all first derivatives, into memory that is used again where the peer can. The limit is
one fused loop in C, written by hand and compiled here, in as many threads as ours.
"""

from __future__ import annotations

import ctypes
import subprocess
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import numpy as np
import sympy
import torch

from diffcli.engines.throughput.workers import processors

Arrays = Sequence[np.ndarray[Any, Any]]

_HEAD = """
#include <stddef.h>
// gcc joins sin and cos into one call that has no vector form, unless it knows neither.
#define VECTOR __attribute__((const, nothrow, simd("notinbranch"))) double
VECTOR sin(double); VECTOR cos(double); VECTOR exp(double); VECTOR log(double); double sqrt(double);
void loop(const double **in, double **out, size_t first, size_t last) {
"""


@dataclass(frozen=True)
class Formula:
    """A formula, its variables, and one point's value and derivatives in C."""

    name: str
    text: str
    variables: str
    body: str

    @property
    def expressions(self) -> list[sympy.Expr]:
        """The value and the derivatives, as sympy writes them."""
        symbols = sympy.symbols(list(self.variables))
        names = dict(zip(self.variables, symbols, strict=True)) | {"ln": sympy.log}
        value = sympy.sympify(self.text.replace("^", "**"), names)
        return [value, *(value.diff(symbol) for symbol in symbols)]


FORMULAS = (
    Formula(
        "exp(-x^2)·sin(3x)/(1+x^2)",
        "exp(-x^2)*sin(3*x)/(1+x^2)",
        "x",
        """double q = x*x, e = exp(-q), s = sin(3*x), c = cos(3*x), r = 1/(1 + q), v = e*s*r;
        out[0][i] = v; out[1][i] = 3*e*r*c - 2*x*v*(1 + r);""",
    ),
    Formula(
        "five variables",
        "a^3*b^2/ln(c+1)+exp(a*d)*cos(b*c)+sqrt(a^2+b^2)*ln(d^2+e^2)",
        "abcde",
        """double il = 1/log(c + 1), a2 = a*a, b2 = b*b, ab = a2*b2, p = a*ab*il;
        double ex = exp(a*d), t = ex*cos(b*c), u = ex*sin(b*c), m2 = d*d + e*e, im = 1/m2;
        double s = sqrt(a2 + b2), is = 1/s, m = log(m2);
        out[0][i] = p + t + s*m; out[1][i] = 3*ab*il + d*t + a*is*m;
        out[2][i] = 2*a*a2*b*il - c*u + b*is*m; out[3][i] = -p*il/(c + 1) - b*u;
        out[4][i] = a*t + 2*d*s*im; out[5][i] = 2*e*s*im;""",
    ),
)


def limit(formula: Formula, inputs: Arrays, outputs: Arrays) -> Callable[[], Any]:
    """Return the fused loop: gcc -O3 -march=native -ffast-math with the vector library of libm."""
    folder = Path(mkdtemp())
    reads = " ".join(f"double {name} = in[{i}][i];" for i, name in enumerate(formula.variables))
    restrict = "".join(
        f"double *restrict o{i} = out[{i}]; " for i in range(len(formula.variables) + 1)
    )
    body = formula.body
    for i in range(len(formula.variables) + 1):
        body = body.replace(f"out[{i}][i]", f"o{i}[i]")
    loop = f"for (size_t i = first; i < last; i++) {{ {reads} {body} }}"
    source = f"{_HEAD}{restrict}\n#pragma GCC ivdep\n{loop} }}"
    (folder / "loop.c").write_text(source, encoding="utf-8")
    flags = "-O3 -march=native -ffast-math -fno-builtin-sin -fno-builtin-cos -shared -fPIC".split()
    subprocess.run(  # noqa: S603  (a command written here)
        ["gcc", *flags, "-mprefer-vector-width=512", "loop.c", "-o", "loop.so", "-lmvec", "-lm"],  # noqa: S607
        cwd=folder,
        check=True,
    )
    call = ctypes.CDLL(str(folder / "loop.so")).loop
    addresses = [
        (ctypes.c_void_p * len(arrays))(*(each.ctypes.data for each in arrays))
        for arrays in (inputs, outputs)
    ]
    points, threads = inputs[0].size, processors()
    edges = [points * i // threads for i in range(threads + 1)]
    pool = ThreadPoolExecutor(threads)

    def part(first: int, last: int) -> None:
        call(*addresses, ctypes.c_size_t(first), ctypes.c_size_t(last))

    return lambda: list(pool.map(part, edges, edges[1:]))


def jax(formula: Formula, inputs: Arrays) -> Callable[[], Any]:
    """Return jax's jitted, vectorised value_and_grad."""
    import jax
    from jax import numpy as jnp

    jax.config.update("jax_enable_x64", True)
    value = sympy.lambdify(list(formula.variables), formula.expressions[0], jnp)
    count = len(formula.variables)
    run = jax.jit(jax.vmap(jax.value_and_grad(value, argnums=tuple(range(count)))))
    columns = [jnp.asarray(each) for each in inputs]
    return lambda: jax.block_until_ready(run(*columns))


def numba(formula: Formula, inputs: Arrays) -> Callable[[], Any]:
    """Return numba's loop over sympy's derivatives, common subexpressions taken out."""
    import numba

    made, found = sympy.cse(formula.expressions)
    lines = [f"{name} = {sympy.pycode(each)}" for name, each in made]
    lines += [f"out[{i}, i] = {sympy.pycode(each)}" for i, each in enumerate(found)]
    reads = [f"{name} = columns[{i}, i]" for i, name in enumerate(formula.variables)]
    inner = "\n        ".join([*reads, *lines])
    source = f"def run(columns, out):\n    for i in prange(columns.shape[1]):\n        {inner}\n"
    namespace: dict[str, Any] = {"prange": numba.prange, "math": __import__("math")}
    exec(source, namespace)  # noqa: S102  (written here)
    run = numba.njit(fastmath=True, parallel=True)(namespace["run"])
    columns = np.stack(list(inputs))
    out = np.empty((len(found), columns.shape[1]))
    return lambda: run(columns, out)


def numexpr(formula: Formula, inputs: Arrays) -> Callable[[], Any]:
    """Return numexpr's evaluation of sympy's derivatives, one after the other."""
    import numexpr  # type: ignore[import-untyped]

    texts = [str(each) for each in formula.expressions]
    columns = dict(zip(formula.variables, inputs, strict=True))
    out = np.empty(inputs[0].size)
    return lambda: [numexpr.evaluate(text, columns, out=out) for text in texts]


def numpy(formula: Formula, inputs: Arrays) -> Callable[[], Any]:
    """Return numpy's evaluation of sympy's derivatives, common subexpressions taken out."""
    run = sympy.lambdify(list(formula.variables), formula.expressions, "numpy", cse=True)
    return lambda: run(*inputs)


def eager(formula: Formula, inputs: Arrays) -> Callable[[], Any]:
    """Return torch's own autograd, all points at once, in torch's own threads."""
    run = sympy.lambdify(list(formula.variables), formula.expressions[0], torch)
    columns = [torch.from_numpy(each).requires_grad_() for each in inputs]

    def whole() -> object:
        value = run(*columns)
        return value, torch.autograd.grad(value.sum(), columns)

    return whole


PEERS = {
    "jax": jax,
    "numba": numba,
    "numexpr": numexpr,
    "numpy+cse": numpy,
    "torch eager": eager,
}


def peers(formula: Formula, inputs: Arrays) -> Iterator[tuple[str, Callable[[], Any]]]:
    """Yield what others make of a formula, of those that are installed."""
    for name, make in PEERS.items():
        try:
            yield name, make(formula, inputs)
        except ImportError:
            continue
