"""Equations: ``x^2 + y^2 = 25``, a system ``[x + y = 1, x*y = z]``, with definitions before it.

What stands on either side of a sign of equality is a formula of the language, read by the one
parser; all sides share their names.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from diffcli.errors import FormulaError
from diffcli.language.expression import CONSTANT, Node, node, number
from diffcli.language.function import NOTHING, Function, Given
from diffcli.language.functions import TABLE
from diffcli.language.latex.scan import scan
from diffcli.language.parser import parse
from diffcli.language.printer import text_of
from diffcli.language.tokens import END, NAME, Token, is_latex

_SIGNS = ("=", "==")
_SIGNS_WITH_BOUNDS = frozenset("∑∏")
_OPENING = {"(": ")", "[": "]", "{": "}"}
_EXAMPLE = "x^2 + y^2 = 25"


@dataclass(frozen=True)
class Residuals(Function):
    """Equations as outputs, left − right for each, which is 0 where the equation holds."""

    sides: tuple[tuple[Node, Node], ...] = ()

    @cached_property
    def read_as(self) -> str:
        """The equations as they were read."""
        euler = "E" if "e" in self.variables else "e"
        texts = [
            text_of(pair[0].args[1], euler=euler)
            if is_indicator(pair[0])
            else " = ".join(text_of(side, euler=euler) for side in pair)
            for pair in self.sides
        ]
        return texts[0] if len(texts) == 1 else f"[{', '.join(texts)}]"


@dataclass(frozen=True)
class Equations:
    """Equations that have been read.

    ``sides`` are each one's left and right side; ``function`` has an output for each, which is 0
    where the equation holds: left − right.
    """

    sides: tuple[tuple[Node, Node], ...]
    function: Residuals

    @property
    def read_as(self) -> str:
        """The equations as they were read."""
        return self.function.read_as


def is_equation(text: str) -> bool:
    """Whether a text says that two formulas are equal, rather than being a formula.

    Raises FormulaError where it can't be cut into tokens.
    """
    return any(len(signs) > 0 for *_, signs in _cut(text)[1])


def is_indicator(output: Node) -> bool:
    """Whether a formula is a condition, which is read as 1 where it holds and 0 elsewhere."""
    return (
        output.op == "piecewise"
        and len(output.args) == 4
        and output.args[0] is number(1)
        and output.args[2] is number(0)
        and output.args[3].op == CONSTANT
    )


def is_implicit(text: str) -> bool:
    """Whether a text is an equation that doesn't define a function, as ``y = f(x)`` does.

    Raises FormulaError where it can't be cut into tokens.
    """
    statements = [statement for statement in split(scan(text).tokens, ";") if statement]
    last = statements[-1] if statements else []
    if last and (last[0].text, last[-1].text) == ("[", "]"):
        return any(token.text == "=" for token in _outside(last[1:-1]))
    signs = [token.start for token in _outside(last) if token.text == "="]
    if not signs:
        return False
    sign = [token.start for token in last].index(signs[0])
    left, right = last[:sign], last[sign + 1 :]
    names = [token.text for token in left if token.kind == NAME]
    is_name = len(left) == 1 and len(names) == 1
    is_call = len(left) > 3 and left[0].kind == NAME and _is_call(left)
    used = {token.text for token in right}
    return not (is_name or is_call) or names[0] in used


def _is_call(tokens: Sequence[Token]) -> bool:
    """Whether tokens are a new function's name, and names in one bracket with commas."""
    inner = tokens[2:-1]
    return (
        tokens[0].text not in TABLE
        and (tokens[1].text, tokens[-1].text) == ("(", ")")
        and all(token.kind == NAME for token in inner[::2])
        and all(token.text == "," for token in inner[1::2])
    )


