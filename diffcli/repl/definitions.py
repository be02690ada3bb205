"""The definitions of a session: values (``a = 3``) and functions (``f(x) = x^2``).

A value is passed on as a definition of the language. A function is none of the language's: its
calls are replaced by its formula, token by token, before the language reads the text.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import NamedTuple

from diffcli.errors import FormulaError
from diffcli.language.equations import split
from diffcli.language.functions import BY_NAME
from diffcli.language.latex.scan import scan
from diffcli.language.parser import parse
from diffcli.language.tokens import END, NAME, SUPERSCRIPT, Token
from diffcli.language.vocabulary import CALLABLE

_OPENING, _CLOSING = frozenset("([{"), frozenset(")]}")
_OPERATORS = frozenset({"and", "or", "not", "if", "else"})


class Routine(NamedTuple):
    """A function of the session: its parameters, and its formula as the language writes it."""

    parameters: tuple[str, ...]
    body: str

    def derivative(self, order: int) -> str:
        """Return the formula of a derivative; raise FormulaError where there is no closed one."""
        if order == 0:
            return self.body
        if len(self.parameters) != 1:
            raise FormulaError(
                f"a prime goes with one parameter, and there are {', '.join(self.parameters)}",
                hint="partial, or diff(f, x)",
            )
        (parameter,) = self.parameters
        return parse(f"diff({self.body}, {parameter}, {order})", declared=[parameter]).read_as


class Call(NamedTuple):
    """A function's name with primes and arguments, ``f'(2)``; without brackets they are None.

    ``end`` is the place of the token behind it.
    """

    name: str
    order: int
    arguments: tuple[str, ...] | None
    end: int


class _Head(NamedTuple):
    name: Token
    parameters: tuple[str, ...] | None
    length: int


@dataclass
class Definitions:
    """The values and the functions of a session, by name."""

    values: dict[str, str] = field(default_factory=dict)
    routines: dict[str, Routine] = field(default_factory=dict)

    def __iter__(self) -> Iterator[str]:
        """Yield each definition as it would be typed."""
        yield from (f"{name} = {body}" for name, body in self.values.items())
        for name, (parameters, body) in self.routines.items():
            yield f"{name}({', '.join(parameters)}) = {body}"

    def define(self, text: str) -> list[str]:
        """Take up ``name = formula``, ``name(x, y) = formula``, or several between ``;``.

        Return them as they were read; none where the text is anything else. Raises FormulaError
        where a formula can't be read, or a name can't be defined.
        """
        statements = [part for part in split(scan(text).tokens, ";") if part]
        heads = [head for part in statements if (head := _head(part))]
        if not heads or len(heads) < len(statements):
            return []
        return [
            self._define(head, text, text[part[head.length - 1].end : part[-1].end])
            for part, head in zip(statements, heads, strict=True)
        ]

    def _define(self, head: _Head, text: str, formula: str) -> str:
        name, parameters = head.name.text, head.parameters
        if parameters is not None and (name in CALLABLE or name in BY_NAME):
            raise _wrong(head.name, text, f"{name} is a function of the language")
        if name in self.values:
            formula = _substituted(formula, {name: self.values[name]})
        declared = {*self.values, *(parameters or ())}
        body = parse(self.expand(formula), declared=declared).read_as
        if parameters is not None:
            self.values.pop(name, None)
            self.routines[name] = Routine(parameters, body)
            return f"{name}({', '.join(parameters)}) = {body}"
        if name in names([body, *self.needed([body]).values()]):
            raise _wrong(head.name, text, f"{name} would be defined by itself")
        self.routines.pop(name, None)
        self.values[name] = body
        return f"{name} = {body}"

    def is_defined(self, name: str) -> bool:
        """Whether a name is a value or a function of the session."""
        return name in self.values or name in self.routines

    def forget(self, name: str) -> None:
        """Take back what a name means."""
        self.values.pop(name, None)
        self.routines.pop(name, None)

    def routine(self, name: str) -> Routine | None:
        """Return the function of a name: one of the session's, or of one argument in the table."""
        row = BY_NAME.get(name)
        known = Routine(("x",), f"{name}(x)") if row and row.arity == (1, 1) else None
        return self.routines.get(name, known)

    def whole(self, text: str) -> Call | None:
        """Return the call that a text is, where it is nothing else."""
        tokens = scan(text).tokens
        if tokens[0].kind != NAME or self.routine(tokens[0].text) is None:
            return None
        call = _call(text, tokens, 0)
        return call if tokens[call.end].kind == END else None

    def expand(self, text: str) -> str:
        """Return a text with the formulas of the session's functions in place of their calls.

        Raises FormulaError where a call doesn't fit its function.
        """
        tokens = scan(text).tokens
        parts: list[str] = []
        position = end = 0
        while tokens[position].kind != END:
            token = tokens[position]
            if token.kind != NAME or token.text not in self.routines:
                position += 1
                continue
            call = _call(text, tokens, position)
            parts += [text[end : token.start], "*" if _is_factor(tokens[:position]) else ""]
            parts.append(f"({self._called(call, token, text)})")
            position, end = call.end, tokens[call.end - 1].end
        return "".join([*parts, text[end:]])

    def _called(self, call: Call, token: Token, text: str) -> str:
        routine = self.routines[call.name]
        body = routine.derivative(call.order)
        if call.arguments is None:
            return body
        if len(call.arguments) != len(routine.parameters):
            listed = ", ".join(routine.parameters)
            raise _wrong(token, text, f"{call.name} takes {listed}", f"{call.name}({listed})")
        arguments = [self.expand(argument) for argument in call.arguments]
        if caught := set_names(body) & names(arguments):
            raise _wrong(token, text, f"{min(caught)} means something else inside {call.name}")
        return _substituted(body, dict(zip(routine.parameters, arguments, strict=True)))

    def needed(self, texts: Iterable[str], without: Collection[str] = ()) -> dict[str, str]:
        """Return the values that texts are made of, each after those that it is made of."""
        values: dict[str, str] = {}
        for name in sorted(names(texts) & self.values.keys() - set(without)):
            values |= self.needed([self.values[name]], without) | {name: self.values[name]}
        return values

    def filled(self, text: str) -> str:
        """Return a text with values in place of their names, for where no name is read."""
        values = self.needed([text])
        filled: dict[str, str] = {}
        for name, body in values.items():
            filled[name] = _substituted(body, filled)
        return _substituted(text, filled)


