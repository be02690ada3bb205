"""One session: a line typed → a command of the program, with what has been defined so far."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Protocol

from diffcli.errors import DiffcliError, UsageError
from diffcli.language.parser import parse
from diffcli.language.tokens import GREEK_NAMES, variable_name
from diffcli.language.vocabulary import CONSTANTS
from diffcli.output.report import Facts, Report
from diffcli.repl.definitions import Call, Definitions, names, set_names
from diffcli.repl.words import separated, words

HELP = """\
x^2 + 3x             the derivative; --at 3 for its value, and every option of grad
let a = 3            a value; let alone lists what is defined
f(x) = a*sin(x)      a function: f(2), f'(2), f'', plot f
del a, x =           take a value back; clear takes all
ans                  the last answer, where it is one number or one formula
plot sin(x)          any command with its options; help COMMAND tells them
?sin                 what a function is
help, exit           this page; leave, as Ctrl-D does
An open bracket goes on in the next line. Ctrl-C ends a computation.
"""
ANSWER = "ans"
OWN = ("let", "del", "clear", "help", "exit")
"""Commands of the session itself."""
_BARE, _EVALUATED, _PARTIAL = "grad", "eval", "partial"
_OF_A_DERIVATIVE = (_BARE, "check", "steps")
"""Commands for which a formula typed as a derivative is that derivative."""
_WITHOUT_VARIABLES = (_EVALUATED, "export", "graph", "profile")
"""Commands of formulas whose names may all have values."""
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

    def say(self, text: str) -> None:
        """Write a remark."""

    def choices(self, option: str) -> Collection[str]:
        """Return the values of an option that has a few, else none."""


@dataclass
class Session:
    """The definitions of a session, and the answers to its inputs."""

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

    def note(self, facts: Facts) -> None:
        """Keep an answer under the name ``ans``, where it is one number or one formula.

        After any other answer the name has no value.
        """
        single = _single(facts) if isinstance(facts, Report) else None
        if single is None:
            self.definitions.values.pop(ANSWER, None)
        else:
            self.definitions.values[ANSWER] = single

    def _answer(self, line: str) -> int:
        if line.startswith("?"):
            return self._explain(line[1:].strip())
        typed = words(line)
        if not typed:
            return 0
        first = typed[0].text
        if match := _WITHOUT_A_VALUE.fullmatch(line.removeprefix("let ").strip()):
            return self._forget(match[1])
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
        forgets = dict.fromkeys(("del", "clear", "unset"), self._forget)
        return {
            "let": self._let, "help": self._explain, "repl": self._again, **ends, **forgets,
        }  # fmt: skip

    def _let(self, text: str) -> int:
        definitions = self.definitions.define(text) if text else list(self.definitions)
        if text and not definitions:
            raise UsageError("let takes a definition", hint="let a = 3, or let f(x) = x^2")
        return _write(definitions)

    def _forget(self, text: str) -> int:
        """Take back the definitions of the names, or all where none is named."""
        known = {**self.definitions.values, **self.definitions.routines}
        typed = text.replace(",", " ").split() or list(known)
        for name in (variable_name(text) or text for text in typed):
            if name not in known:
                raise UsageError(f"{name} isn't defined", hint="let alone lists what is")
            self.definitions.forget(name)
        return 0

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
        command_line = self._called(call) if call else None
        if command_line:
            command, body, more, parameters = command_line
            return self._run(command, [body], [*more, *options], parameters)
        if call and call.order:
            self.program.say(f"{formula} is carried out first: the formula is that derivative")
        if not options and formula.isalpha() and formula.isascii() and len(formula) > 1:
            self._check_word(formula)
        expanded = self._formula(_BARE, formula)
        _, named = self._points(options)
        free = named | set_names(expanded) | set(_differentiated(expanded))
        given = self.definitions.needed([expanded], free)
        self._check_answer([expanded])
        variables = parse(expanded, definitions=_definitions(given)).variables
        return self._run(_BARE if variables else _EVALUATED, [expanded], options)

    def _check_word(self, word: str) -> None:
        """Raise UsageError for one word that has no meaning here."""
        if self.definitions.is_defined(word) or word in (*CONSTANTS, *GREEK_NAMES, ANSWER):
            return
        raise UsageError(
            f"{word} isn't defined, and no command",
            hint=f"let {word} = 3 defines it; as a formula: grad {word}; help lists what there is",
        )

    def _called(self, call: Call) -> tuple[str, str, list[str], tuple[str, ...]] | None:
        """Return the command that a call means, its formula, options and variables.

        ``f'(2)`` is a derivative at a point, so that it is proved there like any other, and
        ``f'(t)`` that of f(t); a call with other variables in its arguments is a formula.
        """
        routine = self.definitions.routine(call.name)
        if routine is None or (call.order == 0 and call.arguments is None):
            return None
        order = ["--order", str(call.order)] if call.order else []
        command = _BARE if call.order else _EVALUATED
        if call.arguments is None:
            return command, routine.body, order, routine.parameters
        filled = [self._number(argument) for argument in call.arguments]
        if call.order and filled == [""] and variable_name(call.arguments[0]):
            body = self.definitions.expand(f"{call.name}({call.arguments[0]})")
            return command, body, order, call.arguments
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
        texts = [self._formula(command, formula) for formula in formulas]
        points, named = self._points(options)
        if command == _PARTIAL:
            named = named.union(formulas[1:])
        self._check_answer(texts)
        without = {*variables, *named}.union(*map(set_names, texts))
        without |= self._freed(command, texts, without)
        given = _definitions(self.definitions.needed(texts, without))
        lets = [part for definition in given for part in ("--let", definition)]
        return self.program.run([command, *points, *lets, *texts])

    def _freed(self, command: str, texts: Sequence[str], without: Collection[str]) -> set[str]:
        """Return the names whose values are set aside, as what is differentiated in is free."""
        values = self.definitions.values.keys() - set(without)
        freed = values & {name for text in texts[:1] for name in _differentiated(text)}
        used = names(texts[:1])
        if not freed and command not in _WITHOUT_VARIABLES and used & values:
            given = self.definitions.needed(texts[:1], without)
            if not parse(texts[0], definitions=_definitions(given)).variables:
                freed = used & values & _USUAL or used & values
        for name in sorted(freed):
            self.program.say(
                f"{name} is free here: its value {self.definitions.values[name]} is set aside; "
                f"'del {name}' takes it back"
            )
        return freed

    def _check_answer(self, texts: Iterable[str]) -> None:
        """Raise UsageError where the last answer is named and there is none."""
        if ANSWER not in self.definitions.values and ANSWER in names(texts):
            raise UsageError(
                f"{ANSWER} has no value", hint="it has one after an answer of one number or formula"
            )

    def _formula(self, command: str, text: str) -> str:
        """Return a text without the session's functions; ``f'(x)`` alone as a derivative of f."""
        call = self.definitions.whole(text)
        if call is None or call.name not in self.definitions.routines:
            return self.definitions.expand(text)
        routine = self.definitions.routines[call.name]
        if call.order and command in _OF_A_DERIVATIVE and len(routine.parameters) == 1:
            (parameter,) = routine.parameters
            argument = parameter if call.arguments is None else variable_name(call.arguments[0])
            if argument is not None and len(call.arguments or "x") == 1:
                body = self.definitions.expand(f"{call.name}({argument})")
                return f"diff({body}, {argument}, {call.order})"
        return (
            routine.derivative(call.order)
            if call.arguments is None
            else self.definitions.expand(text)
        )

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


_WITHOUT_A_VALUE = re.compile(r"([^\W\d]\w*)\s*:?=")
_USUAL = frozenset("xyzt")
"""Names that are variables before other ones are."""


def _differentiated(text: str) -> tuple[str, ...]:
    """Return the variables of a derivative that a text is as a whole."""
    try:
        return parse(text, leaves_derivative=True).asked
    except DiffcliError:
        return ()


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
    value = result.value if report.command == _EVALUATED else result.derivative
    if isinstance(value, Mapping) and len(value) == 1:
        (value,) = value.values()
    return repr(value) if isinstance(value, float) else None


def _write(lines: Iterable[str]) -> int:
    sys.stdout.writelines(f"{line}\n" for line in lines)
    return 0
