"""torch: functions that autograd differentiates again, with untaken branches cut off."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import MappingProxyType
from typing import Any

from diffcli.export.target import ARRAYWISE, Runner, Target, alike
from diffcli.export.writers import PythonModule, array_rows, modules


def _on_arrays(function: Callable[..., Any], arrays: Sequence[Any]) -> Any:
    import torch

    return _detached(function(*map(torch.tensor, arrays)))


def _detached(given: Any) -> Any:
    import torch

    if isinstance(given, tuple):
        return tuple(map(_detached, given))
    return torch.as_tensor(given).detach().numpy()


_JACOBIAN = "torch.autograd.functional.jacobian({f}, ({x},), create_graph=True)"

TARGET = Target(
    name="torch",
    page=PythonModule.written,
    runner=Runner(modules, array_rows(_on_arrays), _on_arrays),
    suffixes=(".py",),
    reserved=frozenset({"torch", "floating"}),
    calls=MappingProxyType(
        {
            **alike(
                "torch.{}",
                "sin cos tan asin acos atan atan2 hypot sinh cosh tanh asinh acosh atanh exp expm1 "
                "log log2 log10 log1p sqrt abs sign floor ceil round lgamma digamma erf erfc "
                "sum mean prod var std norm amax amin logsumexp cumsum softmax log_softmax "
                "dot outer matmul kron diag trace logdet",
            ),
            **alike("torch.linalg.{}", "det inv solve"),
            "mod": "torch.remainder",
            "min": "torch.minimum",
            "max": "torch.maximum",
            "detach": "{0}.detach()",
            "erfcx": "torch.special.erfcx",
            "normlogcdf": "torch.special.log_ndtr",
            "logsumexp of all": "torch.logsumexp({0}.flatten(), 0)",
            "differences": "torch.diff",
            "transpose": "torch.t",
            "layernorm": "(({0} - torch.mean({0}, keepdim=True{axis})) / "
            "torch.sqrt(torch.var({0}, correction=0, keepdim=True{axis}) + 1e-5))",
            **{
                name: f"torch.linalg.{name}(0.5 * (({{0}}) + torch.t({{0}})))"
                for name in ("cholesky", "eigvalsh")
            },
            "vec": "torch.t({0}).flatten()",
            "eye": "torch.eye({axis}, dtype=torch.float64)",
            "full": "torch.full(({axis},), float({0}), dtype=torch.float64)",
            "index": "{0}[{axis}]",
        }
    ),
    choice="torch.where({condition}, {value}, {other})",
    infix=ARRAYWISE,
    nan="torch.nan",
    infinity="torch.inf",
    imports={
        "torch.": "import torch",
        "floating(": "def floating(x: torch.Tensor) -> torch.Tensor:\n"
        '    """Return a tensor of floats: a whole number has no derivative."""\n'
        "    x = torch.as_tensor(x, dtype=None if torch.is_tensor(x) else torch.float64)\n"
        "    return x if x.is_floating_point() else x.double()",
    },
    types=("torch.Tensor", "torch.Tensor"),
    broadcast=(
        "{x} = floating({x})",
        "{x} = torch.broadcast_tensors(*(floating(each) for each in ({x})))",
    ),
    stack="torch.stack([{0}])",
    constant="torch.full_like({x}, {0})",
    of_tensors=True,
    derivatives={
        "grad": _JACOBIAN,
        "jacobian": _JACOBIAN,
        "hessian": _JACOBIAN.replace("jacobian", "hessian"),
    },
    guard="torch.where({condition}, {value}, {value}.detach())",
    axis="dim",
)
