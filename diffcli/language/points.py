"""Points as typed: exact values, read by the formula's own parser.

A value stays what was typed (0.1 is 1/10, ``pi/2`` is π/2) until an engine rounds it; domains,
poles and kinks are decided on the exact value.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import reduce
from itertools import product
from math import prod
from typing import TYPE_CHECKING, Self

from diffcli.errors import FormulaError, LimitError, PointError
from diffcli.language.application import listed
from diffcli.language.expression import VARIABLE, Node, postorder
from diffcli.language.latex.scan import scan
from diffcli.language.limits import MAX_AXES, MAX_POINTS
from diffcli.language.names import Names
from diffcli.language.parser import Parser, deep_recursion
from diffcli.language.tokens import END, NAME, Token
from diffcli.language.tokens import NUMBER as NUMERAL

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

#: What makes a whole tensor of numbers, with the least and most arguments it takes.
GENERATORS: Mapping[str, tuple[int, int]] = {
    "linspace": (3, 3),
    "arange": (1, 3),
    "ones": (1, 8),
    "zeros": (1, 8),
    "eye": (1, 2),
    "rand": (1, 8),
    "randn": (1, 8),
}

_EXAMPLES: Mapping[str, str] = {
    "linspace": "linspace(0,1,5)",
    "arange": "arange(5), or arange(0,1,1/4)",
    "ones": "ones(3), or ones(2,3)",
    "zeros": "zeros(3), or zeros(2,3)",
    "eye": "eye(3)",
    "rand": "rand(3), or rand(2,3)",
    "randn": "randn(3), or randn(2,3)",
}


@dataclass(frozen=True)
class Tensor:
    """A typed list: its shape, and its exact entries in row-major order."""

    shape: tuple[int, ...]
    entries: tuple[Node, ...]


@dataclass(frozen=True)
class Generated:
    """A tensor that is written as a call, such as ``linspace(0, 1, 5)``, whose entries are exact.

    Those of ``rand`` and ``randn`` are the floats that are drawn.
    """

    name: str
    arguments: tuple[Node, ...]


@dataclass(frozen=True, eq=False)
class Computed:
    """A tensor that a program computed: a numpy array of float64."""

    numbers: NDArray[np.float64]


Value = Node | Tensor | Generated | Computed


class Rounded(float):
    """A float that stands for a constant as typed, ``exact``, which isn't a float itself."""

    exact: Node

    def __new__(cls, value: float, exact: Node) -> Self:
        """Return the float; the caller must have rounded the constant to it."""
        rounded = super().__new__(cls, value)
        rounded.exact = exact
        return rounded

    def __reduce__(self) -> tuple[type[Rounded], tuple[float, Node]]:
        return Rounded, (float(self), self.exact)

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Rounded) and self.exact == other.exact and float(self) == float(other)
        )

    def __hash__(self) -> int:
        return super().__hash__()


@dataclass(frozen=True)
class Point:
    """Each variable's value, as typed."""

    values: Mapping[str, Value]


@dataclass(frozen=True)
class Typed:
    """A point before its values without a name are given to the variables in order."""

    named: Mapping[str, Value] = field(default_factory=dict)
    ordered: tuple[Value, ...] = ()

    def bind(self, variables: Sequence[str], defined: Mapping[str, Node] | None = None) -> Point:
        """Give each variable its value; a name may be ``defined`` with the value it has here.

        Raises PointError where a variable has none, or a value has no variable.
        """
        if len(self.ordered) > len(variables):
            raise PointError(
                f"{len(self.ordered)} value{'s' * (len(self.ordered) > 1)} for "
                f"{listed_variables(variables)}",
                hint=_as_product(variables, len(self.ordered))
                or (
                    "one value a variable; a vector is typed [1,2,3]"
                    if variables
                    else "leave out the point"
                ),
            )
        values = dict(zip(variables, self.ordered, strict=False)) | {
            name: value
            for name, value in self.named.items()
            if not (defined and name not in variables and defined.get(name) is value)
        }
        twice = [name for name in variables[: len(self.ordered)] if name in self.named]
        if twice:
            raise PointError(f"{twice[0]} has two values", hint="name every value: x=3,y=4")
        missing = [name for name in variables if name not in values]
        if missing:
            example = ",".join(f"{name}=…" for name in missing[:_MOST_NAMED])
            raise PointError(
                f"no value for {listed_names(missing)}",
                hint=f"the variables are {listed_names(variables)}; add --at {example}",
            )
        known = set(variables)
        foreign = [name for name in values if name not in known]
        if foreign:
            raise PointError(
                f"{listed_names(foreign)} {'are' if foreign[1:] else 'is'} not in the formula",
                hint=f"its variables are {listed_names(variables)}"
                if variables
                else "it has no variables",
            )
        return Point({name: values[name] for name in variables})


