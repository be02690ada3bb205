"""Whole files of code: what stands above, around and below the bodies of functions."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from math import prod
from textwrap import indent, wrap

from diffcli._version import __version__
from diffcli.errors import UsageError
from diffcli.export.emitter import Body, Line
from diffcli.export.lowering import Lowering
from diffcli.export.routines import Routine, entries_of
from diffcli.export.targets import LackError, Target
from diffcli.language.expression import Node
from diffcli.language.function import Function

WIDTH = 88
_LONGEST = 2000
"""Of a formula in a heading, in characters."""


class Writer(ABC):
    """Writes a Function's routines in a language.

    ``name`` is the Function's own, ``names`` are those of the variables there; ``notes`` say where
    the code isn't right.
    """

    def __init__(
        self,
        target: Target,
        function: Function,
        routines: Sequence[Routine],
        name: str,
        names: Mapping[str, str],
        notes: Sequence[str] = (),
    ) -> None:
        self.target, self.function, self.routines = target, function, routines
        self.name, self.names, self.notes = name, names, notes

    def text(self) -> str:
        """Return the file, without a newline at its end.

        Raises LackError for what the language lacks, UsageError for what has no derivative,
        LimitError where a derivative swells.
        """
        if self.function.has_tensors and not self.target.has_tensors:
            raise LackError(f"{self.target.name} has no tensors")
        body = "\n\n\n".join(self.functions())
        needed = [line for word, line in self.target.imports.items() if word in body]
        return self.page(self.heading(), needed, body)

    def functions(self) -> Iterator[str]:
        """Yield each function."""
        entries = entries_of(self.function, self.routines)
        for routine in self.routines:
            yield self.routine(routine, self.body([entries[index] for index in routine.indices]))

    def body(self, roots: Sequence[Node]) -> Body:
        """Return the body of a function of some formulas."""
        known = self.target.calls.keys() | self.target.infix.keys()
        return Body(Lowering(known).lowered(roots), self.target, self.names)

    def heading(self) -> Iterator[str]:
        """Yield the lines that say what the file holds."""
        *definitions, formula = self.function.read_as.split("; ")
        own = f"{self.name}({', '.join(self.function.variables)}) = {formula}"
        first = "; ".join([*definitions, own])
        first = first if len(first) <= _LONGEST else f"{first[:_LONGEST]} …"
        yield from wrap(first, WIDTH, subsequent_indent="    ", break_long_words=False)
        yield ""
        for routine in self.routines:
            yield f"{routine.name} returns {routine.meaning}."
        renamed = [f"{old} is {new}" for old, new in self.names.items() if old != new]
        if renamed:
            yield f"In the code {', '.join(renamed)}."
        for note in self.notes:
            yield from wrap(f"Beware: {note}.", WIDTH, subsequent_indent="    ")
        yield f"Written by diffcli {__version__}."

    @property
    def parameters(self) -> list[str]:
        """The names of the parameters."""
        return list(self.names.values())

    @abstractmethod
    def page(self, heading: Iterable[str], needed: Sequence[str], body: str) -> str:
        """Return the file."""

    @abstractmethod
    def routine(self, routine: Routine, body: Body) -> str:
        """Return one function."""


class PythonModule(Writer):
    """A module of Python, with numpy, torch or jax where the target says so."""

    def functions(self) -> Iterator[str]:
        """Yield each function; derivatives of tensors are the value's, by autograd."""
        if not self.function.has_tensors:
            yield from super().functions()
            return
        value, *derivatives = sorted(self.routines, key=lambda routine: routine.kind != "value")
        if value.kind != "value":
            raise UsageError("derivatives of tensors need the value", hint="kinds value,grad")
        yield self.routine(value, self.body(self.function.outputs))
        yield from (self._derived(routine, value.name) for routine in derivatives)

    def page(self, heading: Iterable[str], needed: Sequence[str], body: str) -> str:
        """Return a module under its docstring."""
        top = "\n".join(heading)
        lines = sorted(needed, key=lambda line: (line.startswith("from"), line))
        imports = "\n".join(line for line in lines if not line.startswith("def"))
        helpers = [f"\n{line}" for line in lines if line.startswith("def")]
        parts = [f'"""{top}\n"""', imports, *helpers, f"\n{body}"]
        return "\n\n".join(part for part in parts if part)

    def routine(self, routine: Routine, body: Body) -> str:
        """Return a function that returns a number, nested tuples or an array."""
        lines = [*self._broadcast(), *_blocks(body.lines)]
        lines.append(f"return {self._nested(body.results, routine.shape)}")
        result, many = self.target.types
        for _ in routine.shape:
            result = many.format(result)
        decorator = f"{self.target.quiet}\n" if self.target.quiet and body.has_choices else ""
        return decorator + self._definition(routine, result, lines)

    def _derived(self, routine: Routine, value: str) -> str:
        """Return a function that differentiates the value's."""
        template = self.target.derivatives.get(routine.kind)
        if template is None:
            raise LackError(f"{self.target.name} differentiates no tensors")
        if len(routine.wrt) < len(self.names):
            raise UsageError("wrt goes with formulas of numbers", hint="leave it out")
        places = ", ".join(str(place) for place, _ in enumerate(self.names))
        call = template.format(f=value, x=", ".join(self.parameters), places=places)
        return self._definition(routine, "tuple", [*self._broadcast(), f"return {call}"])

    def _definition(self, routine: Routine, result: str, lines: Iterable[str]) -> str:
        typed = [f"{name}: {self.target.types[0]}" for name in self.parameters]
        head = f"def {routine.name}({', '.join(typed)}) -> {result}:"
        if len(head) > WIDTH:
            inner = ",\n    ".join(typed)
            head = f"def {routine.name}(\n    {inner},\n) -> {result}:"
        text = "\n".join([f'"""Return {routine.meaning}."""', *lines])
        return f"{head}\n{indent(text, '    ')}"

    def _broadcast(self) -> Iterator[str]:
        """Yield the lines that make variables floats of one shape, which the results then have."""
        one, several = self.target.broadcast
        if len(self.names) > 1 and several and not self.function.has_tensors:
            yield several.format(x=", ".join(self.parameters))
        elif one:
            yield from (one.format(x=name) for name in self.parameters)

    def _nested(self, results: Sequence[str], shape: tuple[int, ...]) -> str:
        """Return the results as nested tuples, or stacked arrays."""
        if not shape:
            return results[0]
        step = prod(shape[1:])
        starts = range(0, len(results), step)
        parts = [self._nested(results[start : start + step], shape[1:]) for start in starts]
        inside = ", ".join(parts)
        if len(inside) > WIDTH - 16:
            inside = "\n" + indent(",\n".join(parts), "    ") + ",\n"
        elif not self.target.stack and len(parts) == 1:
            inside += ","
        return self.target.stack.format(inside) if self.target.stack else f"({inside})"


