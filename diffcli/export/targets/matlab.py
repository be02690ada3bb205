"""MATLAB and Octave: one function of numbers, whose outputs are the value and the derivatives.

Only the first function of a file can be called from outside, and optimisers expect it to return the
gradient and the Hessian beside the value: so it does, each where it is asked for.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from textwrap import indent
from types import MappingProxyType

from diffcli.export.emitter import Body
from diffcli.export.library import Library
from diffcli.export.routines import KINDS, Routine, entries_of
from diffcli.export.scripts import Interpreter
from diffcli.export.target import (
    AND,
    ARITHMETIC,
    COMPARISON,
    OR,
    PREFIX,
    Source,
    Target,
    Vector,
    alike,
)
from diffcli.export.writers import Writer

LIBRARY = Library(
    ".m",
    heads=r"^function (?:\w+ = )?(\w+)",
    comment="%",
    table=lambda name, _, numbers: (
        f"function y = {name}()\n  y = [ ...\n"
        + indent(numbers, "    ").replace("\n", " ...\n")
        + "];\nend"
    ),
    renamed=lambda name: name.replace("Series", "_series"),
)

WIDTH = 80
"""Longest matrix on one line, in characters."""


class MatlabFunction(Writer):
    """A file with a function of several outputs, and those that it calls."""

    def functions(self) -> Iterator[str]:
        """Yield the one function."""
        entries = entries_of(self.function, self.routines)
        parts = []
        for index, routine in enumerate(self.routines):
            lines = self.routine(routine, self.body([entries[index] for index in routine.indices]))
            asked = f"if nargout > {index}\n{indent(lines, '  ')}\nend"
            parts.append(f"% {routine.meaning[0].upper()}{routine.meaning[1:]}.")
            parts.append(asked if index else lines)
        names = ", ".join(routine.kind for routine in self.routines)
        outputs = f"[{names}]" if len(self.routines) > 1 else names
        head = f"function {outputs} = {self.contents.name}({', '.join(self.parameters)})"
        inner = indent("\n".join(parts), "  ")
        yield f"{head}\n{inner}\nend"

    def page(self, heading: Iterable[str], needed: Sequence[str], body: str) -> str:
        """Return a file under its heading, with the definitions of the library that it reads."""
        top = "\n".join(f"% {line}".rstrip() for line in heading)
        return "\n\n".join([top, body, *needed, *LIBRARY.needed(body)])

    def routine(self, routine: Routine, body: Body) -> str:
        """Return the lines that compute one output."""
        width = routine.shape[-1] if routine.shape else 1
        rows = [
            ", ".join(body.results[start : start + width])
            for start in range(0, len(body.results), width)
        ]
        together = "; ".join(rows)
        if len(together) > WIDTH:
            together = " ...\n  " + "; ...\n  ".join(rows)
        result = f"[{together}]" if routine.shape else together
        lines = [*(f"{line.name} = {line.text};" for line in body.lines)]
        return "\n".join([*lines, f"{routine.kind} = {result};"])

    def described(self, routine: Routine) -> str:
        """Return what the heading says of an output."""
        return f"The output {routine.kind} is {routine.meaning}."


def _calls(source: Source, routine: Routine, points: Sequence[Vector]) -> str:
    """Return the lines that print an output at some points, row by row."""
    index = [routine.name for routine in source.routines].index(routine.name)
    skipped = "".join("~, " for _ in range(index))
    return "\n".join(
        f"[{skipped}y] = {source.name}({', '.join(map(_literal, point))}); "
        f'printf("%.17g ", y.\'); printf("\\n");'
        for point in points
    )


def _literal(number: float) -> str:
    return repr(number).replace("inf", "Inf").replace("nan", "NaN")


OCTAVE = Interpreter(
    program="octave-cli",
    options=("--norc", "--quiet"),
    suffix=".m",
    calls=_calls,
    first="1;\n",
)

TARGET = Target(
    name="matlab",
    page=MatlabFunction.written,
    runner=OCTAVE.runner,
    suffixes=(".m",),
    lexer="matlab",
    reserved=frozenset(
        """
break case catch classdef continue else elseif end endif for function global if otherwise parfor
persistent return spmd switch try while NaN Inf
""".split()
    ),
    local=frozenset({"nargout", *KINDS, *LIBRARY.definitions}),
    calls=MappingProxyType(
        {
            **alike(
                "{}",
                "sin cos tan atan atan2 hypot sinh cosh tanh asinh exp expm1 abs sign floor ceil "
                "erf erfc erfcx gamma digamma polygamma",
            ),
            **{
                name: f"only_real({name}({{0}}))"
                for name in ("sqrt", "log", "log2", "log10", "log1p", "asin", "acos", "atanh")
            },
            "acosh": "only_real(acosh({0}))",
            "cbrt": "nthroot({0}, 3)",
            "lgamma": "lgamma_real",
            "round": "round_to_even",
            "mod": "remainder_of",
            "min": "least",
            "max": "greatest",
        }
    ),
    choice="choose({condition}, {value}, {other})",
    powers=("{base}^{exponent}", "real_power({base}, {exponent})"),
    infix={
        **ARITHMETIC,
        "ne": (" ~= ", COMPARISON),
        "and": (" && ", AND),
        "or": (" || ", OR),
        "not": ("~", PREFIX),
    },
    nan="NaN",
    infinity="Inf",
    multiplies=True,
    whole=frozenset({"polygamma"}),
)