def _as_product(variables: Sequence[str], count: int) -> str:
    """Return the remedy where a name of several letters was meant as their product, else none."""
    letters = dict.fromkeys("".join(variables))
    long = [name for name in variables if len(name) > 1]
    if not long or len(letters) != count or not all(map(str.isalpha, letters)):
        return ""
    return f"{long[0]} was read as one name; for the product write {'*'.join(long[0])}"


def listed_names(names: Sequence[str]) -> str:
    """Return names as a message lists them: the first ones and the last."""
    shown = names if len(names) <= _MOST_NAMED else [*names[: _MOST_NAMED - 1], "…", names[-1]]
    return ", ".join(shown)


_MOST_NAMED = 10
"""Names that a message lists."""


def listed_variables(variables: Sequence[str]) -> str:
    """Return variables as a message counts and lists them."""
    if not variables:
        return "a formula without variables"
    plural = "s" if len(variables) > 1 else ""
    return f"the {len(variables)} variable{plural} {listed_names(variables)}"


def read_points(texts: Sequence[str]) -> tuple[Typed, ...]:
    """Read the texts of ``--at``: points separated by ``;``, texts merged into each other.

    Raises PointError where a text can't be read or a variable is given twice, LimitError where
    there are too many.
    """
    alternatives = [Reader(text).points() for text in texts]
    check_count(prod(map(len, alternatives)))
    return tuple(reduce(_merge, chosen, Typed()) for chosen in product(*alternatives))


def check_count(points: int) -> None:
    """Raise LimitError at more points than one command answers."""
    if points > MAX_POINTS:
        raise LimitError(
            f"more than {MAX_POINTS:,} points",
            hint="diffcli batch takes a file of any length, linspace(0,1,n) a vector",
        )


def _merge(first: Typed, second: Typed) -> Typed:
    twice = first.named.keys() & second.named.keys()
    if twice:
        raise PointError(f"{min(twice)} has two values", hint="several points are separated by ';'")
    return Typed({**first.named, **second.named}, (*first.ordered, *second.ordered))


