"""Whole files of code, and modules of Python: the bodies of functions with what is around them."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from math import prod
from textwrap import indent, wrap
from typing import Any, NamedTuple

from diffcli._version import __version__
from diffcli.errors import UsageError
from diffcli.export.closed_forms import ClosedRoutine, closed_routine, places_read
from diffcli.export.emitter import Body, Line
from diffcli.export.lowering import Lowering
from diffcli.export.routines import Routine, entries_of
from diffcli.export.target import Contents, LackError, Source, Target, Vector
from diffcli.language.expression import Node, unused
from diffcli.tensors.calculus.sizes import length_names, named_lengths

WIDTH = 88
_LONGEST = 2000
"""Characters of a formula in a heading at most."""


class Writer(ABC):
    """Writes the contents of a file in a language."""

    def __init__(self, target: Target, contents: Contents) -> None:
        self.target, self.contents = target, contents
        self.function, self.names = contents.function, contents.names
        self.routines = contents.routines

    @classmethod
    def written(cls, target: Target, contents: Contents) -> str:
        """Return the file, without a newline at its end.

        Raises LackError for what the language lacks, UsageError for what has no derivative,
        LimitError where a derivative swells.
        """
        return cls(target, contents).text()

    def text(self) -> str:
        """Return the file, as :meth:`written`."""
        if self.function.has_tensors and not self.target.has_tensors:
            raise LackError(f"{self.target.name} has no tensors")
        body = "\n\n\n".join(self.functions())
        needed = [line for word, line in self.target.imports.items() if word in body]
        return self.page(self.heading(), needed, body)

    def functions(self) -> Iterator[str]:
        """Yield each function."""
        entries = entries_of(self.function, self.routines)
        for routine in self.routines:
            yield self.routine(routine, self.body(routine.formulas(entries)))

    def body(self, roots: Sequence[Node]) -> Body:
        """Return the body of a function of some formulas."""
        known = self.target.calls.keys() | self.target.infix.keys()
        return Body(Lowering(known).lowered(roots), self.target, self.names)

    def heading(self) -> Iterator[str]:
        """Yield the lines that say what the file holds."""
        *definitions, formula = self.function.read_as.split("; ")
        own = f"{self.contents.name}({', '.join(self.function.variables)}) = {formula}"
        first = "; ".join([*definitions, own])
        first = first if len(first) <= _LONGEST else f"{first[:_LONGEST]} …"
        yield from wrap(first, WIDTH, subsequent_indent="    ", break_long_words=False)
        yield ""
        for routine in self.routines:
            yield self.described(routine)
        renamed = [f"{old} is {new}" for old, new in self.names.items() if old != new]
        if renamed:
            yield f"In the code {', '.join(renamed)}."
        for note in self.contents.notes:
            yield from wrap(f"Beware: {note}.", WIDTH, subsequent_indent="    ")
        yield f"Written by diffcli {__version__}."

    def described(self, routine: Routine) -> str:
        """Return what the heading says of a function."""
        return f"{routine.name} returns {routine.meaning}."

    @property
    def parameters(self) -> list[str]:
        """The names of the parameters."""
        return list(self.names.values())

    @abstractmethod
    def page(self, heading: Iterable[str], needed: Sequence[str], body: str) -> str:
        """Return the file of these parts."""

    @abstractmethod
    def routine(self, routine: Routine, body: Body) -> str:
        """Return one function."""


class PythonModule(Writer):
    """A module of Python, with numpy, torch or jax where the target says so."""

    def functions(self) -> Iterator[str]:
        """Yield each function; derivatives of tensors are closed forms, or by autograd."""
        if not self.function.has_tensors:
            yield from super().functions()
            return
        for routine in sorted(self.routines, key=lambda routine: routine.kind != "value"):
            if routine.kind == "value":
                yield self._value(routine)
                continue
            closed = closed_routine(self.function, routine.kind, routine.wrt)
            yield self._derived(routine) if closed is None else self._closed(routine, closed)

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
        lines = [*self._broadcast(), *Blocks().written(body.lines)]
        lines.append(f"return {self._nested(body.results, routine.shape)}")
        result, many = self.target.types
        for _ in routine.shape:
            result = many.format(result)
        decorator = f"{self.target.quiet}\n" if self.target.quiet and body.has_choices else ""
        return decorator + self._definition(routine, result, lines)

    def _value(self, routine: Routine) -> str:
        """Return the function of the value, of tensors whose lengths may have names."""
        said = self.function.said
        roots = [named_lengths(output, said.any_length) for output in self.function.outputs]
        sizes = places_read(roots, said.shapes, said.any_length)
        body, first = self._body_of(roots, sizes, length_names(roots, said.any_length))
        lines = [*self._broadcast(), *first, *Blocks().written(body.lines)]
        lines.append(f"return {self._nested(body.results, routine.shape)}")
        decorator = f"{self.target.quiet}\n" if self.target.quiet and body.has_choices else ""
        return decorator + self._definition(routine, self.target.types[1], lines)

    def _body_of(
        self,
        roots: Sequence[Node],
        places: Mapping[str, tuple[str, int]],
        lengths: Mapping[int, str],
    ) -> tuple[Body, list[str]]:
        """Return the body of formulas that take lengths, and the lines that read these."""
        taken = {*self.names.values()}
        own = {name: unused(name, taken) for name in places}
        names = {**self.names, **own}
        sizes = {
            length: re.sub(r"[^\W\d]\w*", lambda word: names.get(word[0], word[0]), text)
            for length, text in lengths.items()
        }
        known = self.target.calls.keys() | self.target.infix.keys()
        body = Body(Lowering(known).lowered(roots), self.target, names, sizes)
        first = [
            f"{own[name]} = {self.names[tensor]}.shape[{axis}]"
            for name, (tensor, axis) in places.items()
        ]
        return body, first

    def _closed(self, routine: Routine, closed: ClosedRoutine) -> str:
        """Return a function of the derivative's closed form, a tuple of its blocks."""
        body, first = self._body_of(closed.roots, closed.lengths, closed.names)
        lines = [*self._broadcast(), *first, *Blocks().written(body.lines)]
        width = len(closed.form.columns) if routine.kind == "hessian" else 1
        rows = [body.results[i : i + width] for i in range(0, len(body.results), width)]
        parts = [_tuple(row) if routine.kind == "hessian" else row[0] for row in rows]
        lines.append(f"return {_tuple(parts)}")
        decorator = f"{self.target.quiet}\n" if self.target.quiet and body.has_choices else ""
        return decorator + self._definition(routine, "tuple", lines, closed.taken)

    def _derived(self, routine: Routine) -> str:
        """Return a function that differentiates the value's."""
        template = self.target.derivatives.get(routine.kind)
        if template is None:
            raise LackError(f"{self.target.name} differentiates no tensors")
        value = next((routine.name for routine in self.routines if routine.kind == "value"), None)
        if value is None:
            raise UsageError("derivatives of tensors need the value", hint="kinds value,grad")
        if len(routine.wrt) < len(self.names):
            raise UsageError(
                "the derivative has no closed form, and autograd takes all variables",
                hint="leave out wrt",
            )
        positions = ", ".join(map(str, range(len(self.names))))
        call = template.format(f=value, x=", ".join(self.parameters), places=positions)
        return self._definition(routine, "tuple", [*self._broadcast(), f"return {call}"])

    def _definition(
        self, routine: Routine, result: str, lines: Iterable[str], more: str = ""
    ) -> str:
        typed = [f"{name}: {self.target.types[0]}" for name in self.parameters]
        head = f"def {routine.name}({', '.join(typed)}) -> {result}:"
        if len(head) > WIDTH:
            inner = ",\n    ".join(typed)
            head = f"def {routine.name}(\n    {inner},\n) -> {result}:"
        said = [f'"""Return {routine.meaning}.', "", *wrap(f"{more}.", WIDTH), '"""']
        text = "\n".join([*(said if more else [f'{said[0]}"""']), *lines])
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


