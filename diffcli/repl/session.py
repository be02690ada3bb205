"""One session: a line typed → a command of the program, with what has been defined so far."""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Protocol

from diffcli.errors import DiffcliError, UsageError
from diffcli.language.parser import parse
from diffcli.output.report import Report
from diffcli.repl.definitions import Call, Definitions, names, set_names
from diffcli.repl.words import separated, words

HELP = """\
x^2 + 3x             the derivative; --at 3 for its value, and every option of grad
let a = 3            a value; let alone lists what is defined
f(x) = a*sin(x)      a function: f(2), f'(2), f'', plot f
ans                  the last answer, where it is one number or one formula
plot sin(x)          any command with its options; help COMMAND tells them
?sin                 what a function is
help, exit           this page; leave, as Ctrl-D does
An open bracket goes on in the next line. Ctrl-C ends a computation.
"""
ANSWER = "ans"
_BARE, _EVALUATED, _PARTIAL = "grad", "eval", "partial"
_POINTS = ("--at", "--vector", "--directional", "--from", "--range")
"""The options whose numbers a session may have named."""
_NAMES = ("--wrt", "--vars", "--of")
"""The options that say what is a variable, whatever value it has."""
_UNCERTAIN = "±"
"""Stands between a number and its uncertainty."""


class Program(Protocol):
    """The command line, as far as a session needs it."""

    def run(self, typed: Sequence[str]) -> int:
        """Run a command line; return its exit code."""

    def names(self) -> Collection[str]:
        """Return the names of the commands."""

    def options(self, command: str) -> Mapping[str, bool]:
        """Return a command's options, and whether each takes a value."""

    def show_error(self, error: DiffcliError) -> None:
        """Write an error's message."""