def read_equations(
    text: str | Sequence[str],
    *,
    variables: Sequence[str] = (),
    declared: Iterable[str] = (),
    definitions: Sequence[str] = (),
    complex_numbers: bool = False,
    unknowns: bool = False,
    given: Given = NOTHING,
) -> Equations:
    """Read one equation, or several as a system; the arguments are those of ``parse``.

    A formula without a sign of equality is one that is 0. Raises FormulaError where the text
    can't be read, LimitError where it is too large.
    """
    texts = (text,) if isinstance(text, str) else tuple(text)
    defined, sides, typed = list(definitions), [], []
    for whole in texts:
        before, equations = _cut(whole)
        defined += before
        for first, last, signs in equations:
            if len(signs) > 1:
                raise FormulaError(
                    "two signs of equality in one equation",
                    text=whole,
                    column=signs[1].start,
                    hint="a system: [x = y, y = z]",
                )
            ends = [(first, signs[0].start), (signs[0].end, last)] if signs else [(first, last)]
            sides.append([_padded(whole, *end) for end in ends])
            typed.append(whole[first:last].strip())
    try:
        function = parse(
            [side for pair in sides for side in pair],
            variables=variables,
            declared=declared,
            definitions=defined,
            complex_numbers=complex_numbers,
            unknowns=unknowns,
            given=given,
        )
    except FormulaError as error:
        raise _within(texts, error) from None
    outputs = iter(function.outputs)
    pairs = tuple((next(outputs), number(0) if len(s) == 1 else next(outputs)) for s in sides)
    readings = [
        f"without '=' it is an equation: {equation} = 0"
        for equation, parts, (left, _) in zip(typed, sides, pairs, strict=True)
        if len(parts) == 1 and not is_indicator(left)
    ]
    residuals = Residuals(
        text=texts,
        outputs=tuple(_difference(left, right) for left, right in pairs),
        variables=function.variables,
        definitions=function.definitions,
        readings=(*readings, *function.readings),
        sides=pairs,
    )
    return Equations(pairs, residuals)


def _difference(left: Node, right: Node) -> Node:
    return left if right is number(0) else node("add", left, node("neg", right))


def _cut(text: str) -> tuple[list[str], list[tuple[int, int, list[Token]]]]:
    """Cut a text into its definitions and its equations: where each is, and its signs.

    The last statement has the equations, in brackets if they are several.
    """
    statements = [statement for statement in split(scan(text).tokens, ";") if statement]
    if not statements:
        return [], [(0, len(text), [])]
    before = [_padded(text, statement[0].start, statement[-1].end) for statement in statements[:-1]]
    last = statements[-1]
    if last[0].text == "[" and last[-1].text == "]":
        last = last[1:-1]
    equations = []
    for part in split(last, ","):
        if not part:
            raise FormulaError(
                "an equation is missing", text=text, column=last[0].start, hint=_EXAMPLE
            )
        signs = [token for token in _outside(part) if token.text in _SIGNS]
        equations.append((part[0].start, part[-1].end, signs))
    return before, equations


def split(tokens: Sequence[Token], sign: str) -> list[list[Token]]:
    """Cut tokens at a sign outside brackets; the end isn't part of any."""
    parts: list[list[Token]] = [[]]
    cuts = {token.start for token in _outside(tokens) if token.text == sign}
    for token in tokens:
        if token.start in cuts and token.text == sign:
            parts.append([])
        elif token.kind != END:
            parts[-1].append(token)
    return parts


def _outside(tokens: Iterable[Token]) -> Iterator[Token]:
    """Yield the tokens that stand in no bracket, nor in the bounds of a sign of summation."""
    depth = 0
    in_bounds = False
    for token in tokens:
        depth -= token.text in _OPENING.values()
        in_bounds |= depth == 0 and token.text in _SIGNS_WITH_BOUNDS
        if depth == 0 and not in_bounds:
            yield token
        # LaTeX's bounds end at a comma: ∑ k = 1 .. n, x**k.
        in_bounds &= depth > 0 or token.text not in (",", "(")
        depth += token.text in _OPENING


def _padded(text: str, start: int, end: int) -> str:
    """Return a part of a text, each character in its own column, LaTeX where the whole is."""
    return f"{' ' * start}{text[start:end]}{'$' if is_latex(text) else ''}"


def _within(texts: Sequence[str], error: FormulaError) -> FormulaError:
    """Return an error about a part as one about the text that it is a part of."""
    part = (error.text or "").strip().removesuffix("$")
    whole = next((text for text in texts if part in text), error.text)
    return FormulaError(
        error.message, hint=error.hint, text=whole, column=error.column, width=error.width
    )
