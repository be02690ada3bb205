"""Large systems written out as text: first answer, and each further evaluation.

A first answer goes from the text to the numbers of a sparse Jacobian or Hessian, without imports.
casadi is given the same formulas by its own operators, without a text to read; torch and jax take
them scalar by scalar, which only small systems allow. Broyden's tridiagonal function: Moré, Garbow
and Hillstrom (1981), problem 30.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from random import Random
from typing import Any

import numpy as np
import torch

from benchmarks.record import Goal, Row
from benchmarks.timing import interleaved
from diffcli.engines import remote
from diffcli.engines.templates.derivatives import Derivatives
from diffcli.engines.templates.levels import Levels
from diffcli.engines.templates.shapes import templates_of
from diffcli.language.parser import parse

SMALL, MIDDLE, LARGE, UNLIKE = 50, 1000, 50_000, 5000
MOST_FIRST = 1500
"""Milliseconds of the first answer of a large system."""
MOST_UNLIKE = 1000
"""Milliseconds of the gradient of many unlike terms."""

Numbers = Any
Evaluate = Callable[[], Numbers]


@dataclass(frozen=True)
class System:
    """Formulas in x1, x2 …: as text, and of numbers of whatever kind."""

    name: str
    text: Callable[[int], str]
    formulas: Callable[[Any, Any], Sequence[Any]]
    """Of the numbers, and of the module that has their functions."""
    is_jacobian: bool = True


def _broyden_text(size: int) -> str:
    rows = [
        f"(3 - 2*x{i})*x{i}"
        + (f" - x{i - 1}" if i > 1 else "")
        + (f" - 2*x{i + 1}" if i < size else "")
        + " + 1"
        for i in range(1, size + 1)
    ]
    return f"[{', '.join(rows)}]"


def _broyden(x: Any, _: Any) -> Sequence[Any]:
    last = len(x) - 1
    return [
        (3 - 2 * x[i]) * x[i] - (x[i - 1] if i > 0 else 0) - (2 * x[i + 1] if i < last else 0) + 1
        for i in range(last + 1)
    ]


def _rosenbrock_text(size: int) -> str:
    terms = (f"100*(x{i + 1} - x{i}^2)^2 + (1 - x{i})^2" for i in range(1, size))
    return " + ".join(terms)


def _rosenbrock(x: Any, _: Any) -> Sequence[Any]:
    return [sum(100 * (b - a**2) ** 2 + (1 - a) ** 2 for a, b in pairwise(x))]


BROYDEN = System("Jacobian, Broyden", _broyden_text, _broyden)
ROSENBROCK = System("Hessian, Rosenbrock", _rosenbrock_text, _rosenbrock, is_jacobian=False)


def rows(quick: bool) -> Iterator[Row]:
    """Yield a row a system, size and kind of answer; the largest is left out of a quick run.

    The first answer of the largest is ours alone, as it takes its peer too long.
    """
    remote.ready()
    for system in (BROYDEN, ROSENBROCK):
        yield from _of(system, SMALL, [_casadi, _torch, _jax], None, None, 2)
        yield from _of(system, MIDDLE, [_casadi], Goal(0.4, "casadi"), Goal(3, "casadi"), 5)
        if not quick:
            yield from _of(system, LARGE, [_casadi], Goal(MOST_FIRST), Goal(3, "casadi"), 2)
    yield _unlike(3 if quick else 7)


def _of(
    system: System,
    size: int,
    peers: Sequence[Callable[[System, Numbers], Evaluate]],
    first: Goal | None,
    further: Goal | None,
    rounds: int,
) -> Iterator[Row]:
    text, x = system.text(size), np.linspace(-1, 1, size)
    makers = {"ours": partial(_ours, system, text, x)}
    for peer in peers:
        with suppress(ImportError):
            peer(system, x[:3])()
            makers[peer.__name__.strip("_")] = partial(peer, system, x)
    made = {name: make() for name, make in makers.items()}
    _check(made)
    compared = makers if size < LARGE else {"ours": makers["ours"]}
    answers = {name: partial(_answer, make) for name, make in compared.items()}
    yield _row(f"{system.name}, n = {size:,}, from text", answers, first, rounds)
    yield _row(f"{system.name}, n = {size:,}, again", made, further, 20 * rounds)


def _answer(make: Callable[[], Evaluate]) -> Numbers:
    return make()()


def _row(name: str, runs: Mapping[str, Evaluate], goal: Goal | None, rounds: int) -> Row:
    times = {each: 1000 * found.least for each, found in interleaved(runs, rounds).items()}
    return Row(name, times.pop("ours"), peers=times, goal=goal)


def _check(made: dict[str, Evaluate]) -> None:
    """Raise ValueError where a peer computes other numbers."""
    sums = {name: float(np.abs(np.asarray(run())).sum()) for name, run in made.items()}
    if not all(math.isclose(each, sums["ours"], rel_tol=1e-9) for each in sums.values()):
        raise ValueError(sums)


def _ours(system: System, text: str, x: Numbers) -> Evaluate:
    templates = templates_of(parse(text))
    if templates is None:
        raise ValueError(system.name)
    derivatives = Derivatives(templates)
    plan = derivatives.jacobian() if system.is_jacobian else derivatives.hessian()
    return lambda: plan(x)


def _casadi(system: System, x: Numbers) -> Evaluate:
    import casadi

    symbols = [casadi.SX.sym(f"x{i + 1}") for i in range(len(x))]
    point, found = casadi.vertcat(*symbols), system.formulas(symbols, casadi)
    if system.is_jacobian:
        matrix = casadi.jacobian(casadi.vertcat(*found), point)
    else:
        matrix = casadi.hessian(found[0], point)[0]
    # Its stubs take the methods of a buffer for functions.
    made: Any = casadi.Function("f", [point], [matrix]).buffer()
    buffer, run = made
    given: Numbers = x.copy()
    result: Numbers = np.empty(matrix.nnz())
    buffer.set_arg(0, memoryview(given))
    buffer.set_res(0, memoryview(result))

    # What casadi points to is given back when nobody holds it any more.
    return lambda: (run(), buffer, given, result)[-1]


def _torch(system: System, x: Numbers) -> Evaluate:
    def evaluate() -> Numbers:
        at = torch.tensor(x, requires_grad=True)
        found = system.formulas(at.unbind(), torch)
        if system.is_jacobian:
            slopes = [torch.autograd.grad(each, at, retain_graph=True)[0] for each in found]
        else:
            (slope,) = torch.autograd.grad(found[0], at, create_graph=True)
            slopes = [torch.autograd.grad(each, at, retain_graph=True)[0] for each in slope]
        return torch.stack(slopes)

    return evaluate


def _jax(system: System, x: Numbers) -> Evaluate:
    import jax
    from jax import numpy

    jax.config.update("jax_enable_x64", True)
    if system.is_jacobian:
        made = jax.jacrev(lambda at: numpy.stack(system.formulas(list(at), numpy)))
    else:
        made = jax.hessian(lambda at: system.formulas(list(at), numpy)[0])
    run, at = jax.jit(made), numpy.asarray(x)
    return lambda: run(at).block_until_ready()


def _unlike(rounds: int) -> Row:
    terms = unlike(UNLIKE)
    text, x = " + ".join(terms), np.linspace(0.1, 1, UNLIKE)
    runs: dict[str, Evaluate] = {"ours": lambda: Levels(parse(text))(x)}
    with suppress(ImportError):
        import casadi

        codes = [compile(term.replace("^", "**"), "<term>", "eval") for term in terms]
        functions = {name: getattr(casadi, name) for name in FUNCTIONS}

        def peer() -> Numbers:
            symbols = {f"x{i + 1}": casadi.SX.sym(f"x{i + 1}") for i in range(UNLIKE)}
            scope = functions | symbols
            values = [eval(code, scope) for code in codes]  # noqa: S307  (written here)
            point = casadi.vertcat(*symbols.values())
            slope = casadi.gradient(casadi.sum1(casadi.vertcat(*values)), point)
            return casadi.Function("f", [point], [slope])(x).full().ravel()

        runs["casadi"] = peer
    _check(runs)
    name = f"gradient, {UNLIKE:,} unlike terms ({len(text):,} characters), from text"
    return _row(name, runs, Goal(MOST_UNLIKE), rounds)


FUNCTIONS = ("sin", "cos", "exp", "tanh", "atan")


def unlike(count: int) -> list[str]:
    """Return so many terms of random shapes, in as many variables."""
    random = Random(0)  # noqa: S311  (no secret)

    def formula(depth: int, place: int) -> str:
        name = f"x{place % count + 1}"
        if depth == 0:
            return random.choice([name, f"{name}^2", f"{random.randint(2, 9)}*{name}"])
        left, right = formula(depth - 1, place), formula(depth - 1, place + depth)
        return random.choice(
            [
                f"{random.choice(FUNCTIONS)}({left})",
                f"({left} + {right})",
                f"{left}*{right}",
                f"{left}/(1 + ({right})^2)",
            ]
        )

    return [formula(random.randint(1, 3), place) for place in range(count)]
