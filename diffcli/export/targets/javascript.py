"""JavaScript: functions of numbers in a module, with the special functions that ``Math`` lacks.

A file that reads one of those gets it, and the ones that it reads itself.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from textwrap import indent
from types import MappingProxyType

from diffcli.export.emitter import Body
from diffcli.export.library import Library
from diffcli.export.routines import Routine
from diffcli.export.scripts import Interpreter
from diffcli.export.target import AND, ARITHMETIC, OR, POWER, Source, Target, Vector, alike
from diffcli.export.writers import Blocks, Writer, bracketed_rows

LIBRARY = Library(
    ".js",
    heads=r"^(?:function|const) (\w+)",
    comment="//",
    table=lambda name, _, numbers: f"const {name} = [\n{indent(numbers, '  ')},\n];",
)
BLOCKS = Blocks(
    "const {name} = {text};", "if ({condition}) {{", "  {name} = {text};", "}", "let {};"
)


class JavaScriptModule(Writer):
    """A module of JavaScript; its last line exports the functions."""

    def page(self, heading: Iterable[str], needed: Sequence[str], body: str) -> str:
        """Return a file under its heading, with the definitions of the library that it reads."""
        top = "\n".join(f"// {line}".rstrip() for line in heading)
        names = ", ".join(routine.name for routine in self.routines)
        definitions = [*needed, *LIBRARY.needed(body)]
        return "\n\n".join(
            [top, *definitions, body.replace("\n\n\n", "\n\n"), f"export {{ {names} }};"]
        )

    def routine(self, routine: Routine, body: Body) -> str:
        """Return a function that returns a number, or nested arrays of numbers."""
        lines = [
            *BLOCKS.written(body.lines),
            f"return {bracketed_rows(body.results, routine.shape)};",
        ]
        inner = indent("\n".join(lines), "  ")
        meaning = routine.meaning[0].upper() + routine.meaning[1:]
        head = f"function {routine.name}({', '.join(self.parameters)})"
        return f"// {meaning}.\n{head} {{\n{inner}\n}}"


def _calls(_: Source, routine: Routine, points: Sequence[Vector]) -> str:
    """Return the lines that print a function's numbers at some points."""
    call = f"[{routine.name}(...point)].flat(Infinity).join(' ')"
    return f"for (const point of {json.dumps(points)}) console.log({call});"


NODE = Interpreter(
    program="node",
    options=(),
    suffix=".mjs",
    calls=_calls,
)

TARGET = Target(
    name="javascript",
    page=JavaScriptModule.written,
    runner=NODE.runner,
    suffixes=(".js", ".mjs"),
    lexer="javascript",
    reserved=frozenset(
        """
Infinity Math NaN arguments await break case catch class const continue debugger default delete do
else enum eval export extends false finally for function if implements import in instanceof
interface let new null package private protected public return static super switch this throw true
try typeof undefined var void while with yield
""".split()
    ),
    local=frozenset(LIBRARY.definitions),
    calls=MappingProxyType(
        {
            **alike(
                "Math.{}",
                "sin cos tan asin acos atan atan2 hypot sinh cosh tanh asinh acosh atanh exp expm1 "
                "log log2 log10 log1p sqrt cbrt abs sign floor ceil min max",
            ),
            **alike("{}", "erf erfc erfcx gamma lgamma digamma"),
            "mod": "modulo",
            "round": "roundToEven",
            "polygamma": "polygamma",
        }
    ),
    choice="{condition} ? {value} : {other}",
    powers=("Math.pow({base}, {exponent})", "Math.pow({base}, {exponent})"),
    infix={
        **ARITHMETIC,
        **{
            name: (f" {sign} ", ARITHMETIC[name][1])
            for name, sign in {"eq": "===", "ne": "!=="}.items()
        },
        "and": (" && ", AND),
        "or": (" || ", OR),
        "not": ("!", POWER),
    },
    nan="NaN",
    infinity="Infinity",
    lazy=True,
    multiplies=True,
    whole=frozenset({"polygamma"}),
)
