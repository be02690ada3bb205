"""Meanings of names: variables, definitions, functions, constants, products of letters."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from fractions import Fraction
from functools import cached_property
from typing import NamedTuple, Protocol

from diffcli.errors import DiffcliError, UsageError
from diffcli.language.expression import Node, constant, node, number, variable
from diffcli.language.functions import BY_NAME, Row
from diffcli.language.occurrences import Occurrences
from diffcli.language.spellings import CAPITALS, SPELLED, SPELLINGS
from diffcli.language.tensors import BY_TENSOR_NAME
from diffcli.language.tokens import GREEK_NAMES, NAME, Token
from diffcli.language.unknown import may_name
from diffcli.language.vocabulary import (
    BRACKETED,
    CALLABLE,
    CONSTANTS,
    ECHOED,
    FORMS,
    IMAGINARY,
    INFINITE,
    INTERNAL,
    LOG_WITH_BASE,
    LOWER,
    MATRIX,
    OF_LETTER,
    OF_ORDER,
    ORDERED,
    WOLFRAM,
    function_meant,
    refusal,
)

_BIG_LETTERS = {"Sigma": "sum", "Pi": "product"}
_OTHERWISE_IMAGINARY = "i is a variable: the imaginary unit needs --dtype complex128"
CAPITAL_PI = "Pi"
"""The name of π in Mathematica and Maple; the Greek letter Π is a variable, by its own sign."""
_SHORT = 3
"""Letters of a name that may be meant as a product."""
_UNIT = re.compile(r"[A-Za-z](?:_?[0-9]+)?")
"""A letter with an index, as those of ``x_1x_2``."""


class Routine(NamedTuple):
    """A function that the text defines: its parameters, and its formula in them."""

    parameters: tuple[str, ...]
    body: Node


class Fail(Protocol):
    """Makes the error that shows the place of a token."""

    def __call__(
        self, message: str, *, hint: str | None = None, token: Token | None = None
    ) -> DiffcliError:
        """Return the error."""


def natural_key(name: str) -> list[tuple[int, int | str]]:
    """Sort key by which ``x2`` comes before ``x10``."""
    if name[1:].isdecimal() and not name[0].isdigit():
        return [(1, name[0]), (0, int(name[1:]))]
    return [
        (0, int(part)) if part.isdigit() else (1, part)
        for part in re.split(r"([0-9]+)", name)
        if part
    ]


class Names:
    """The names of one request: what is declared, what is defined, what stands in the text.

    ``tokens`` are those of all its texts, each with its end.
    """

    def __init__(
        self,
        declared: Iterable[str],
        tokens: Sequence[Token],
        *,
        complex_numbers: bool = False,
        infinite: bool = False,
        readings: Iterable[str] = (),
        shapes: Mapping[str, tuple[int, ...]] | None = None,
        bold: Mapping[str, int] | None = None,
        unknowns: bool = False,
    ) -> None:
        self.declared = frozenset(declared)
        self.defined: dict[str, Node] = {}
        self.routines: dict[str, Routine] = {}
        """The functions that the text defines."""
        self.arities: dict[str, int] = {}
        """How many arguments each function takes that is only named."""
        self._unknowns = unknowns
        self.readings = list(readings)
        self.exact: dict[Node, Fraction] = {}
        """The exact values of constant nodes."""
        self.shapes = shapes or {}
        """The shapes of the values that the point gives."""
        self.bold = bold or {}
        """The names that LaTeX writes as vectors or matrices, by how many axes these have."""
        self.indices: dict[str, int] = {}
        """The indices of the sums and products around, with their values."""
        self.read_again = 0
        """How many tokens sums and products have read, once for each index."""
        self.constants = (
            CONSTANTS | (IMAGINARY if complex_numbers else {}) | (INFINITE if infinite else {})
        )
        self._in_text = Occurrences(tokens, unknowns=unknowns)
        self._in_square_brackets: set[str] = set()
        self.typed = self.declared | self._in_text.names
        """Every name of the request."""

    @cached_property
    def has_tensors(self) -> bool:
        """Whether the point gives a tensor, or the text writes a vector or a matrix."""
        is_typed = MATRIX in self._in_text.names
        return bool(self.bold) or is_typed or any(map(len, self.shapes.values()))

    def fix(self, wholes: Mapping[str, int]) -> None:
        """Let names in the bounds of sums and products be the numbers that the point gives."""
        for name in self._in_text.in_bounds & wholes.keys() if wholes else ():
            self.declared -= {name}
            self.defined[name] = number(wholes[name])
            self.echo(f"{name} is the whole number {wholes[name]} in the bounds, and no variable")

    def define_lengths(self, lengths: Mapping[str, int]) -> None:
        """Let the names of lengths be whole numbers. Raises UsageError for a variable's name."""
        if taken := sorted(self.declared & lengths.keys()):
            raise UsageError(
                f"{taken[0]} is a variable, and a length in --shapes",
                hint="give the length another name",
            )
        self.defined |= {name: number(length) for name, length in lengths.items()}

    def echo(self, reading: str) -> None:
        """Note a reading that another convention would have made differently."""
        if reading not in self.readings:
            self.readings.append(reading)

    def variable(self, name: str) -> Node:
        """Return the variable, or what is defined under its name."""
        return self.defined.get(name) or variable(name)

    def value(self, name: str) -> Node:
        """Return the variable, or what is defined or a constant under its name."""
        is_constant = name in self.constants and not self.is_value(name)
        return constant(self.constants[name]) if is_constant else self.variable(name)

    def is_value(self, name: str) -> bool:
        """Whether a name is declared or defined, whatever else it might mean."""
        return name in self.defined or name in self.declared

    def called_in_square_brackets(self, token: Token) -> str | None:
        """Return the function of a name such as ``Sin`` before a square bracket, if it is one."""
        name = token.text
        if self.is_value(name):
            return None
        if self.is_function(token) or name in WOLFRAM or name in SPELLINGS:
            self._in_square_brackets.add(name)
            return WOLFRAM.get(name, name)
        return LOWER.get(name.lower()) if len(name) > 1 and name[0].isupper() else None

    def powers_alone(self, name: str) -> bool:
        """Whether a name stands as an exponent wherever it stands."""
        return name not in self._in_text.outside_exponents

    def is_last_unknown(self, name: str) -> bool:
        """Whether every other variable of the request is declared."""
        return self._unknown <= {name}

    @cached_property
    def _unknown(self) -> frozenset[str]:
        known = self.declared.union(self.constants, CALLABLE)
        return self._in_text.typed_names - known

    def cannot_define(self, name: str) -> str | None:
        """Say why a name can't be defined now, if it can't."""
        if name in self.defined or name in self.routines:
            return f"{name} is defined twice"
        if name in self.declared:
            return f"{name} is a variable with a value of its own"
        return None

    def is_function(self, token: Token) -> bool:
        """Whether a name would be read as a function applied to what follows."""
        name = token.text
        if token.kind != NAME or name in self.declared or name in self._in_text.to_define:
            return False
        return name in self.routines or (
            name not in GREEK_NAMES
            and (name in CALLABLE or LOG_WITH_BASE.fullmatch(name) is not None)
        )

    def meaning(
        self, token: Token, *, called: bool, fail: Fail
    ) -> Row | str | Node | tuple[Token, ...]:
        """Return the row or form of a function, the node of a value, or the letters to multiply.

        ``called`` says that a bracket follows. Raises FormulaError for a name that is neither.
        """
        if self.indices and "_" in token.text:
            token = self._indexed(token, fail)
        name = token.text
        if (component := self._component(token, fail)) is not None:
            return component
        if name in self.routines and name not in self.defined:
            return "routine"
        if self.is_value(name):
            if name in self.constants or name in CALLABLE:
                self.echo(f"{name} is a variable here")
            return self.variable(name)
        if name.endswith(OF_ORDER):
            return "ordered"
        self._check_sign(token, fail)
        if name in INTERNAL:
            return INTERNAL[name]
        if name in self._in_text.to_define:
            raise fail(
                f"{name} is used before it is defined", token=token,
                hint=f"define it first; a value is given by --at {name}=3",
            )  # fmt: skip
        if called and name in SPELLED and not self._is_factor(name):
            return "spelled"
        is_call = name in CALLABLE or (name in BRACKETED and name not in self._in_text.alone)
        if self.is_function(token) or (called and is_call):
            return self._function(name)
        if name in self.constants:
            if name in ECHOED:
                self.echo(ECHOED[name])
            return constant(self.constants[name])
        if called:
            return self._called(token, fail)
        if name == CAPITAL_PI and token.end - token.start == len(CAPITAL_PI):
            self.echo("Pi is π; the capital letter is Π")
            return constant("pi")
        return self._plain(token, fail)

    def _check_sign(self, token: Token, fail: Fail) -> None:
        """Refuse the letters Σ and Π where they stand for the signs of a sum and a product."""
        letter, _, index = token.text.partition("_")
        is_letter = token.end - token.start == len(token.text) - len(letter) + 1
        if letter not in _BIG_LETTERS or not is_letter:
            return
        is_sign = token in self._in_text.before_factors
        if is_sign or (index and not index.isdigit()):
            raise fail(
                f"{letter} is a letter here, and no sign of a {_BIG_LETTERS[letter]}", token=token,
                hint="over a vector it is sum(x^2) or prod(x^2), over an index sum(i=1..5, x^i); "
                f"a variable of that name is declared with --vars {letter}",
            )  # fmt: skip

    @contextmanager
    def bound(self, index: str, value: int) -> Iterator[None]:
        """Let a name be the index of a sum or product, with this value, for a while."""
        indices, self.indices = self.indices, {**self.indices, index: value}
        with self.meant(index, number(value)):
            yield
        self.indices = indices

    @contextmanager
    def meant(self, name: str, value: Node) -> Iterator[None]:
        """Let a name mean something else for a while."""
        outer = self.defined.get(name)
        self.defined[name] = value
        yield
        if outer is None:
            del self.defined[name]
        else:
            self.defined[name] = outer

    def _indexed(self, token: Token, fail: Fail) -> Token:
        """Return the name with indices in its subscripts by their values: ``x_i`` is x_1."""
        name, *subscripts = token.text.split("_")
        if len(subscripts) == 1 < len(self.shapes.get(name, ())) == len(subscripts[0]):
            subscripts = list(subscripts[0])
        for axis, part in enumerate(subscripts):
            if len(part) == 2 and part not in self.indices and set(part) & self.indices.keys():
                raise fail(
                    f"{token.text} has an index inside its subscript", token=token,
                    hint=f"write {name}_{'_'.join(part)}, in LaTeX {name}_{{{','.join(part)}}}",
                )  # fmt: skip
            subscripts[axis] = str(self.indices.get(part, part))
        return token._replace(text="_".join([name, *subscripts]))

    def function_of(self, token: Token) -> Token:
        """Return a name before a bracket with the capitals that the table gives it: ``Max(0, x)``.

        Other names stay as they are.
        """
        name = token.text
        known = LOWER.get(name.lower())
        is_known = name in CALLABLE or name in BRACKETED or name in SPELLED
        if known is None or is_known or len(name) == 1 or name in self._in_text.to_define:
            return token
        if name in self.constants or self.is_value(name):
            return token
        if name not in CAPITALS:
            if name in self._in_text.alone:
                return token
            self.echo(f"{name} is the function {known}")
        return token._replace(text=known)

    def _is_factor(self, name: str) -> bool:
        """Whether a name before a bracket is multiplied, as a value or as letters that are."""
        if name in self._in_square_brackets or name in CALLABLE:
            return False
        values = self._in_text.alone | self.declared
        return name in self._in_text.alone or all(letter in values for letter in name)

    def _component(self, token: Token, fail: Fail) -> Node | None:
        """Return ``x_2`` as an entry where the point gives a vector x, ``A_{12}`` of a matrix."""
        name, *subscripts = token.text.split("_")
        shape = self.shapes.get(name, ())
        if not shape or not subscripts or self.is_value(token.text):
            return None
        if len(subscripts) == 1 < len(shape) == len(subscripts[0]):
            subscripts = list(subscripts[0])
        if len(subscripts) != len(shape) or not all(map(str.isdigit, subscripts)):
            return None
        indices = [int(part) - 1 for part in subscripts]
        if not all(0 <= index < size for index, size in zip(indices, shape, strict=True)):
            raise fail(
                f"{token.text} is no entry of {name}", token=token,
                hint=f"the point gives {' × '.join(map(str, shape))} numbers, counted from 1",
            )  # fmt: skip
        first = ",".join("1" * len(shape))
        self.echo(
            f"{name}_{{{first}}} is the first entry of {name}, {name}[{first.replace('1', '0')}]"
        )
        return node("index", variable(name), static=tuple(indices))

    def _function(self, name: str) -> Row | str:
        if name in FORMS:
            return FORMS[name]
        if name in BY_TENSOR_NAME:
            return "tensor"
        if name == "sinc":
            self.echo("sinc(x) is sin(x)/x, not normalised")
        return BY_NAME.get(name, "log_")

    def _called(self, token: Token, fail: Fail) -> Row | str | Node | tuple[Token, ...]:
        """Return what a name before a bracket means that is no function as it stands."""
        name = token.text
        if name in self._in_text.alone:
            return self._plain(token, fail)
        if len(name) > 1 and (letters := self._letters(token)):
            return letters
        if match := OF_LETTER.fullmatch(name):
            self.echo(f"{name}(x) is {ORDERED[match[1]]}({match[2]}, x)")
            return "ordered"
        if self._unknowns and may_name(name):
            return "unknown"
        raise fail(f"unknown function {name!r}", token=token, hint=function_meant(name))

    def _plain(self, token: Token, fail: Fail) -> Node | tuple[Token, ...]:
        """Return what a name alone means: one variable, or a product of letters."""
        name = token.text
        if refused := refusal(name):
            message, hint = refused
            raise fail(message, token=token, hint=hint)
        bare = name.replace("_", "")
        if bare != name and bare in self.declared:
            self.echo(f"{name} is the variable {bare}")
            return variable(bare)
        if name == "i":
            self.echo(_OTHERWISE_IMAGINARY)
        if len(name) == 1 or name in GREEK_NAMES:
            return variable(name)
        if letters := self._letters(token):
            return letters
        units = _UNIT.findall(name) if "".join(_UNIT.findall(name)) == name else []
        product = f"; the product is {'*'.join(units)}" if 1 < len(units) <= _SHORT else ""
        if product or name.isalpha():
            self.echo(f"{name} is one variable{product}")
        return variable(name)

    def _letters(self, token: Token) -> tuple[Token, ...] | None:
        """Cut a name into its letters, where each of them is a variable of its own.

        The ``e`` of ``xe^x`` is Euler's number.
        """
        name, values = token.text, self._in_text.alone | self.declared
        letters = name[:-1] if name in self._in_text.raised and name[-1] == "e" else name
        if not name.isalpha() or not all(letter in values for letter in letters):
            return None
        self.echo(f"{name} is the product {'*'.join(name)}")
        starts = range(token.start, token.start + len(name))
        return tuple(
            Token(NAME, letter, start, start + 1)
            for letter, start in zip(name, starts, strict=True)
        )
