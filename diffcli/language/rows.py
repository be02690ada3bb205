"""A row of the table of functions, and how one is written."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

ANY = 1_000_000
"""The upper arity of an operation that takes as many arguments as are given."""
MAX_INTEGRALS = 1024
"""Rows of integrals that are kept; their names are typed."""
_CASES = re.compile(r"\b(abs|ceil|floor|max|min|piecewise|sign)\b")
"""The operations that choose, and so depend on the sign of a real number."""


@dataclass(frozen=True, slots=True)
class Row:
    """One operation: how it is written, what it means, and who implements it in each engine.

    ``defaults`` are the values (as text) of trailing arguments left out. ``domain`` is where it
    is real, ``kinks`` where it isn't differentiable (``jumps`` where it isn't even continuous),
    in words for a person; the enclosure decides both for a given point. ``range`` is an interval
    that holds all values, such as ``(-1, 1)``: an end in parentheses is never attained, by which
    a sign is proved that rounding hides. ``latex`` is a template in which ``{0}`` stands for the
    first argument's LaTeX and ``{all}`` for all of them. ``partials``
    are the derivatives in each argument, as formulas of the language in ``x y z``, the arguments;
    an empty text, or none, where there is no closed one. A derivative inside a formula is resolved
    by them; torch and sympy have rules of their own, but for special functions. ``between`` are
    partials that hold between the kinks and jumps; ``subgradient`` has a value at a kink too, by
    convention. ``kinks_at`` are terms of the arguments that are 0 at a kink or a jump, ``edges_at``
    those that are 0 where it isn't smooth otherwise, ``jumps_at`` a term that is a whole number at
    each jump; ``is_smooth`` says that there are all derivatives wherever there is a value.
    ``definition`` is the function by simpler ones, exact on its whole real domain; ``stable`` is
    such a formula that keeps its digits in floating point. ``ulps`` bounds the error of torch's
    value and derivatives, in units in the last place. ``accuracy`` is measured:
    the greatest error of torch's value and first three derivatives over the size of their largest
    term; None where it isn't. ``is_shared`` tells that torch and sympy both may take the derivative
    from ``partials``.
    """

    name: str
    group: str
    arity: tuple[int, int]
    meaning: str
    torch: str
    sympy: str
    enclosure: str
    latex: str
    aliases: tuple[str, ...] = ()
    defaults: tuple[str, ...] = ()
    domain: str = "all x"
    kinks: str = ""
    jumps: str = ""
    boolean: bool = False
    range: str = ""
    partials: tuple[str, ...] = ()
    between: tuple[str, ...] = ()
    subgradient: tuple[str, ...] = ()
    kinks_at: tuple[str, ...] = ()
    edges_at: tuple[str, ...] = ()
    jumps_at: str = ""
    is_smooth: bool = False
    definition: str = ""
    stable: str = ""
    ulps: int = 4
    accuracy: float | None = None
    is_shared: bool = False

    @property
    def is_defined_by_cases(self) -> bool:
        """Whether the definition chooses, as max(x, 0) does: it is one of real numbers alone."""
        return bool(_CASES.search(self.definition))


def row(
    name: str,
    group: str,
    meaning: str,
    torch: str,
    sympy: str,
    *,
    arity: int | tuple[int, int] = 1,
    latex: str = "",
    aliases: str = "",
    defaults: str = "",
    domain: str = "all x",
    kinks: str = "",
    jumps: str = "",
    boolean: bool = False,
    range: str = "",  # noqa: A002  (the column's name)
    partials: str = "",
    between: str = "",
    subgradient: str = "",
    kinks_at: str = "",
    edges_at: str = "",
    jumps_at: str = "",
    is_smooth: bool = False,
    definition: str = "",
    stable: str = "",
    is_stable: bool = False,
    ulps: int = 4,
    accuracy: float | None = None,
    is_shared: bool = False,
) -> Row:
    """Return a row whose enclosure is the rule of its name, and whose lists are written as texts.

    ``aliases`` and ``defaults`` are divided by spaces, lists of formulas by semicolons.
    ``is_stable`` says that the definition keeps its digits.
    """
    return Row(
        name=name,
        group=group,
        arity=(arity, arity) if isinstance(arity, int) else arity,
        meaning=meaning,
        torch=torch,
        sympy=sympy,
        enclosure=f"balls:{name}",
        latex=latex or call(rf"operatorname{{{name}}}").replace("_", r"\_"),
        aliases=tuple(aliases.split()),
        defaults=tuple(defaults.split()),
        domain=domain,
        kinks=kinks,
        jumps=jumps,
        boolean=boolean,
        range=range,
        partials=_formulas(partials),
        between=_formulas(between),
        subgradient=_formulas(subgradient),
        kinks_at=_formulas(kinks_at),
        edges_at=_formulas(edges_at),
        jumps_at=jumps_at,
        is_smooth=is_smooth,
        definition=definition,
        stable=definition if is_stable else stable,
        ulps=ulps,
        accuracy=accuracy,
        is_shared=is_shared and bool(partials),
    )


def _formulas(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(";")) if text else ()


def special(name: str, group: str, meaning: str, **facts: Any) -> Row:
    """Return the row of a function that the project implements in each engine, by its name."""
    return row(name, group, meaning, f"kernels:{name}", f"symbols:{name}", is_shared=True, **facts)


def call(command: str) -> str:
    """Return the LaTeX template of a function that is written before its arguments."""
    return rf"\{command}\left({{all}}\right)"


@lru_cache(MAX_INTEGRALS)
def integral_row(op: str) -> Row:
    """Return the row of an integral, ``∫ t,s: exp(-s*t**2)``, whose arguments are 0, x and s.

    Raises KeyError for another operation.
    """
    names, colon, _ = op.partition(": ")
    if not op.startswith("∫") or not colon:
        raise KeyError(op)
    arity = names.count(",") + 2
    return Row(
        name=op,
        group="calculus",
        arity=(arity, arity),
        meaning="definite integral",
        torch=f"kernels.quadrature:{op}",
        sympy=f"terms.integrals:{op}",
        enclosure=f"balls.quadrature:{op}",
        latex="",
        domain="where the integrand is finite between the bounds",
        ulps=64,
    )
