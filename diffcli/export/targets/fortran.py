"""Fortran 2008: pure functions in a module, with what C's mathematics has and Fortran lacks."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import product
from textwrap import indent, wrap
from types import MappingProxyType

from diffcli.export.compilers import Compiler, entry_name
from diffcli.export.emitter import Body
from diffcli.export.library import Library
from diffcli.export.routines import Routine
from diffcli.export.target import (
    AND,
    ARITHMETIC,
    COMPARISON,
    NOT,
    OR,
    PRODUCT,
    Source,
    Target,
    alike,
)
from diffcli.export.writers import Writer

WIDTH = 100
"""Longest line, in characters: the standard allows 132."""
_OF_C = re.compile(r"\bc_(\w+)(?=\()")
_OF_TWO = frozenset({"fmod", "pow"})
"""Functions of C that take two numbers."""

LIBRARY = Library(
    ".f90",
    heads=r"^pure .*?function (\w+)",
    comment="!",
    table=lambda name, count, numbers: (
        f"real(dp), parameter :: {name}({count}) = [ &\n"
        + indent(re.sub(r"[\d.]+(?:e-?\d+)?", r"\g<0>_dp", numbers), "    ").replace("\n", " &\n")
        + "]"
    ),
    renamed=lambda name: re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower(),
)


class FortranModule(Writer):
    """A module of Fortran."""

    def page(self, heading: Iterable[str], needed: Sequence[str], body: str) -> str:
        """Return a file under its heading, with the definitions of the library that it reads."""
        top = "\n".join(f"! {line}".rstrip() for line in heading)
        definitions = LIBRARY.needed(body)
        tables = [text for text in definitions if " function " not in text]
        functions = [text for text in definitions if " function " in text]
        code = "\n\n".join([*functions, body.replace("\n\n\n", "\n\n")])
        head = ["use, intrinsic :: iso_fortran_env, only: dp => real64"]
        if _OF_C.search(code):
            head.append("use, intrinsic :: iso_c_binding, only: c_double")
        if "ieee_" in code:
            head.append(
                "use, intrinsic :: ieee_arithmetic, only: &\n    ieee_value, ieee_is_nan, "
                "ieee_quiet_nan, ieee_positive_inf"
            )
        names = ", ".join(routine.name for routine in self.routines)
        head += ["implicit none", "private", f"public :: {names}"]
        if re.search(r"\bpi\b", code):
            tables = ["real(dp), parameter :: pi = acos(-1.0_dp)", *tables]
        parts = ["\n".join(head), *needed, *tables, *_interfaces(code)]
        inner, own = indent("\n\n".join(parts), "    "), indent(code, "    ")
        name = f"{self.contents.name}_module"
        return f"{top}\nmodule {name}\n{inner}\ncontains\n{own}\nend module {name}"

    def routine(self, routine: Routine, body: Body) -> str:
        """Return a function that returns a number or an array."""
        parameters = ", ".join(self.parameters)
        head = f"function {routine.name}({parameters})"
        declared = [f"real(dp), intent(in) :: {parameters}"] if parameters else []
        if routine.shape:
            declared.append(f"real(dp) :: {routine.name}({', '.join(map(str, routine.shape))})")
        else:
            head = f"real(dp) {head}"
        for kind, is_condition in (("real(dp)", False), ("logical", True)):
            of_kind = [line.name for line in body.lines if line.is_condition == is_condition]
            declared += [f"{kind} :: {', '.join(of_kind)}"] if of_kind else []
        indices = product(*(range(1, count + 1) for count in routine.shape))
        results = [
            f"{routine.name}{_subscript(index)} = {text}"
            for index, text in zip(indices, body.results, strict=True)
        ]
        lines = [*declared, *(f"{line.name} = {line.text}" for line in body.lines), *results]
        inner = "\n".join(part for line in lines for part in _cut(line))
        meaning = f"! Returns {routine.meaning}."
        top = "\n".join(_cut(f"pure {head}"))
        return f"{meaning}\n{top}\n{indent(inner, '    ')}\nend function"


def _subscript(index: Sequence[int]) -> str:
    return f"({', '.join(map(str, index))})" if index else ""


def _cut(line: str) -> Iterator[str]:
    """Yield the lines of a statement, each but the last with the sign that it goes on."""
    first, *others = wrap(line, WIDTH - 12, break_long_words=False, break_on_hyphens=False)
    parts = [first, *(f"    {other}" for other in others)]
    yield from (f"{part} &" for part in parts[:-1])
    yield parts[-1]


def _interfaces(code: str) -> list[str]:
    """Return the interfaces of C's functions that some code calls."""
    names = sorted(set(_OF_C.findall(code)))
    if not names:
        return []
    text = "\n".join(indent(_interface(name), "    ") for name in names)
    return [f"interface\n{text}\nend interface"]