class Reader:
    """Reads one text of values; every error is a PointError."""

    def __init__(self, text: str) -> None:
        self.text = text
        with point_errors():
            tokens = scan(text).tokens
        self.parser = Parser(text, tokens, Names((), (), infinite=True, complex_numbers=True))
        self.depth = 0

    def points(self) -> list[Typed]:
        """Read points separated by semicolons."""
        points: list[Typed] = []
        with point_errors():
            while True:
                points.append(self.point())
                check_count(len(points))
                if not self.parser.accept(";") or self.parser.token.kind == END:
                    break
            self.finish()
        return points

    def finish(self) -> None:
        """Refuse what is left of the text."""
        if self.parser.token.kind != END:
            raise self.parser.unexpected()

    def point(self) -> Typed:
        """Read one point: values, with names or in order."""
        named: dict[str, Value] = {}
        ordered: list[Value] = []
        while True:
            token, name = self.parser.token, self.name()
            if name is None:
                ordered.append(self.value())
            elif name in named:
                raise self.parser.fail(
                    f"{name} has two values", token=token, hint="several points: x=1;x=2"
                )
            else:
                named[name] = self.value()
            if not self.parser.accept(","):
                return Typed(named, tuple(ordered))

    def name(self) -> str | None:
        """Read ``name =``, or ``name' =`` of a rate, if that is what stands here."""
        primes = 0
        while self.parser.peek(primes + 1).text == "'":
            primes += 1
        if self.parser.token.kind != NAME or self.parser.peek(primes + 1).text != "=":
            return None
        name = self.parser.token.text + "'" * primes
        self.parser.position += primes + 2
        return name

    def value(self) -> Value:
        """Read a number, a list, or what makes a tensor."""
        token = self.parser.token
        if token.text == "[":
            return self.tensor()
        if token.text in GENERATORS and self.parser.peek().text == "(":
            return self.generated(self.parser.advance())
        return self.constant()

    def tensor(self) -> Tensor:
        """Read a list, of lists or of numbers."""
        opener = self.parser.advance()
        rows: list[Value] = []
        self.depth += 1
        if self.depth > MAX_AXES:
            raise PointError(f"a list of more than {MAX_AXES} axes", hint="[[1,2],[3,4]] has two")
        while not self.parser.at("]"):
            rows.append(self.value())
            if not self.parser.accept(","):
                break
        self.depth -= 1
        self.parser.expect("]", after=opener)
        shapes = {row.shape if isinstance(row, Tensor) else () for row in rows}
        if len(shapes) != 1 or any(isinstance(row, Generated) for row in rows):
            problem = "rows of different lengths" if rows else "an empty list"
            raise self.parser.fail(problem, token=opener, hint="a matrix: [[1,2],[3,4]]")
        entries = [row.entries if isinstance(row, Tensor) else (row,) for row in rows]
        flat = [entry for row in entries for entry in row if isinstance(entry, Node)]
        return Tensor((len(rows), *shapes.pop()), tuple(flat))

    def generated(self, name: Token) -> Generated:
        """Read a call that makes a tensor, whose name was read."""
        least, most = GENERATORS[name.text]
        arguments = self.parser.inside(self.parser.advance(), lambda: listed(self.parser))
        if not least <= len(arguments) <= most:
            error = self.parser.build.arity(name.text, least, most, len(arguments), name)
            error.hint = f"as in {_EXAMPLES[name.text]}"
            raise error
        return Generated(name.text, tuple(self.check(node, name) for node in arguments))

    def constant(self) -> Node:
        """Read a number without variables."""
        token = self.parser.token
        if token.kind == END or token.text in ",;":
            raise self.parser.fail("a value is missing", token=token, hint="x=3, pi/4, [1,2,3]")
        self.check_uncertainty()
        return self.check(self.parser.build.real(self.parser.expression()), token)

    def check_uncertainty(self) -> None:
        """Refuse ``1.000(2)``, which isn't a product but a number with its uncertainty."""
        ahead = [self.parser.peek(offset) for offset in range(1, 5)]
        number = ahead.pop(0) if self.parser.at("+", "-") else self.parser.token
        opener, inner, closer = ahead[:3]
        brackets = (opener.text, closer.text) == ("(", ")") and not opener.spaced
        if number.kind == inner.kind == NUMERAL and brackets:
            typed = self.text[number.start : closer.end]
            raise self.parser.fail(
                f"{typed} is a number with the uncertainty of its last digits", token=number,
                hint="diffcli uncertainty reads it; here the number stands alone, and a product "
                f"is {number.text}*{inner.text}",
            )  # fmt: skip

    def check(self, value: Node, token: Token) -> Node:
        """Refuse a value with a variable in it."""
        for node in postorder([value]):
            if node.op == VARIABLE:
                raise self.parser.fail(
                    f"{node.value} has no value here", token=token,
                    hint="values are numbers and constants, as in x=3,y=pi/4",
                )  # fmt: skip
        return value


@contextmanager
def point_errors() -> Iterator[None]:
    """Raise errors of formulas as errors of points."""
    try:
        with deep_recursion():
            yield
    except FormulaError as error:
        raise PointError(
            error.message,
            hint=error.hint,
            text=error.text,
            column=error.column,
            width=error.width,
        ) from None