def names(texts: Iterable[str]) -> set[str]:
    """Return every name that stands in texts."""
    return {token.text for text in texts for token in scan(text).tokens if token.kind == NAME}


def set_names(text: str) -> set[str]:
    """Return the names that a text itself gives a value: ``x`` in ``x=3``."""
    tokens = scan(text).tokens
    return {
        token.text for token, after in pairwise(tokens) if token.kind == NAME and after.text == "="
    }


def _substituted(text: str, values: Mapping[str, str]) -> str:
    """Return a text with formulas, in brackets, in place of names."""
    parts: list[str] = []
    end = 0
    tokens = scan(text).tokens
    for token, after in pairwise(tokens):
        if token.kind == NAME and token.text in values and after.text != "=":
            parts += [text[end : token.start], f"({values[token.text]})"]
            end = token.end
    return "".join([*parts, text[end:]])


def _call(text: str, tokens: Sequence[Token], position: int) -> Call:
    """Read a function's name, primes and arguments."""
    name, end = tokens[position], position + 1
    while tokens[end].text == "'":
        end += 1
    order = end - position - 1
    if tokens[end].text == "**" or tokens[end].kind == SUPERSCRIPT:
        raise _wrong(name, text, f"a power of {name.text} has two readings", f"{name.text}(x)^2")
    if tokens[end].text != "(":
        return Call(name.text, order, None, end)
    depth, closing = 0, end
    while tokens[closing].kind != END:
        depth += (tokens[closing].text in _OPENING) - (tokens[closing].text in _CLOSING)
        if depth == 0:
            break
        closing += 1
    else:
        raise _wrong(tokens[end], text, "this bracket isn't closed", "add ')'")
    parts = split(tokens[end + 1 : closing], ",")
    arguments = tuple(text[part[0].start : part[-1].end] for part in parts if part)
    return Call(name.text, order, arguments, closing + 1)


def _head(statement: Sequence[Token]) -> _Head | None:
    """Return what stands before ``=`` where a statement is a definition."""
    if len(statement) < 3 or statement[0].kind != NAME:
        return None
    if statement[1].text == "=":
        return _Head(statement[0], None, 2)
    texts = [token.text for token in statement]
    if texts[1] != "(" or ")" not in texts:
        return None
    closing = texts.index(")")
    inside = statement[2:closing]
    is_list = all(token.kind == NAME for token in inside[::2]) and set(texts[3:closing:2]) <= {","}
    if len(inside) % 2 == 0 or not is_list or texts[closing + 1 : closing + 2] != ["="]:
        return None
    return _Head(statement[0], tuple(texts[2:closing:2]), closing + 2)


def _is_factor(before: Sequence[Token]) -> bool:
    """Whether a bracket behind these tokens would be a call of what is meant as a factor."""
    if not before or before[-1].kind != NAME:
        return False
    return before[-1].text not in CALLABLE and before[-1].text not in _OPERATORS


def _wrong(
    token: Token, text: str, message: str, hint: str = "choose another name"
) -> FormulaError:
    width = token.end - token.start
    return FormulaError(message, hint=hint, text=text, column=token.start, width=width)
