"""jax, in numpy's names: functions that it differentiates again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib.util import find_spec
from types import MappingProxyType
from typing import Any

from diffcli.export.target import ARRAYWISE, Runner, Target
from diffcli.export.targets.numpy import calls_as
from diffcli.export.writers import PythonModule, array_rows, modules


def _on_arrays(function: Callable[..., Any], arrays: Sequence[Any]) -> Any:
    import jax

    with jax.enable_x64(True):
        return function(*map(jax.numpy.asarray, arrays))


def _lacks() -> str | None:
    return None if find_spec("jax") else "jax isn't installed"


TARGET = Target(
    name="jax",
    page=PythonModule.written,
    runner=Runner(modules, array_rows(_on_arrays), _on_arrays, _lacks),
    suffixes=(".py",),
    reserved=frozenset({"jax", "jnp", "jsp", "lax"}),
    calls=MappingProxyType({**calls_as("jnp", "jsp"), "detach": "lax.stop_gradient"}),
    choice="jnp.where({condition}, {value}, {other})",
    infix=ARRAYWISE,
    nan="jnp.nan",
    infinity="jnp.inf",
    imports={
        "jax.": "import jax",
        "jnp.": "import jax.numpy as jnp",
        "lax.": "from jax import lax",
        "jsp.": "from jax.scipy import special as jsp",
    },
    types=("jax.Array", "jax.Array"),
    broadcast=(
        "{x} = 1.0 * jnp.asarray({x})",
        "{x} = jnp.broadcast_arrays(*(1.0 * jnp.asarray(each) for each in ({x})))",
    ),
    stack="jnp.stack([{0}])",
    constant="jnp.full_like({x}, {0})",
    derivatives={
        kind: f"jax.{kind}({{f}}, argnums=({{places}},))({{x}})"
        for kind in ("grad", "jacobian", "hessian")
    },
    guard="jnp.where({condition}, {value}, lax.stop_gradient({value}))",
)
