"""JavaScript: functions of numbers in a module, with the special functions that ``Math`` lacks.

``functions.js`` holds those: a file that reads one gets it and the ones that it reads itself.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from itertools import groupby
from math import prod
from pathlib import Path
from textwrap import indent
from types import MappingProxyType

from diffcli.export.emitter import Body, Line
from diffcli.export.routines import Routine
from diffcli.export.scripts import Interpreter
from diffcli.export.target import AND, ARITHMETIC, OR, POWER, Target, Vector, alike
from diffcli.export.writers import WIDTH, Writer

_DEFINED = re.compile(r"^(?:function|const) (\w+)", re.MULTILINE)
_WORD = re.compile(r"\b[A-Za-z]\w*")
_COMMENT = re.compile(r"//.*")
_EXPORTS = re.compile(r"^export \{ (.*) \};$", re.MULTILINE)


@cache
def library() -> Mapping[str, str]:
    """Return the definitions of ``functions.js`` by their names, in its order."""
    text = Path(__file__).with_name("functions.js").read_text(encoding="utf-8")
    blocks = text.strip().split("\n\n")
    return MappingProxyType({_DEFINED.findall(block)[0]: block for block in blocks})


class JavaScriptModule(Writer):
    """A module of JavaScript; its last line exports the functions."""

    def page(self, heading: Iterable[str], needed: Sequence[str], body: str) -> str:
        """Return a file under its heading, with the definitions of the library that it reads."""
        top = "\n".join(f"// {line}".rstrip() for line in heading)
        names = ", ".join(routine.name for routine in self.routines)
        definitions = [*needed, *_definitions_in(body)]
        return "\n\n".join(
            [top, *definitions, body.replace("\n\n\n", "\n\n"), f"export {{ {names} }};"]
        )

    def routine(self, routine: Routine, body: Body) -> str:
        """Return a function that returns a number, or nested arrays of numbers."""
        lines = [*_blocks(body.lines), f"return {_nested(body.results, routine.shape)};"]
        inner = indent("\n".join(lines), "  ")
        meaning = routine.meaning[0].upper() + routine.meaning[1:]
        head = f"function {routine.name}({', '.join(self.parameters)})"
        return f"// {meaning}.\n{head} {{\n{inner}\n}}"


def _definitions_in(body: str) -> list[str]:
    """Return the definitions of the library that some code reads, and those that they read."""
    known, needed, waiting = library(), set[str](), [body]
    while waiting:
        new = {word for word in _words(waiting.pop()) if word in known} - needed
        needed |= new
        waiting += [known[name] for name in new]
    return [text for name, text in known.items() if name in needed]


def _words(code: str) -> list[str]:
    return _WORD.findall(_COMMENT.sub("", code))


def _blocks(lines: Iterable[Line]) -> Iterator[str]:
    """Yield assignments, those under one condition in one block after their declaration."""
    for condition, group in groupby(lines, key=lambda line: line.condition):
        together = list(group)
        if condition is None:
            yield from (f"const {line.name} = {line.text};" for line in together)
            continue
        yield f"let {', '.join(line.name for line in together)};"
        yield f"if ({condition}) {{"
        yield from (f"  {line.name} = {line.text};" for line in together)
        yield "}"


def _nested(results: Sequence[str], shape: tuple[int, ...]) -> str:
    """Return the results as nested arrays."""
    if not shape:
        return results[0]
    step = prod(shape[1:])
    starts = range(0, len(results), step)
    parts = [_nested(results[start : start + step], shape[1:]) for start in starts]
    inside = ", ".join(parts)
    if len(inside) > WIDTH - 16:
        inside = "\n" + indent(",\n".join(parts), "  ") + ",\n"
    return f"[{inside}]"


def _calls(name: str, points: Sequence[Vector]) -> str:
    """Return the lines that print a function's numbers at some points."""
    call = f"[{name}(...point)].flat(Infinity).join(' ')"
    return f"for (const point of {json.dumps(points)}) console.log({call});"


NODE = Interpreter(
    program="node",
    options=(),
    suffix=".mjs",
    calls=_calls,
    exported=lambda text: _EXPORTS.findall(text)[-1].split(", "),
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
    )
    | library().keys(),
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
