"""numpy and scipy, on arrays that broadcast."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from diffcli.export.target import ARRAYWISE, Runner, Target, alike
from diffcli.export.writers import PythonModule, array_rows, modules


def calls_as(numpy: str, special: str) -> Mapping[str, str]:
    """Return the calls that jax has under numpy's and scipy's names too, from these modules."""
    return {
        **alike(
            f"{numpy}.{{}}",
            "sin cos tan hypot sinh cosh tanh exp expm1 log log2 log10 log1p sqrt cbrt abs sign "
            "floor ceil round mod sum mean prod cumsum dot outer matmul kron diag trace transpose",
        ),
        **alike(f"{special}.{{}}", "erf erfc logsumexp softmax log_softmax"),
        **alike(f"{numpy}.linalg.{{}}", "norm det inv solve"),
        "asin": f"{numpy}.arcsin",
        "acos": f"{numpy}.arccos",
        "atan": f"{numpy}.arctan",
        "atan2": f"{numpy}.arctan2",
        "asinh": f"{numpy}.arcsinh",
        "acosh": f"{numpy}.arccosh",
        "atanh": f"{numpy}.arctanh",
        "min": f"{numpy}.minimum",
        "max": f"{numpy}.maximum",
        "amin": f"{numpy}.min",
        "amax": f"{numpy}.max",
        "var": f"{numpy}.var({{0}}, ddof=1{{axis}})",
        "std": f"{numpy}.std({{0}}, ddof=1{{axis}})",
        "differences": f"{numpy}.diff",
        "layernorm": f"(({{0}} - {numpy}.mean({{0}}, keepdims=True{{axis}})) / "
        f"{numpy}.sqrt({numpy}.var({{0}}, keepdims=True{{axis}}) + 1e-5))",
        "logdet": f"({numpy}.log({numpy}.linalg.slogdet({{0}})[0]) "
        f"+ {numpy}.linalg.slogdet({{0}})[1])",
        **{
            name: f"{numpy}.linalg.{name}(0.5 * (({{0}}) + {numpy}.transpose({{0}})))"
            for name in ("cholesky", "eigvalsh")
        },
        "vec": f'{numpy}.ravel({{0}}, order="F")',
        "eye": f"{numpy}.eye({{axis}})",
        "full": f"{numpy}.full(({{axis}},), float({{0}}))",
        "index": "{0}[{axis}]",
    }


def _on_arrays(function: Callable[..., Any], arrays: Sequence[Any]) -> Any:
    import numpy as np

    with np.errstate(all="ignore"):
        return function(*arrays)


TARGET = Target(
    name="numpy",
    page=PythonModule.written,
    runner=Runner(modules, array_rows(_on_arrays), _on_arrays),
    suffixes=(".py",),
    reserved=frozenset({"np", "special"}),
    calls=MappingProxyType(
        {
            **calls_as("np", "special"),
            **alike(
                "special.{}",
                "gamma digamma erfcx j0 j1 y0 y1 polygamma erfi erfinv erfcinv gammainc gammaincc "
                "beta betainc zeta i0 i1 k0 k1 ellipk ellipe ellipeinc",
            ),
            "lgamma": "special.gammaln",
            "normlogcdf": "special.log_ndtr",
            "dawson": "special.dawsn",
            "fresnels": "special.fresnel({0})[0]",
            "fresnelc": "special.fresnel({0})[1]",
            "expint": "special.expn",
            "e1": "special.exp1",
            "Ei": "special.expi",
            "Si": "special.sici({0})[0]",
            "Ci": "special.sici({0})[1]",
            "Shi": "special.shichi({0})[0]",
            "Chi": "special.shichi({0})[1]",
            "lbeta": "special.betaln",
            "binomial": "special.binom",
            "besselj": "special.jv",
            "bessely": "special.yv",
            "besseli": "special.iv",
            "besselk": "special.kv",
            "airyai": "special.airy({0})[0]",
            "airyaiprime": "special.airy({0})[1]",
            "airybi": "special.airy({0})[2]",
            "airybiprime": "special.airy({0})[3]",
            "legendre": "special.eval_legendre",
            "hermite": "special.eval_hermite",
            "chebyshevt": "special.eval_chebyt",
            "chebyshevu": "special.eval_chebyu",
            "gegenbauer": "special.eval_gegenbauer",
            "laguerre": "special.eval_genlaguerre({0}, {2}, {1})",
            "ellipf": "special.ellipkinc",
        }
    ),
    choice="np.where({condition}, {value}, {other})",
    infix=ARRAYWISE,
    nan="np.nan",
    infinity="np.inf",
    imports={"np.": "import numpy as np", "special.": "from scipy import special"},
    types=("np.ndarray", "np.ndarray"),
    broadcast=(
        "{x} = np.asarray({x}, dtype=np.float64)",
        "{x} = np.broadcast_arrays(*(np.asarray(each, dtype=np.float64) for each in ({x})))",
    ),
    stack="np.stack([{0}])",
    constant="np.full_like({x}, {0})",
    quiet='@np.errstate(all="ignore")',
    whole=frozenset({"expint"}),
)
