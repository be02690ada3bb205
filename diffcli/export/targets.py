"""The languages that a formula is exported to: how each writes an operation.

A row a function, a column a language; an empty cell says that the language has none that keeps
its digits. Such a function is written by a definition of
:mod:`diffcli.export.lowering`, or refused by name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from diffcli.errors import UsageError

# Tables are read by their columns.
# fmt: off
_ELEMENTARY = (  # row, python, numpy, torch, jax, C
    ("sin", "math.sin", "np.sin", "torch.sin", "jnp.sin", "sin"),
    ("cos", "math.cos", "np.cos", "torch.cos", "jnp.cos", "cos"),
    ("tan", "math.tan", "np.tan", "torch.tan", "jnp.tan", "tan"),
    ("asin", "math.asin", "np.arcsin", "torch.asin", "jnp.arcsin", "asin"),
    ("acos", "math.acos", "np.arccos", "torch.acos", "jnp.arccos", "acos"),
    ("atan", "math.atan", "np.arctan", "torch.atan", "jnp.arctan", "atan"),
    ("atan2", "math.atan2", "np.arctan2", "torch.atan2", "jnp.arctan2", "atan2"),
    ("hypot", "math.hypot", "np.hypot", "torch.hypot", "jnp.hypot", "hypot"),
    ("sinh", "math.sinh", "np.sinh", "torch.sinh", "jnp.sinh", "sinh"),
    ("cosh", "math.cosh", "np.cosh", "torch.cosh", "jnp.cosh", "cosh"),
    ("tanh", "math.tanh", "np.tanh", "torch.tanh", "jnp.tanh", "tanh"),
    ("asinh", "math.asinh", "np.arcsinh", "torch.asinh", "jnp.arcsinh", "asinh"),
    ("acosh", "math.acosh", "np.arccosh", "torch.acosh", "jnp.arccosh", "acosh"),
    ("atanh", "math.atanh", "np.arctanh", "torch.atanh", "jnp.arctanh", "atanh"),
    ("exp", "math.exp", "np.exp", "torch.exp", "jnp.exp", "exp"),
    ("expm1", "math.expm1", "np.expm1", "torch.expm1", "jnp.expm1", "expm1"),
    ("log", "math.log", "np.log", "torch.log", "jnp.log", "log"),
    ("log2", "math.log2", "np.log2", "torch.log2", "jnp.log2", "log2"),
    ("log10", "math.log10", "np.log10", "torch.log10", "jnp.log10", "log10"),
    ("log1p", "math.log1p", "np.log1p", "torch.log1p", "jnp.log1p", "log1p"),
    ("sqrt", "math.sqrt", "np.sqrt", "torch.sqrt", "jnp.sqrt", "sqrt"),
    ("cbrt", "math.cbrt", "np.cbrt", "", "jnp.cbrt", "cbrt"),
    ("abs", "abs", "np.abs", "torch.abs", "jnp.abs", "fabs"),
    ("sign", "", "np.sign", "torch.sign", "jnp.sign", ""),
    ("floor", "float(math.floor({0}))", "np.floor", "torch.floor", "jnp.floor", "floor"),
    ("ceil", "float(math.ceil({0}))", "np.ceil", "torch.ceil", "jnp.ceil", "ceil"),
    ("round", "float(round({0}))", "np.round", "torch.round", "jnp.round", "rint"),
    ("mod", "", "np.mod", "torch.remainder", "jnp.mod", "modulo"),
    ("min", "min", "np.minimum", "torch.minimum", "jnp.minimum", "least"),
    ("max", "max", "np.maximum", "torch.maximum", "jnp.maximum", "greatest"),
    ("detach", "", "", "{0}.detach()", "lax.stop_gradient", ""),
    ("gamma", "math.gamma", "special.gamma", "", "", "tgamma"),
    ("lgamma", "math.lgamma", "special.gammaln", "torch.lgamma", "", "lgamma"),
    ("digamma", "", "special.digamma", "torch.digamma", "", ""),
    ("erf", "math.erf", "special.erf", "torch.erf", "jsp.erf", "erf"),
    ("erfc", "math.erfc", "special.erfc", "torch.erfc", "jsp.erfc", "erfc"),
    ("erfcx", "", "special.erfcx", "torch.special.erfcx", "", ""),
    ("j0", "", "special.j0", "", "", "j0"),
    ("j1", "", "special.j1", "", "", "j1"),
    ("y0", "", "special.y0", "", "", "y0"),
    ("y1", "", "special.y1", "", "", "y1"),
    ("normlogcdf", "", "special.log_ndtr", "torch.special.log_ndtr", "", ""),
)
_SPECIAL = (  # row, numpy with scipy
    ("polygamma", "special.polygamma"),
    ("erfi", "special.erfi"),
    ("erfinv", "special.erfinv"),
    ("erfcinv", "special.erfcinv"),
    ("dawson", "special.dawsn"),
    ("fresnels", "special.fresnel({0})[0]"),
    ("fresnelc", "special.fresnel({0})[1]"),
    ("expint", "special.expn"),
    ("e1", "special.exp1"),
    ("Ei", "special.expi"),
    ("Si", "special.sici({0})[0]"),
    ("Ci", "special.sici({0})[1]"),
    ("Shi", "special.shichi({0})[0]"),
    ("Chi", "special.shichi({0})[1]"),
    ("gammainc", "special.gammainc"),
    ("gammaincc", "special.gammaincc"),
    ("beta", "special.beta"),
    ("lbeta", "special.betaln"),
    ("betainc", "special.betainc"),
    ("binomial", "special.binom"),
    ("zeta", "special.zeta"),
    ("besselj", "special.jv"),
    ("bessely", "special.yv"),
    ("besseli", "special.iv"),
    ("besselk", "special.kv"),
    ("i0", "special.i0"),
    ("i1", "special.i1"),
    ("k0", "special.k0"),
    ("k1", "special.k1"),
    ("airyai", "special.airy({0})[0]"),
    ("airyaiprime", "special.airy({0})[1]"),
    ("airybi", "special.airy({0})[2]"),
    ("airybiprime", "special.airy({0})[3]"),
    ("legendre", "special.eval_legendre"),
    ("hermite", "special.eval_hermite"),
    ("chebyshevt", "special.eval_chebyt"),
    ("chebyshevu", "special.eval_chebyu"),
    ("gegenbauer", "special.eval_gegenbauer"),
    ("laguerre", "special.eval_genlaguerre({0}, {2}, {1})"),
    ("ellipk", "special.ellipk"),
    ("ellipe", "special.ellipe"),
    ("ellipf", "special.ellipkinc"),
    ("ellipeinc", "special.ellipeinc"),
)
_TENSORS = (  # row, numpy, torch, jax: an axis follows the operands, or stands in {axis}
    ("sum", "np.sum", "torch.sum", "jnp.sum"),
    ("mean", "np.mean", "torch.mean", "jnp.mean"),
    ("prod", "np.prod", "torch.prod", "jnp.prod"),
    ("var", "np.var({0}, ddof=1{axis})", "torch.var", "jnp.var({0}, ddof=1{axis})"),
    ("std", "np.std({0}, ddof=1{axis})", "torch.std", "jnp.std({0}, ddof=1{axis})"),
    ("norm", "np.linalg.norm", "torch.norm", "jnp.linalg.norm"),
    ("amax", "np.max", "torch.amax", "jnp.max"),
    ("amin", "np.min", "torch.amin", "jnp.min"),
    ("logsumexp", "special.logsumexp", "torch.logsumexp", "jsp.logsumexp"),
    ("logsumexp of all", "", "torch.logsumexp({0}.flatten(), 0)", ""),
    ("cumsum", "np.cumsum", "torch.cumsum", "jnp.cumsum"),
    ("differences", "np.diff", "torch.diff", "jnp.diff"),
    ("softmax", "special.softmax", "torch.softmax", "jsp.softmax"),
    ("log_softmax", "special.log_softmax", "torch.log_softmax", "jsp.log_softmax"),
    ("dot", "np.dot", "torch.dot", "jnp.dot"),
    ("outer", "np.outer", "torch.outer", "jnp.outer"),
    ("matmul", "np.matmul", "torch.matmul", "jnp.matmul"),
    ("trace", "np.trace", "torch.trace", "jnp.trace"),
    ("det", "np.linalg.det", "torch.linalg.det", "jnp.linalg.det"),
    ("inv", "np.linalg.inv", "torch.linalg.inv", "jnp.linalg.inv"),
    ("solve", "np.linalg.solve", "torch.linalg.solve", "jnp.linalg.solve"),
    ("transpose", "np.transpose", "torch.t", "jnp.transpose"),
    ("index", "{0}[{axis}]", "{0}[{axis}]", "{0}[{axis}]"),
)
# fmt: on


class LackError(UsageError):
    """A language can't write the formula; another may."""