@dataclass
class Session:
    """What has been defined, and the answers to what is typed."""

    program: Program
    definitions: Definitions = field(default_factory=Definitions)
    is_over: bool = False

    def answer(self, line: str) -> int:
        """Answer a line; return the exit code that the program would have had."""
        try:
            return self._answer(line.strip().removeprefix("diffcli "))
        except DiffcliError as error:
            self.program.show_error(error)
            return error.exit_code

    def note(self, report: Report) -> None:
        """Keep an answer under the name ``ans``, where it is one number or one formula."""
        found = _single(report)
        if found is not None:
            self.definitions.values[ANSWER] = found

    def _answer(self, line: str) -> int:
        if line.startswith("?"):
            return self._explain(line[1:].strip())
        typed = words(line)
        if not typed:
            return 0
        first = typed[0].text
        if first in self._own:
            return self._own[first](line.removeprefix(first).strip())
        if first in self.program.names():
            parted = separated(typed[1:], self.program.options(first))
            return self._run(first, parted.arguments, parted.options)
        parted = separated(typed, self.program.options(_BARE))
        return self._bare(parted.formula, parted.options)

    @property
    def _own(self) -> Mapping[str, Callable[[str], int]]:
        ends = dict.fromkeys(("exit", "quit"), self._end)
        return {"let": self._let, "help": self._explain, "repl": self._again, **ends}

    def _let(self, text: str) -> int:
        found = self.definitions.define(text) if text else list(self.definitions)
        if text and not found:
            raise UsageError("let takes a definition", hint="let a = 3, or let f(x) = x^2")
        return _write(found)

    def _explain(self, name: str) -> int:
        defined = [line for line in self.definitions if line.startswith((f"{name} ", f"{name}("))]
        if not name or defined:
            return _write(defined or [HELP.rstrip()])
        return self.program.run(
            [name, "--help"] if name in self.program.names() else ["functions", name]
        )

    def _again(self, _: str) -> int:
        raise UsageError("this is the repl already", hint="help says what it takes")

    def _end(self, _: str) -> int:
        self.is_over = True
        return 0

    def _bare(self, formulas: Sequence[str], options: Sequence[str]) -> int:
        """Answer what names no command: a definition, a call such as ``f'(2)``, or a formula."""
        if len(formulas) != 1:
            return self._run(_BARE, formulas, options)
        (formula,) = formulas
        if not options and (defined := self.definitions.define(formula)):
            return _write(defined)
        call = self.definitions.whole(formula)
        found = self._called(call) if call else None
        if found:
            command, body, more, parameters = found
            return self._run(command, [body], [*more, *options], parameters)
        expanded = self.definitions.expand(formula)
        _, named = self._points(options)
        given = self.definitions.needed([expanded], named | set_names(expanded))
        variables = parse(expanded, definitions=_definitions(given)).variables
        return self._run(_BARE if variables else _EVALUATED, [expanded], options)

    def _called(self, call: Call) -> tuple[str, str, list[str], tuple[str, ...]] | None:
        """Return the command that a call means, its formula, options and variables.

        ``f'(2)`` is a derivative at a point, so that it is proved there like any other; a call
        with variables in its arguments is a formula.
        """
        routine = self.definitions.routine(call.name)
        if routine is None or (call.order == 0 and call.arguments is None):
            return None
        order = ["--order", str(call.order)] if call.order else []
        command = _BARE if call.order else _EVALUATED
        if call.arguments is None:
            return command, routine.body, order, routine.parameters
        filled = [self._number(each) for each in call.arguments]
        is_point = len(filled) == len(routine.parameters) and all(filled)
        if not is_point or (call.order and len(filled) > 1):
            return None
        named = zip(routine.parameters, filled, strict=True)
        point = ",".join(f"{name}={value}" for name, value in named)
        return command, routine.body, [*order, "--at", point], routine.parameters

    def _number(self, text: str) -> str:
        """Return a constant with the session's names filled in; nothing where it isn't one."""
        filled = self._filled(text)
        return "" if parse(filled).variables else filled

    def _run(
        self,
        command: str,
        formulas: Sequence[str],
        options: Sequence[str],
        variables: Iterable[str] = (),
    ) -> int:
        """Run a command with what the session has defined; ``variables`` are none of it."""
        if "--let" not in self.program.options(command):
            return self.program.run([command, *options, *formulas])
        texts = [self._formula(formula) for formula in formulas]
        points, named = self._points(options)
        if command == _PARTIAL:
            named = named.union(formulas[1:])
        without = {*variables, *named}.union(*map(set_names, texts))
        given = _definitions(self.definitions.needed(texts, without))
        lets = [part for definition in given for part in ("--let", definition)]
        return self.program.run([command, *points, *lets, *texts])

    def _formula(self, text: str) -> str:
        call = self.definitions.whole(text)
        if call and call.arguments is None and call.name in self.definitions.routines:
            return self.definitions.routines[call.name].derivative(call.order)
        return self.definitions.expand(text)

    def _points(self, options: Sequence[str]) -> tuple[list[str], set[str]]:
        """Return options with numbers in place of names in points, and what the options name."""
        words, named = [], set[str]()
        for before, word in pairwise(["", *options]):
            option, _, text = word.partition("=") if word.startswith("--") else (before, "", word)
            if option in _NAMES:
                named |= names([text])
            if option not in _POINTS or not text:
                words.append(word)
                continue
            parts = [self._filled(part) for part in text.split(_UNCERTAIN)]
            named = named.union(*map(set_names, parts))
            words.append(word.removesuffix(text) + _UNCERTAIN.join(parts))
        return words, named

    def _filled(self, text: str) -> str:
        return self.definitions.filled(self.definitions.expand(text))


def _definitions(values: Mapping[str, str]) -> list[str]:
    return [f"{name} = {body}" for name, body in values.items()]


def _single(report: Report) -> str | None:
    """Return the one number of a report, or without a point the one formula."""
    if len(report.results) != 1:
        return None
    (result,) = report.results
    if result.at is None:
        formulas = [formula.text for formula in result.symbolic.values()]
        return formulas[0] if len(formulas) == 1 else None
    found = result.value if report.command == _EVALUATED else result.derivative
    if isinstance(found, Mapping) and len(found) == 1:
        (found,) = found.values()
    return repr(found) if isinstance(found, float) else None


def _write(lines: Iterable[str]) -> int:
    sys.stdout.writelines(f"{line}\n" for line in lines)
    return 0