def _interface(name: str) -> str:
    arguments = "x, y" if name in _OF_TWO else "x"
    return (
        f'pure real(c_double) function c_{name}({arguments}) bind(c, name="{name}")\n'
        f"    import :: c_double\n    real(c_double), value :: {arguments}\nend function"
    )


def _joined(sources: Sequence[Source]) -> str:
    """Return one file of several modules, and the procedures that C calls."""
    entries = [_entry(source, routine) for source in sources for routine in source.routines]
    return "\n\n".join([*(source.text for source in sources), *entries])


def _entry(source: Source, routine: Routine) -> str:
    count, name = len(source.variables), entry_name(routine)
    call = f"{routine.name}({', '.join(f'x({i + 1})' for i in range(count))})"
    if len(routine.shape) > 1:
        call = f"reshape(transpose({call}), [{len(routine.indices)}])"
    out = "out" if routine.shape else "out(1)"
    lines = [
        f'subroutine {name}(x, out) bind(c, name="{name}")',
        f"    use {source.name}_module",
        f"    real(kind(1d0)) :: x({max(count, 1)}), out({len(routine.indices)})",
        *(f"    {part}" for part in _cut(f"{out} = {call}")),
        "end subroutine",
    ]
    return "\n".join(lines)


GFORTRAN = Compiler(("gfortran",), ("-std=f2008", "-O", "-shared", "-fPIC"), ".f90", _joined)

TARGET = Target(
    name="fortran",
    page=FortranModule.written,
    runner=GFORTRAN.runner,
    suffixes=(".f90", ".f95", ".f03", ".f08"),
    lexer="fortran",
    local=frozenset(
        """
dp bessel_j0 bessel_j1 bessel_y0 bessel_y1 erfc_scaled log_gamma merge modulo nint real reshape size
ieee_value ieee_is_nan ieee_quiet_nan ieee_positive_inf contains end function module implicit
interface
""".split()
    )
    | LIBRARY.definitions.keys(),
    calls=MappingProxyType(
        {
            **alike(
                "{}",
                "sin cos tan asin acos atan atan2 hypot sinh cosh tanh asinh atanh exp log log10 "
                "sqrt abs erf erfc gamma digamma polygamma",
            ),
            **{name: f"c_{name}" for name in ("acosh", "expm1", "log1p", "cbrt", "log2", "floor")},
            "ceil": "c_ceil",
            "round": "c_rint",
            "erfcx": "erfc_scaled",
            "lgamma": "log_gamma",
            **{name: f"bessel_{name}" for name in ("j0", "j1", "y0", "y1")},
            "mod": "remainder_of",
            "min": "least",
            "max": "greatest",
        }
    ),
    choice="merge({value}, {other}, {condition})",
    powers=("{base}**{whole}", "c_pow({base}, {exponent})"),
    number="{0}_dp",
    prefix=PRODUCT,
    infix={
        **ARITHMETIC,
        "ne": (" /= ", COMPARISON),
        "and": (" .and. ", AND),
        "or": (" .or. ", OR),
        "not": (".not. ", NOT),
    },
    nan="ieee_value(1.0_dp, ieee_quiet_nan)",
    infinity="ieee_value(1.0_dp, ieee_positive_inf)",
    multiplies=True,
    has_floats_only=True,
    ignores_case=True,
    whole=frozenset({"polygamma"}),
)
