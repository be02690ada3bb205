"""Python, by its own ``math``: functions of numbers, which compute only the branches taken."""

from __future__ import annotations

import builtins
import keyword
from collections.abc import Callable, Sequence
from math import nan
from types import MappingProxyType
from typing import Any

from diffcli.export.routines import Routine
from diffcli.export.target import AND, ARITHMETIC, NOT, OR, PRODUCT, Runner, Target, Vector, alike
from diffcli.export.writers import PythonModule, modules


def _one_by_one(
    function: Callable[..., Any], routine: Routine, points: Sequence[Vector]
) -> list[list[float]]:
    rows = []
    for point in points:
        try:
            rows.append(_flat(function(*point)))
        except (ArithmeticError, ValueError):  # how math reports what has no value
            rows.append([nan] * len(routine.indices))
    return rows


def _flat(value: Any) -> list[float]:
    if isinstance(value, tuple):
        return [number for part in value for number in _flat(part)]
    return [float(value)]


TARGET = Target(
    name="python",
    page=PythonModule.written,
    runner=Runner(modules, _one_by_one),
    suffixes=(".py",),
    reserved=frozenset({*keyword.kwlist, *keyword.softkwlist, *dir(builtins), "math", "undefined"}),
    calls=MappingProxyType(
        {
            **alike(
                "math.{}",
                "sin cos tan asin acos atan atan2 hypot sinh cosh tanh asinh acosh atanh exp expm1 "
                "log log2 log10 log1p sqrt cbrt gamma lgamma erf erfc",
            ),
            **alike("{}", "abs min max"),
            "floor": "float(math.floor({0}))",
            "ceil": "float(math.ceil({0}))",
            "round": "float(round({0}))",
        }
    ),
    choice="{value} if {condition} else {other}",
    powers=("{base}**{exponent}", "math.pow({base}, {exponent})"),
    infix={
        **ARITHMETIC,
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