class Blocks(NamedTuple):
    """How a language writes assignments: templates of a line, and of lines under a condition.

    ``declaration`` stands before a block whose names must be declared outside it.
    """

    line: str = "{name} = {text}"
    opening: str = "if {condition}:"
    inner: str = "    {name} = {text}"
    closing: str = ""
    declaration: str = ""

    def written(self, lines: Iterable[Line]) -> Iterator[str]:
        """Yield assignments, those under one condition in one block."""
        for condition, group in groupby(lines, key=lambda line: line.condition):
            together = list(group)
            if condition is None:
                yield from (
                    self.line.format(name=assignment.name, text=assignment.text)
                    for assignment in together
                )
                continue
            if self.declaration:
                yield self.declaration.format(", ".join(assignment.name for assignment in together))
            yield self.opening.format(condition=condition)
            yield from (
                self.inner.format(name=assignment.name, text=assignment.text)
                for assignment in together
            )
            if self.closing:
                yield self.closing


def _tuple(parts: Sequence[str]) -> str:
    """Return a tuple, over several lines where it is long."""
    inside = ", ".join(parts) + "," * (len(parts) == 1)
    if len(inside) > WIDTH - 16:
        inside = "\n" + indent(",\n".join(parts), "    ") + ",\n"
    return f"({inside})"


def bracketed_rows(results: Sequence[str], shape: tuple[int, ...], width: int = WIDTH - 16) -> str:
    """Return the results as nested lists in square brackets, on several lines where long."""
    if not shape:
        return results[0]
    step = prod(shape[1:])
    starts = range(0, len(results), step)
    parts = [bracketed_rows(results[start : start + step], shape[1:]) for start in starts]
    inside = ", ".join(parts)
    if len(inside) > width:
        inside = "\n" + indent(",\n".join(parts), "  ") + ",\n"
    return f"[{inside}]"


def modules(sources: Sequence[Source]) -> list[dict[str, Any]]:
    """Return what each of some modules of Python defines."""
    return [_module(source.text) for source in sources]


def _module(text: str) -> dict[str, Any]:
    defined: dict[str, Any] = {}
    exec(compile(text, "<exported>", "exec"), defined)  # noqa: S102  it holds nothing that was typed
    return defined


def array_rows(
    on_arrays: Callable[[Callable[..., Any], Sequence[Any]], Any],
) -> Callable[[Callable[..., Any], Routine, Sequence[Vector]], list[list[float]]]:
    """Return how a function of arrays is called at points of numbers, all at once."""

    def rows(
        function: Callable[..., Any], routine: Routine, points: Sequence[Vector]
    ) -> list[list[float]]:
        import numpy as np

        columns = [np.array(column) for column in zip(*points, strict=True)]
        numbers = np.asarray(on_arrays(function, columns), dtype=float)
        by_point: list[list[float]] = numbers.reshape(len(routine.indices), -1).T.tolist()
        return by_point

    return rows
