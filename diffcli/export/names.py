"""Names of a formula's variables → names that a language takes."""

from __future__ import annotations

import builtins
import keyword
from collections.abc import Collection, Iterator
from itertools import count

from diffcli.errors import UsageError

_C = """
asm auto bool break case char const continue default do double else enum extern float for goto if
inline int long register restrict return short signed sizeof static struct switch typedef typeof
union unsigned void volatile while acos acosh asin asinh atan atan2 atanh cbrt ceil cos cosh erf
erfc exp exp2 expm1 fabs fdim floor fma fmax fmin fmod frexp gamma greatest hypot isnan j0 j1 jn
ldexp least lgamma log log10 log1p log2 logb main modf modulo nan out pow remainder rint round
signgam sin sinh sqrt tan tanh tgamma trunc y0 y1 yn
""".split()
_MODULES = "floating jax jnp jsp lax math np special torch undefined".split()
RESERVED = frozenset({*keyword.kwlist, *keyword.softkwlist, *dir(builtins), *_C, *_MODULES})
"""What means something in some language, or stands for a module there."""


def named(variables: Collection[str], taken: Collection[str]) -> dict[str, str]:
    """Return each variable's name in code: its own, with ``_`` after it where that is taken."""
    names: dict[str, str] = {}
    for variable in variables:
        name = variable
        while name in RESERVED or name in taken or name in names.values():
            name += "_"
        names[variable] = name
    return names


def checked(name: str) -> str:
    """Return a function's name as typed. Raises UsageError unless every language takes it."""
    if not (name.isascii() and name.isidentifier()) or name in RESERVED:
        raise UsageError(f"{name!r} can't name a function", hint="letters and digits, as f")
    return name


def fresh(taken: Collection[str]) -> Iterator[str]:
    """Yield names for what is computed on the way: ``t1``, ``t2``."""
    return (name for n in count(1) if (name := f"t{n}") not in taken)