CHOICE, OR, AND, NOT, COMPARISON, SUM, PRODUCT, PREFIX, POWER, ATOM = range(10)
"""How tightly an expression holds together, in every language alike."""

Infix = Mapping[str, tuple[str, int]]
"""The sign between operands, and how tightly it holds, by row."""

_ARITHMETIC: Infix = {
    "add": (" + ", SUM),
    "mul": (" * ", PRODUCT),
    "div": (" / ", PRODUCT),
    "lt": (" < ", COMPARISON),
    "le": (" <= ", COMPARISON),
    "gt": (" > ", COMPARISON),
    "ge": (" >= ", COMPARISON),
    "eq": (" == ", COMPARISON),
    "ne": (" != ", COMPARISON),
}


@dataclass(frozen=True)
class Target:
    """How a language writes operations.

    ``calls`` are names of functions, or templates with ``{0}``; ``infix`` the signs; ``choice``
    is the template of a conditional, ``powers`` those of a power with a whole exponent and with
    another. ``imports`` are the lines that a word in the code asks for. With ``lazy`` a branch that
    isn't taken is not computed; ``guard`` is the template of an argument that a branch reads,
    where the language differentiates the code again. ``types`` are those of a number and of
    several; ``broadcast`` the lines that make one variable, or several, arrays of one shape;
    ``stack`` the template of several results; with ``multiplies`` a square is written as a product,
    which overflows to infinity where a power would raise an error; ``whole`` are the rows whose
    first argument is cut to a whole number; ``constant`` that of a result without variables,
    and with ``of_tensors`` of a function's argument;
    ``quiet`` a decorator for functions that compute what they discard; ``derivatives`` how the
    language differentiates a function of tensors.
    """

    name: str
    calls: Mapping[str, str]
    choice: str
    powers: tuple[str, str]
    infix: Infix
    nan: str
    infinity: str
    imports: Mapping[str, str]
    types: tuple[str, str] = ("", "")
    broadcast: tuple[str, str] = ("", "")
    stack: str = ""
    constant: str = "{0}"
    of_tensors: bool = False
    quiet: str = ""
    derivatives: Mapping[str, str] = field(default_factory=dict)
    lazy: bool = False
    guard: str = ""
    multiplies: bool = False
    whole: frozenset[str] = frozenset()
    axis: str = "axis"

    @property
    def has_tensors(self) -> bool:
        """Whether it has tensor operations."""
        return "sum" in self.calls


