"""Julia: functions of real numbers, with SpecialFunctions.jl for what Base lacks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from textwrap import indent
from types import MappingProxyType

from diffcli.export.emitter import Body
from diffcli.export.routines import Routine
from diffcli.export.scripts import Interpreter
from diffcli.export.target import AND, ARITHMETIC, OR, POWER, Source, Target, Vector, alike
from diffcli.export.writers import Blocks, Writer

SPECIAL = "erf erfc erfcx gamma digamma erfinv erfcinv"
"""Functions that SpecialFunctions.jl has under their rows' names."""
BLOCKS = Blocks(opening="if {condition}", closing="end")


class JuliaFile(Writer):
    """A file of Julia."""

    def page(self, heading: Iterable[str], needed: Sequence[str], body: str) -> str:
        """Return a file under its heading."""
        top = "\n".join(f"# {line}".rstrip() for line in heading)
        return "\n\n".join([top, *dict.fromkeys(needed), body.replace("\n\n\n", "\n\n")])

    def routine(self, routine: Routine, body: Body) -> str:
        """Return a function that returns a number, a vector or a matrix."""
        result = _array(body.results, routine.shape)
        lines = [*BLOCKS.written(body.lines), f"return {result}"]
        typed = ", ".join(f"{name}::Real" for name in self.parameters)
        meaning = f'"Return {routine.meaning}."'
        inner = indent("\n".join(lines), "    ")
        return f"{meaning}\nfunction {routine.name}({typed})\n{inner}\nend"


def _array(results: Sequence[str], shape: tuple[int, ...]) -> str:
    """Return the results as a number, a vector, or a matrix with a row a line."""
    if not shape:
        return results[0]
    if len(shape) == 1:
        return f"[{', '.join(results)}]"
    starts = range(0, len(results), shape[1])
    rows = [" ".join(map(_element, results[start : start + shape[1]])) for start in starts]
    together = "\n".join(rows)
    return f"[\n{indent(together, '    ')}\n]"


def _element(text: str) -> str:
    """Return an element of a row, whose elements are divided by spaces."""
    return f"({text})" if " " in text else text


def _calls(_: Source, routine: Routine, points: Sequence[Vector]) -> str:
    """Return the lines that print a function's numbers at some points, row by row."""
    listed = ", ".join(f"({', '.join(map(_literal, point))},)" for point in points)
    count = len(routine.indices)
    return f"""
for point in [{listed}]
    numbers = try
        permutedims({routine.name}(point...))
    catch error
        error isa DomainError || error isa DivideError || rethrow()
        fill(NaN, {count})
    end
    println(join(numbers, " "))
end"""


def _literal(number: float) -> str:
    return repr(number).replace("inf", "Inf").replace("nan", "NaN")


JULIA = Interpreter(
    program="julia",
    options=("--startup-file=no", "--compile=min"),
    suffix=".jl",
    calls=_calls,
)

TARGET = Target(
    name="julia",
    page=JuliaFile.written,
    runner=JULIA.runner,
    suffixes=(".jl",),
    lexer="julia",
    reserved=frozenset(
        """
baremodule begin break catch const continue do else elseif end export false finally for function
global if import let local macro module quote return struct true try using while
""".split()
    ),
    calls=MappingProxyType(
        {
            **alike(
                "{}",
                "sin cos tan asin acos atan hypot sinh cosh tanh asinh acosh atanh exp expm1 log "
                "log2 log10 log1p sqrt cbrt abs sign floor ceil round min max mod",
            ),
            "atan2": "atan",
            **alike("SpecialFunctions.{}", SPECIAL),
            "lgamma": "SpecialFunctions.logabsgamma({0})[1]",
            **{name: f"SpecialFunctions.bessel{name}" for name in ("j0", "j1", "y0", "y1")},
            "trigamma": "SpecialFunctions.trigamma",
            "polygamma": "SpecialFunctions.polygamma(Int({0}), {1})",
        }
    ),
    choice="{condition} ? {value} : {other}",
    powers=("{base}^{whole}", "{base}^{exponent}"),
    infix={**ARITHMETIC, "and": (" && ", AND), "or": (" || ", OR), "not": ("!", POWER)},
    nan="NaN",
    infinity="Inf",
    imports={"SpecialFunctions.": "import SpecialFunctions"},
    lazy=True,
    multiplies=True,
    has_floats_only=True,
    whole=frozenset({"polygamma"}),
)
