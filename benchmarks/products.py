"""Products at a million variables: of the chained Rosenbrock function, against jax.

jax is jitted and warm; ours is emitted code in chunks, and the same compiled, both into memory that
is used again. Milliseconds, the least of some rounds that take turns.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import torch

from benchmarks.record import Goal, Row
from benchmarks.timing import interleaved
from diffcli.engines.throughput.compiled import CompilerError
from diffcli.engines.throughput.products import Products
from diffcli.engines.throughput.slices import sliced
from diffcli.language.parser import parse

TEXT = "sum(100*(x[1:]-x[:-1]^2)^2+(1-x[:-1])^2)"
VARIABLES = 1_000_000
KINDS = ("hvp", "jvp", "vjp")


def rows(quick: bool) -> Iterator[Row]:
    """Yield a row a product and way."""
    x, v = torch.rand(2, VARIABLES, dtype=torch.float64).unbind()
    formula = sliced(parse(TEXT), {"x": (VARIABLES,)})
    if formula is None:
        raise RuntimeError(TEXT)
    runs: dict[str, Callable[[], Any]] = {}
    for way in ("emitted", "compiled"):
        try:
            ours = _ours(Products(formula, compiling=way == "compiled"), x, v)
            ours["hvp"]()
        except CompilerError:
            continue
        runs |= {f"{kind}, {way}": run for kind, run in ours.items()}
    runs |= {f"{kind}, torch eager": run for kind, run in _eager(x, v).items()}
    with suppress(ImportError):
        runs |= {f"{kind}, jax": run for kind, run in _jax(x, v).items()}
    times = {
        name: 1000 * each.least for name, each in interleaved(runs, 10 if quick else 60).items()
    }
    for kind in KINDS:
        found = {name.partition(", ")[2]: each for name, each in times.items() if name[:3] == kind}
        peers = {name: each for name, each in found.items() if name in ("jax", "torch eager")}
        for way in ("emitted", "compiled"):
            if way in found:
                yield Row(f"{kind}, {way}", found[way], peers=peers, goal=Goal(2.5, "jax"))


def _ours(of: Products, x: torch.Tensor, v: torch.Tensor) -> dict[str, Callable[[], Any]]:
    at, along, memory = {"x": x}, {"x": v}, {"x": torch.zeros_like(x)}
    two = torch.tensor(2.0, dtype=x.dtype)
    return {
        "hvp": lambda: of.hvp(at, along, memory),
        "jvp": lambda: of.jvp(at, along),
        "vjp": lambda: of.vjp(at, two, memory),
    }


def _value(x: Any) -> Any:
    return (100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2).sum()


def _eager(x: torch.Tensor, v: torch.Tensor) -> dict[str, Callable[[], Any]]:
    x = x.clone().requires_grad_()

    def slope(*, higher: bool = False) -> torch.Tensor:
        return torch.autograd.grad(_value(x), x, create_graph=higher)[0]

    return {
        "hvp": lambda: torch.autograd.grad((slope(higher=True) * v).sum(), x),
        "jvp": lambda: torch.dot(slope(), v),
        "vjp": lambda: 2 * slope(),
    }


def _jax(x: torch.Tensor, v: torch.Tensor) -> dict[str, Callable[[], Any]]:
    import jax

    jax.config.update("jax_enable_x64", True)
    at, along = (jax.numpy.asarray(each.numpy()) for each in (x, v))
    hvp = jax.jit(lambda x, v: jax.jvp(jax.grad(_value), (x,), (v,))[1])
    jvp = jax.jit(lambda x, v: jax.jvp(_value, (x,), (v,))[1])
    vjp = jax.jit(lambda x, u: jax.vjp(_value, x)[1](u)[0])
    return {
        "hvp": lambda: hvp(at, along).block_until_ready(),
        "jvp": lambda: jvp(at, along).block_until_ready(),
        "vjp": lambda: vjp(at, 2.0).block_until_ready(),
    }
