"""A language of export: how it writes operations and files, and how its code is run here."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from diffcli.errors import UsageError
from diffcli.export.routines import DENSE, Kind, Routine
from diffcli.language.function import Function


class LackError(UsageError):
    """A language can't write the formula; another may."""


CHOICE, OR, AND, NOT, COMPARISON, SUM, PRODUCT, PREFIX, POWER, ATOM = range(10)
"""How tightly an expression holds together, in every language alike."""

Infix = Mapping[str, tuple[str, int]]
"""The sign between operands, and how tightly it holds, by row."""

_COMPARISONS = {"lt": "<", "le": "<=", "gt": ">", "ge": ">=", "eq": "==", "ne": "!="}
ARITHMETIC: Infix = {
    "add": (" + ", SUM),
    "mul": (" * ", PRODUCT),
    "div": (" / ", PRODUCT),
    **{row: (f" {sign} ", COMPARISON) for row, sign in _COMPARISONS.items()},
}
ARRAYWISE: Infix = {
    **ARITHMETIC,
    "and": (" & ", PRODUCT),
    "or": (" | ", SUM),
    "not": ("~", PREFIX),
}
"""Signs that bind tighter in Python than comparisons, which therefore take brackets."""

Vector = tuple[float, ...]
Run = Callable[[Sequence[Vector]], list[list[float]]]
"""Takes points, and returns the entries of a function at each of them."""


@dataclass(frozen=True)
class Contents:
    """The contents of a file of code: a Function's routines.

    ``name`` is the Function's own, ``names`` are those of the variables in the code; ``notes`` say
    where the code isn't right.
    """

    function: Function
    routines: Sequence[Routine]
    name: str
    names: Mapping[str, str]
    notes: Sequence[str] = ()


@dataclass(frozen=True)
class Source:
    """A file of code to be run: its text, the name of its value, its functions, their variables."""

    text: str
    name: str
    routines: Sequence[Routine]
    variables: Sequence[str]


@dataclass(frozen=True)
class Runner:
    """Runs code of a language on this machine. Only text that this package wrote is ever run.

    ``load`` takes files and returns the functions in each by name; ``rows`` calls one of them at
    points of numbers, and returns a row of its routine's entries for each point. ``on_arrays``
    calls one of them on arrays of numpy, where the language has tensors; ``lacks`` returns what is
    missing on this machine, as a sentence.
    """

    load: Callable[[Sequence[Source]], Sequence[Mapping[str, Any]]]
    rows: Callable[[Callable[..., Any], Routine, Sequence[Vector]], list[list[float]]]
    on_arrays: Callable[[Callable[..., Any], Sequence[Any]], Any] | None = None
    lacks: Callable[[], str | None] = lambda: None


@dataclass(frozen=True)
class Target:
    """How a language writes operations and files; one without ``calls`` only shows formulas.

    ``page`` returns the file without a newline at its end, ``suffixes`` are its names' endings,
    ``lexer`` is what colours it; ``reserved`` are words that no variable or function may be called
    in any language, ``local`` those that its own files use.

    ``calls`` are names of functions, or templates with ``{0}``; ``infix`` the signs; ``choice``
    is the template of a conditional, whose condition and first value stand in it without brackets
    unless they are choices themselves; ``powers`` those of a power with a whole exponent (as
    ``{whole}``: up to ``MAX_MULTIPLIED``) and with another. ``number`` is the template of a number,
    ``prefix`` how tightly its sign holds. ``imports`` are the lines that a word in the code asks
    for. With ``lazy`` a branch that isn't taken is not computed; ``guard`` is the template of an
    argument that a branch reads, where the language differentiates the code again. ``types`` are
    those of a number and of several; ``broadcast`` the lines that make one variable, or several,
    arrays of one shape; ``stack`` the template of several results; with ``multiplies`` a square is
    written as a product, which overflows to infinity where a power would raise an error; with
    ``has_floats_only`` whole numbers take a decimal point too; with ``ignores_case`` ``X`` is
    ``x``; ``whole`` are the rows whose first argument is cut to a whole number; ``constant`` is the
    template of a result without variables, and with ``of_tensors`` of a function's argument;
    ``quiet`` a decorator for functions that compute what they discard; ``derivatives`` are how the
    language differentiates a function of tensors; ``kinds`` are the functions it can be asked for.
    """

    name: str
    page: Callable[[Target, Contents], str]
    runner: Runner | None = None
    suffixes: tuple[str, ...] = ()
    lexer: str = "python"
    reserved: frozenset[str] = frozenset()
    local: frozenset[str] = frozenset()
    calls: Mapping[str, str] = field(default_factory=dict)
    choice: str = ""
    powers: tuple[str, str] = ("{base}**{exponent}", "{base}**{exponent}")
    number: str = "{0}"
    prefix: int = PREFIX
    infix: Infix = field(default_factory=dict)
    nan: str = ""
    infinity: str = ""
    imports: Mapping[str, str] = field(default_factory=dict)
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
    has_floats_only: bool = False
    ignores_case: bool = False
    whole: frozenset[str] = frozenset()
    axis: str = "axis"
    kinds: tuple[Kind, ...] = DENSE

    @property
    def is_code(self) -> bool:
        """Whether its files compute numbers."""
        return bool(self.calls)

    @property
    def has_tensors(self) -> bool:
        """Whether it has tensor operations."""
        return "sum" in self.calls


def alike(template: str, names: str) -> dict[str, str]:
    """Return the calls of functions that are named as their rows are, as ``math.{}``."""
    return {name: template.format(name) for name in names.split()}
