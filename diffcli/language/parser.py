"""Text → Function: definitions, and the formulas they lead to.

:func:`parse` reads a request. The expressions themselves are read by
:class:`diffcli.language.pratt.Pratt`.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache, partial
from itertools import pairwise

from diffcli.clock import uncollected
from diffcli.errors import LimitError
from diffcli.language.calls import defined_function
from diffcli.language.declarations import NOTHING_SAID, Declarations
from diffcli.language.expression import (
    INTEGRAL_SIGN,
    VARIABLE,
    IntegralOp,
    Integrand,
    Node,
    names_in,
    postorder,
)
from diffcli.language.function import NOTHING, Function, Given
from diffcli.language.grammar import Grammar
from diffcli.language.latex.scan import scan
from diffcli.language.limits import (
    LEAST_REPEATED,
    MAX_DEPTH,
    MAX_NESTING,
    MAX_NODES,
    MAX_REPEATED,
    MAX_ROWS,
)
from diffcli.language.names import Names, natural_key
from diffcli.language.pratt import BRACKETS
from diffcli.language.repetition import RepeatedRows
from diffcli.language.tokens import END, NAME, NUMBER, SIGN, Token

_UNAMBIGUOUS = {r"\blog\(": "ln(", r"\btau\b": "(2*pi)"}
"""How what is printed is typed such that it has one reading."""
_NAMES = ("F", "G", "H")
"""Names for a formula that has a function f in it."""
MAX_CACHED = 1024
"""Integrands that are kept; they are typed."""


def parse(
    text: str | Sequence[str],
    *,
    variables: Sequence[str] = (),
    declared: Iterable[str] = (),
    definitions: Sequence[str] = (),
    complex_numbers: bool = False,
    leaves_derivative: bool = False,
    unknowns: bool = False,
    given: Given = NOTHING,
    said: Declarations = NOTHING_SAID,
) -> Function:
    """Read one formula, or several as the outputs of one Function.

    ``variables`` come first in the order of the variables, then the arguments of ``f(x, y) = …``,
    and the others in natural order (``x2`` before ``x10``). These names and those ``declared`` are
    variables whatever else they might mean. ``definitions`` (``"y = x + 2"``) are read first. With
    ``complex_numbers``, ``i`` and ``I`` are the imaginary unit. With ``leaves_derivative``, a first
    text that is a derivative (``d/dx x^2``) is read as what it differentiates. With ``unknowns``,
    ``f(x)`` is a function that is only named. ``given`` is what
    the point says of the names, which LaTeX's products and sums depend on; ``said`` what is said
    of them beside the formula, in which the names of lengths are whole numbers. Raises FormulaError
    where the text can't be read, LimitError where it is too large.
    """
    texts = (text,) if isinstance(text, str) else tuple(text)
    first = tuple(dict.fromkeys(variables))
    declared = frozenset({*first, *declared, *said.names})
    outputs: list[Node] = []
    with deep_recursion():
        if not definitions and (repetition := _repetition(texts, declared, complex_numbers)):
            rest = sorted(repetition.names, key=natural_key)
            variables = tuple(dict.fromkeys([*first, *rest]))
            return Function(texts, repetition, variables, readings=repetition.readings)
        scans = [scan(part, declared) for part in (*definitions, *texts)]
        arguments = [
            name
            for scanned in scans[len(definitions) :]
            if not goes_on(scanned.tokens)
            for name in signature(scanned.tokens)
        ]
        first = tuple(dict.fromkeys([*first, *arguments]))
        names = Names(
            declared.union(arguments, *(scanned.words for scanned in scans)),
            [token for scanned in scans for token in scanned.tokens],
            complex_numbers=complex_numbers,
            readings=[reading for scanned in scans for reading in scanned.readings],
            shapes={**given.shapes, **said.shapes},
            bold={name: rank for scanned in scans for name, rank in scanned.vectors},
            unknowns=unknowns,
        )
        names.define_lengths(said.lengths)
        names.fix({name: given.wholes[name] for name in given.wholes if name not in first})
        parsers = [
            Parser(part, scanned.tokens, names)
            for part, scanned in zip((*definitions, *texts), scans, strict=True)
        ]
        for parser in parsers[: len(definitions)]:
            parser.definitions_alone()
        formulas = parsers[len(definitions) :]
        for parser in formulas[:1]:
            parser.leaves_derivative = leaves_derivative
        for parser in formulas:
            outputs.extend(parser.entries())
    nodes = postorder(outputs)
    if len(nodes) > MAX_NODES:
        raise LimitError(
            f"the formula has {len(nodes):,} terms", hint=f"at most {MAX_NODES:,} are read"
        )
    asked = formulas[0].asked if formulas else ()
    used = {str(node.value) for node in nodes if node.op == VARIABLE}.union(asked)
    if used and used.isdisjoint(arguments):
        # In ``H(X) = …`` X is no variable where the formula has others and the point names none.
        first = tuple(name for name in first if name in used or name in declared)
    ordered = (*first, *sorted(used - set(first), key=natural_key))
    return Function(
        text=texts,
        outputs=tuple(outputs),
        variables=ordered,
        definitions=tuple(names.defined.items()),
        readings=tuple(names.readings),
        asked=asked,
        called=_called(formulas, ordered, names.arities),
        said=said,
    )


@lru_cache(MAX_CACHED)
def integrand_named(op: str) -> Integrand:
    """Return what an integral's operation integrates, by the operation's name."""
    if isinstance(op, IntegralOp):
        return op.integrand
    names, _, text = op.removeprefix(INTEGRAL_SIGN).strip().partition(": ")
    name, *parameters = names.split(",")
    (body,) = parse(text, variables=(name, *parameters)).outputs
    return Integrand(body, name, tuple(parameters))


def unambiguous(function: Function) -> str | None:
    """Return how a Function is typed such that it has one reading; None where there is no way."""
    text = function.read_as
    for printed, typed in _UNAMBIGUOUS.items():
        text = re.sub(printed, typed, text)
    return None if parse(text, variables=function.variables).readings else text


def _repetition(
    texts: Sequence[str], declared: frozenset[str], complex_numbers: bool
) -> RepeatedRows | None:
    """Return texts whose rows repeat, unless they are beyond the limits."""
    size = sum(map(len, texts))
    if not LEAST_REPEATED <= size <= MAX_REPEATED:
        return None
    from diffcli.language.skeletons import read

    repetition = read(texts, declared, partial(Names, declared, complex_numbers=complex_numbers))
    if repetition is None or repetition.length > MAX_ROWS or repetition.size > MAX_NODES:
        return None
    return repetition


def _called(formulas: Sequence[Parser], variables: Sequence[str], unknowns: Collection[str]) -> str:
    """Return the name of the first formula: ``f`` where none was typed, or only a variable's.

    A function that is only named has its name for itself.
    """
    names = [parser.called for parser in formulas]
    name = names[0] if names and names[0] not in variables else "f"
    return next((candidate for candidate in (name, *_NAMES) if candidate not in unknowns), name)


def signature(tokens: Sequence[Token]) -> list[str]:
    """Return the arguments of ``f(x, y) =``, if the tokens begin so."""
    if len(tokens) < 5 or tokens[0].kind != NAME or tokens[1].text != "(":
        return []
    position, arguments = 2, list[str]()
    while tokens[position].kind == NAME:
        arguments.append(tokens[position].text)
        position += 1
        if tokens[position].text != ",":
            break
        position += 1
    ends = [token.text for token in tokens[position : position + 2]]
    return arguments if ends == [")", "="] else []


def goes_on(tokens: Sequence[Token]) -> bool:
    """Whether something stands behind the first statement."""
    depth = 0
    for token, after in pairwise(tokens):
        depth += (token.text in BRACKETS) - (token.text in BRACKETS.values())
        if token.text == ";" and depth <= 0:
            return after.kind != END
    return False


@contextmanager
def deep_recursion() -> Iterator[None]:
    """Let the parser reach its own depth limits, which are what a user should meet.

    The garbage collector waits meanwhile: what is made holds no cycles, and is held itself.
    """
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(max(limit, 16 * (MAX_DEPTH + MAX_NESTING)))
    try:
        with uncollected():
            yield
    finally:
        sys.setrecursionlimit(limit)


class Parser(Grammar):
    """Reads one text of a request: definitions, then the formulas wanted."""

    called = "f"
    """The name that was typed for the formula wanted."""

    def definitions_alone(self) -> None:
        """Read a text that only defines names, as ``--let`` takes."""
        while self.token.kind != END:
            if not self.definition(alone=True):
                raise self.fail("a definition is name = formula", token=self.token, hint="y = x+2")

    def entries(self) -> list[Node]:
        """Read the formulas wanted, those of a typed matrix entry by entry."""
        return self.outputs() if self.linear is None else self.linear.outputs(self.outputs())

    def outputs(self) -> list[Node]:
        """Read definitions, then the formula or the list of formulas that is wanted."""
        while self.definition():
            pass
        self.skip_signature()
        self.formula_start = self.position
        if self.token.kind == END:
            return [self.build.real(self.named_formula())]
        closer = self.list_closer()
        if closer is not None:
            self.open.append(self.advance().text)
        outputs = [self.build.real(self.expression())]
        while self.accept(","):
            if closer is not None and self.position == closer:
                break
            if closer is None:
                self.check_decimal_comma()
            outputs.append(self.build.real(self.expression()))
        if len(outputs) > 1:
            self.called = "f"
        if closer is not None:
            self.expect(BRACKETS[self.open.pop()], after=self.tokens[0])
        self.accept(";")
        if self.token.kind != END:
            raise self.unexpected()
        return outputs

    def skip_signature(self) -> None:
        """Go past ``f(x) =``, where the formula wanted has a name."""
        arguments = signature(self.tokens[self.position :])
        if not arguments:
            return
        self.called = self.advance().text
        called = f"{self.called}({', '.join(arguments)})"
        self.position += 2 * len(arguments) + 2
        self.names.echo(f"{called} is the name of the formula after '='")

    def named_formula(self) -> Node:
        """Return what a text of definitions alone defines last: ``y = 3x + 2``."""
        name, value = next(reversed(self.names.defined.items()), ("", None))
        varies = value is not None and names_in([value])
        if not self.position or value is None or not varies:
            problem = "definitions, and no formula" if self.position else "the formula is empty"
            raise self.fail(
                problem, token=self.token, hint='try "x^2 + 1", or "y = x + 2; y^2"; '
                "a value is given by --at x=3",
            )  # fmt: skip
        self.names.echo(f"{name} is the name of the formula after '='")
        self.called = name
        return value

    def check_decimal_comma(self) -> None:
        """Refuse ``3,5x`` and ``1,000``, which outside brackets has more than one reading."""
        before, comma, after = self.peek(-2), self.peek(-1), self.token
        if before.kind != NUMBER or after.kind != NUMBER or before.end + 1 != after.start:
            return
        thousands = f", or {before.text}{after.text}" if len(after.text) == 3 else ""
        raise self.fail(
            "a comma between digits has several readings", token=comma,
            hint=f"a number: {before.text}.{after.text}{thousands}; "
            f"several formulas: [{before.text}, {after.text}]",
        )  # fmt: skip

    def definition(self, *, alone: bool = False) -> bool:
        """Read ``name = formula;`` or ``f(x) = formula;`` if that is what stands here."""
        rest = self.tokens[self.position :]
        parameters = signature(rest)
        if parameters and (alone or goes_on(rest)):
            defined_function(self, parameters)
            self._end_definition()
            return True
        if self.token.kind != NAME or self.peek().text != "=":
            return False
        name = self.advance()
        self.advance()
        self.formula_start = self.position
        if problem := self.names.cannot_define(name.text):
            raise self.fail(problem, token=name, hint="choose another name")
        value = self.expression()
        self._end_definition()
        self.names.defined[name.text] = value
        return True

    def _end_definition(self) -> None:
        if not self.accept(";") and self.token.kind != END:
            raise self.unexpected()

    def list_closer(self) -> int | None:
        """Where the bracket closes that holds the whole rest as a list ``[f, g]`` or ``(f, g)``."""
        if not self.at("[", "("):
            return None
        depth, comma = 0, self.at("[")
        for index in range(self.position, len(self.tokens)):
            text = self.tokens[index].text if self.tokens[index].kind == SIGN else ""
            depth += (text in ("(", "[")) - (text in (")", "]"))
            comma = comma or (text == "," and depth == 1)
            if depth == 0:
                last = self.tokens[index + 1].kind == END or self.tokens[index + 1].text == ";"
                return index if comma and last else None
        return None