_MATHEMATICS = re.compile(r"\b(?:NAN|INFINITY|\w+(?=\())")
"""What C's header of mathematics defines: two constants, and functions."""


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

    def routine(self, routine: Routine, body: Body) -> str:
        """Return a function that returns a number, or writes several to ``out``."""
        typed = [f"double {name}" for name in self.parameters]
        if routine.shape:
            kind, typed = "void", [*typed, f"double out[{prod(routine.shape)}]"]
            last = [f"out[{place}] = {text};" for place, text in enumerate(body.results)]
        else:
            kind, last = "double", [f"return {body.results[0]};"]
        lines = [
            f"const {'int' if line.is_condition else 'double'} {line.name} = {line.text};"
            for line in body.lines
        ]
        inner = indent("\n".join([*lines, *last]), "    ")
        head = f"{kind} {routine.name}({', '.join(typed) or 'void'})"
        return f"// {routine.meaning[0].upper()}{routine.meaning[1:]}.\n{head}\n{{\n{inner}\n}}"


def _blocks(lines: Iterable[Line]) -> Iterator[str]:
    """Yield assignments, those under one condition in one block."""
    for held, group in groupby(lines, key=lambda line: line.held):
        assignments = [f"{line.name} = {line.text}" for line in group]
        if held is None:
            yield from assignments
        else:
            yield f"if {held}:"
            yield from (f"    {each}" for each in assignments)