_ARRAYWISE: Infix = {
    **_ARITHMETIC,
    "and": (" & ", PRODUCT),
    "or": (" | ", SUM),
    "not": ("~", PREFIX),
}
"""In Python these signs hold tighter than comparisons, which take brackets."""


def _calls(language: str) -> Mapping[str, str]:
    """Return a language's column of the tables."""
    found = {row[0]: row[1 + _LANGUAGES.index(language)] for row in _ELEMENTARY}
    if language == "numpy":
        found |= dict(_SPECIAL)
    if language in _ARRAYS:
        found |= {row[0]: row[1 + _ARRAYS.index(language)] for row in _TENSORS}
    return MappingProxyType({row: call for row, call in found.items() if call})


_LANGUAGES = ("python", "numpy", "torch", "jax", "c")
_ARRAYS = ("numpy", "torch", "jax")

_PYTHON = Target(
    name="python",
    calls=_calls("python"),
    choice="{value} if {held} else {other}",
    powers=("{base}**{exponent}", "math.pow({base}, {exponent})"),
    infix={
        **_ARITHMETIC,
        "mod": (" % ", PRODUCT),
        "and": (" and ", AND),
        "or": (" or ", OR),
        "not": ("not ", NOT),
    },
    nan="undefined()",
    infinity="math.inf",
    imports={
        "math.": "import math",
        "undefined()": "def undefined() -> float:\n"
        '    """Raise ValueError: no condition of a choice holds."""\n'
        '    raise ValueError("no condition holds here")',
    },
    types=("float", "tuple[{0}, ...]"),
    lazy=True,
    multiplies=True,
)
_NUMPY = Target(
    name="numpy",
    calls=_calls("numpy"),
    choice="np.where({held}, {value}, {other})",
    powers=("{base}**{exponent}", "{base}**{exponent}"),
    infix=_ARRAYWISE,
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
_TORCH = Target(
    name="torch",
    calls=_calls("torch"),
    choice="torch.where({held}, {value}, {other})",
    powers=("{base}**{exponent}", "{base}**{exponent}"),
    infix=_ARRAYWISE,
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
        **dict.fromkeys(
            ["grad", "jacobian"],
            "torch.autograd.functional.jacobian({f}, ({x},), create_graph=True)",
        ),
        "hessian": "torch.autograd.functional.hessian({f}, ({x},), create_graph=True)",
    },
    guard="torch.where({held}, {value}, {value}.detach())",
    axis="dim",
)
_JAX = Target(
    name="jax",
    calls=_calls("jax"),
    choice="jnp.where({held}, {value}, {other})",
    powers=("{base}**{exponent}", "{base}**{exponent}"),
    infix=_ARRAYWISE,
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
        "grad": "jax.grad({f}, argnums=({places},))({x})",
        "jacobian": "jax.jacobian({f}, argnums=({places},))({x})",
        "hessian": "jax.hessian({f}, argnums=({places},))({x})",
    },
    guard="jnp.where({held}, {value}, lax.stop_gradient({value}))",
)
_C = Target(
    name="c",
    calls=_calls("c"),
    choice="{held} ? {value} : {other}",
    powers=("pow({base}, {exponent})", "pow({base}, {exponent})"),
    infix={**_ARITHMETIC, "and": (" && ", AND), "or": (" || ", OR), "not": ("!", POWER)},
    multiplies=True,
    nan="NAN",
    infinity="INFINITY",
    imports={
        "least(": "static double least(double a, double b)\n"
        "{\n    return a < b || isnan(a) ? a : b;\n}",
        "greatest(": "static double greatest(double a, double b)\n"
        "{\n    return a > b || isnan(a) ? a : b;\n}",
        "modulo(": "static double modulo(double a, double b)\n"
        "{\n    const double r = fmod(a, b);\n"
        "    return r != 0 && (r < 0) != (b < 0) ? r + b : r;\n}",
    },
)

TARGETS: Mapping[str, Target] = MappingProxyType(
    {target.name: target for target in (_PYTHON, _NUMPY, _TORCH, _JAX, _C)}
)
"""Every language that runs, by its name; ``latex`` is written apart."""
