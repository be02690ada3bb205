"""C99: functions of doubles, compiled into a library to be run."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from math import prod
from textwrap import fill, indent
from types import MappingProxyType

from diffcli.export.compilers import Compiler, entry_name
from diffcli.export.emitter import Body
from diffcli.export.lowering import Lowering
from diffcli.export.routines import KINDS, Routine, along
from diffcli.export.target import AND, ARITHMETIC, OR, POWER, Source, Target, alike
from diffcli.export.writers import Writer
from diffcli.language.expression import Node

DIRECTION = "direction"
"""The parameter of a product with the Hessian."""
_MATHEMATICS = re.compile(r"\b(?:NAN|INFINITY|\w+(?=\())")
"""The names that C's header of mathematics defines: two constants, and functions."""


class CProgram(Writer):
    """A file of C99."""

    def page(self, heading: Iterable[str], needed: Sequence[str], body: str) -> str:
        """Return a file under its heading."""
        top = "\n".join(f"// {line}".rstrip() for line in heading)
        parts = [*needed, body.replace("\n\n\n", "\n\n")]
        own = {routine.name for routine in self.routines}
        if not own.issuperset(_MATHEMATICS.findall("\n".join(parts))):
            parts = ["#include <math.h>", *parts]
        return "\n\n".join([top, *parts])

    def body(self, roots: Sequence[Node]) -> Body:
        """Return the body of a function of some formulas, which may read a direction."""
        coordinates = {along(x): f"{DIRECTION}[{i}]" for i, x in enumerate(self.routines[-1].wrt)}
        known = self.target.calls.keys() | self.target.infix.keys()
        return Body(Lowering(known).lowered(roots), self.target, {**self.names, **coordinates})

    def routine(self, routine: Routine, body: Body) -> str:
        """Return a function that returns a number, or writes several to ``out``."""
        typed = [f"double {name}" for name in self.parameters]
        if routine.kind == "hvp":
            typed.append(f"const double {DIRECTION}[{len(routine.wrt)}]")
        if routine.shape:
            kind, typed = "void", [*typed, f"double out[{prod(routine.shape)}]"]
            last = [f"out[{i}] = {text};" for i, text in enumerate(body.results)]
        else:
            kind, last = "double", [f"return {body.results[0]};"]
        lines = [
            f"const {'int' if line.is_condition else 'double'} {line.name} = {line.text};"
            for line in body.lines
        ]
        inner = indent("\n".join([*lines, *last]), "    ")
        head = f"{kind} {routine.name}({', '.join(typed) or 'void'})"
        said = f"// {routine.meaning[0].upper()}{routine.meaning[1:]}."
        return "\n".join([said, *_pattern(routine), f"{head}\n{{\n{inner}\n}}"])


def _pattern(routine: Routine) -> Iterator[str]:
    """Yield the tables of the rows and the columns of a sparse derivative, counted from 0."""
    if routine.kind not in ("sparse_jacobian", "sparse_hessian"):
        return
    for table, numbers in zip(("rows", "columns"), routine.pattern, strict=True):
        listed = fill(", ".join(map(str, numbers)), 84)
        listed = f"\n{indent(listed, '    ')}\n" if "\n" in listed else f" {listed} "
        yield f"static const int {routine.name}_{table}[{len(numbers)}] = {{{listed}}};"


def _joined(sources: Sequence[Source]) -> str:
    """Return one file of several; what several need, such as an include, stands there once."""
    paragraphs = "\n\n".join(source.text for source in sources).split("\n\n")
    entries = [_entry(source, routine) for source in sources for routine in source.routines]
    return "\n\n".join([*dict.fromkeys(paragraphs), *entries])


def _entry(source: Source, routine: Routine) -> str:
    given = [f"x[{index}]" for index in range(len(source.variables))]
    if routine.kind == "hvp":
        return _columns(routine, given)
    call = f"{routine.name}({', '.join([*given, *(['out'] if routine.shape else [])])})"
    body = f"{call};" if routine.shape else f"out[0] = {call};"
    return f"void {entry_name(routine)}(const double *x, double *out) {{ {body} }}"


def _columns(routine: Routine, given: Sequence[str]) -> str:
    """Return a function that calls a product with the Hessian for each of the Hessian's columns."""
    count, unit = len(routine.wrt), DIRECTION
    call = f"{routine.name}({', '.join([*given, unit])}, out + {count} * i);"
    loop = f"for (int i = 0; i < {count}; i++) {{ {unit}[i] = 1; {call} {unit}[i] = 0; }}"
    head = f"void {entry_name(routine)}(const double *x, double *out)"
    return f"{head} {{ double {unit}[{count}] = {{0}}; {loop} }}"


GCC = Compiler(
    ("cc", "gcc", "clang"),
    ("-std=c99", "-D_XOPEN_SOURCE=700", "-shared", "-fPIC"),
    ".c",
    _joined,
    ("-lm",),
)


def _helper(name: str, body: str) -> str:
    """Return the definition of a function of two numbers that C's own mathematics lacks."""
    lines = "".join(f"    {line}\n" for line in body.split("\n"))
    return f"static double {name}(double a, double b)\n{{\n{lines}}}"


TARGET = Target(
    name="c",
    page=CProgram.written,
    runner=GCC.runner,
    suffixes=(".c", ".h"),
    lexer="c",
    reserved=frozenset(
        """
asm auto bool break case char const continue default do double else enum extern float for goto if
inline int long register restrict return short signed sizeof static struct switch typedef typeof
union unsigned void volatile while acos acosh asin asinh atan atan2 atanh cbrt ceil cos cosh erf
erfc exp exp2 expm1 fabs fdim floor fma fmax fmin fmod frexp gamma greatest hypot isnan j0 j1 jn
ldexp least lgamma log log10 log1p log2 logb main modf modulo nan out pow remainder rint round
signgam sin sinh sqrt tan tanh tgamma trunc y0 y1 yn
""".split()
    ),
    calls=MappingProxyType(
        {
            **alike(
                "{}",
                "sin cos tan asin acos atan atan2 hypot sinh cosh tanh asinh acosh atanh exp expm1 "
                "log log2 log10 log1p sqrt cbrt floor ceil lgamma erf erfc j0 j1 y0 y1",
            ),
            "abs": "fabs",
            "round": "rint",
            "mod": "modulo",
            "min": "least",
            "max": "greatest",
            "gamma": "tgamma",
        }
    ),
    choice="{condition} ? {value} : {other}",
    powers=("pow({base}, {exponent})", "pow({base}, {exponent})"),
    infix={**ARITHMETIC, "and": (" && ", AND), "or": (" || ", OR), "not": ("!", POWER)},
    nan="NAN",
    infinity="INFINITY",
    imports={
        "least(": _helper("least", "return a < b || isnan(a) ? a : b;"),
        "greatest(": _helper("greatest", "return a > b || isnan(a) ? a : b;"),
        "modulo(": _helper(
            "modulo",
            "const double r = fmod(a, b);\nreturn r != 0 && (r < 0) != (b < 0) ? r + b : r;",
        ),
    },
    multiplies=True,
    has_floats_only=True,
    local=frozenset({DIRECTION}),
    kinds=KINDS,
)
