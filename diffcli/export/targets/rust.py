"""Rust: functions of ``f64`` in a module, with the special functions that its library lacks."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from textwrap import indent
from types import MappingProxyType

from diffcli.export.compilers import Compiler, entry_name
from diffcli.export.emitter import Body
from diffcli.export.library import Library
from diffcli.export.routines import Routine
from diffcli.export.target import AND, ARITHMETIC, OR, POWER, Source, Target, alike
from diffcli.export.writers import Writer, bracketed_rows


def _capitals(name: str) -> str:
    """Return the name of a constant in Rust's style: erfSeries → ERF_SERIES."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).upper()


LIBRARY = Library(
    ".rs",
    heads=r"^(?:fn|const) (\w+)",
    comment="//",
    table=lambda name, count, numbers: (
        f"const {name}: [f64; {count}] = [\n{indent(numbers, '    ')},\n];"
    ),
    renamed=_capitals,
)


class RustModule(Writer):
    """A module of Rust."""

    def page(self, heading: Iterable[str], needed: Sequence[str], body: str) -> str:
        """Return a file under its heading, with the definitions of the library that it reads."""
        top = "\n".join(f"// {line}".rstrip() for line in heading)
        parts = [top, *needed, *LIBRARY.needed(body), body.replace("\n\n\n", "\n\n")]
        return "\n\n".join(parts)

    def routine(self, routine: Routine, body: Body) -> str:
        """Return a function that returns a number, or nested arrays of numbers."""
        result = bracketed_rows(body.results, routine.shape)
        lines = [*(f"let {line.name} = {line.text};" for line in body.lines), result]
        inner = indent("\n".join(lines), "    ")
        kind = "f64"
        for count in reversed(routine.shape):
            kind = f"[{kind}; {count}]"
        typed = ", ".join(f"{name}: f64" for name in self.parameters)
        head = f"pub fn {routine.name}({typed}) -> {kind}"
        meaning = f"/// Returns {routine.meaning}."
        return "\n".join([meaning, *self._allowed(inner), f"{head} {{\n{inner}\n}}"])

    def _allowed(self, inner: str) -> list[str]:
        """Return the attribute that silences warnings about names."""
        unused = [name for name in self.parameters if not re.search(rf"\b{name}\b", inner)]
        reasons = [
            *(["unused_variables"] if unused else []),
            *(["non_snake_case"] if any(name != name.lower() for name in self.parameters) else []),
        ]
        return [f"#[allow({', '.join(reasons)})]"] if reasons else []


def _joined(sources: Sequence[Source]) -> str:
    """Return one file with a module for each source, and the functions that C calls."""
    return "\n\n".join(
        [
            *(f"mod m{index} {{\n{source.text}\n}}" for index, source in enumerate(sources)),
            *(
                _entry(source, routine, index)
                for index, source in enumerate(sources)
                for routine in source.routines
            ),
        ]
    )


def _entry(source: Source, routine: Routine, index: int) -> str:
    given = ", ".join(f"*x.add({i})" for i in range(len(source.variables)))
    flat = "[result]" + ".concat()" * (len(routine.shape))
    return (
        f'#[no_mangle] pub unsafe extern "C" fn {entry_name(routine)}(x: *const f64, out: *mut f64)'
        f" {{\n    let result = m{index}::{routine.name}({given});\n"
        f"    for (i, number) in {flat}.iter().enumerate() {{ *out.add(i) = *number; }}\n}}"
    )


RUSTC = Compiler(
    ("rustc",),
    ("--edition=2021", "--crate-type=cdylib", "--crate-name=code", "-O", "--cap-lints=allow"),
    ".rs",
    _joined,
)

TARGET = Target(
    name="rust",
    page=RustModule.written,
    runner=RUSTC.runner,
    suffixes=(".rs",),
    lexer="rust",
    reserved=frozenset(
        """
Self abstract as async await become box break const continue crate do dyn else enum extern false
final fn for if impl in let loop macro match mod move mut override priv pub ref return self static
std struct super trait true try type typeof unsafe unsized use virtual where while yield
""".split()
    ),
    local=frozenset({"f64", *LIBRARY.definitions}),
    calls=MappingProxyType(
        {
            **alike(
                "f64::{}",
                "sin cos tan asin acos atan atan2 hypot sinh cosh tanh asinh exp log2 log10 "
                "sqrt cbrt abs floor ceil",
            ),
            **alike("{}", "acosh atanh erf erfc erfcx gamma lgamma digamma polygamma"),
            "expm1": "f64::exp_m1",
            "log": "f64::ln",
            "log1p": "f64::ln_1p",
            "round": "f64::round_ties_even",
            "mod": "modulo",
            "min": "least",
            "max": "greatest",
        }
    ),
    choice="if {condition} {{ {value} }} else {{ {other} }}",
    powers=("f64::powi({base}, {whole})", "f64::powf({base}, {exponent})"),
    infix={**ARITHMETIC, "and": (" && ", AND), "or": (" || ", OR), "not": ("!", POWER)},
    nan="f64::NAN",
    infinity="f64::INFINITY",
    multiplies=True,
    has_floats_only=True,
    whole=frozenset({"polygamma"}),
)
