"""The commands of LaTeX that take arguments: fractions, roots, sums, fonts, cases.

Free functions over the reader of :mod:`diffcli.language.latex.reader`, which calls them by name.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from diffcli.language.functions import BY_NAME
from diffcli.language.latex.commands import ENVIRONMENTS, FONTS, WORDS, WRAPPERS
from diffcli.language.latex.integrals import bounds_of, read_integral
from diffcli.language.tokens import NAME, NUMBER, SIGN, Token
from diffcli.language.vocabulary import CONSTANTS, FORMS

if TYPE_CHECKING:
    from diffcli.language.latex.reader import Reader

_PROSE = re.compile(r"[A-Za-z0-9]+")
_LINE = re.compile(r"\\\\\*?(?:\[[^\]]*\])?")
_WORD = re.compile(r"\s*(?:\{\s*([A-Za-z][A-Za-z0-9]*(?:\\?_[A-Za-z0-9]*)*)\s*\}|([A-Za-z]))")
_OPENING = re.compile(r"\s*(?:\\(?:left|[bB]igg?l?)\s*)?\(")
_UPRIGHT = {"K": "ellipk", "E": "ellipe", "B": "beta"}
"""Functions by their upright letter, before a bracket."""
_EUCLIDEAN = re.compile(r"_\s*(?:[2F]|\{\s*[2F]\s*\})")
NORMS = frozenset({"|", "Vert", "lVert", "rVert"})
"""Commands that are one side of a norm."""
_ENVIRONMENT = re.compile(r"\s*\{\s*([a-zA-Z]+\*?)\s*\}")
_COLUMNS = re.compile(r"\s*\{[lcr@{}\s]*\}")
_OPERATOR = re.compile(r"(?:d|∂)(?: \*\* (\d+))?")
_VARIABLES = re.compile(r"(?:d|∂) ([^\W\d]\w*)(?: \*\* (\d+))?(?: |$)")


def _fraction(reader: Reader, start: int) -> None:
    r"""Read ``\frac{a}{b}``; ``\frac{d}{dx}`` is the derivative of what follows."""
    after = reader.tokens[-1:]
    above, below = reader.captured(reader.argument), reader.captured(reader.argument)
    if _differential(reader, above, below, start):
        return
    numbers = [token.kind == NUMBER for token in (*after, *above, *below)]
    if all(numbers) and len(numbers) == 3:
        whole, top, bottom = (token.text for token in (*after, *above, *below))
        reader.readings[f"{whole} {top}/{bottom} is the product {whole}*({top}/{bottom})"] = None
    reader.emit(SIGN, "{", start)
    reader.tokens += above
    reader.emit(SIGN, "/", start)
    reader.tokens += below
    reader.emit(SIGN, "}", reader.position)


def _differential(reader: Reader, above: list[Token], below: list[Token], start: int) -> bool:
    r"""Read ``\frac{d}{dx}`` and ``\frac{\partial^2}{\partial x \partial y}``."""
    top, bottom = _joined(above), _joined(below)
    operator, variables = _OPERATOR.fullmatch(top), list(_VARIABLES.finditer(bottom))
    if not variables or not re.match("[d∂]( |$)", top) or "d" in reader.declared:
        return False
    orders = [int(found[2] or 1) for found in variables]
    whole = "".join(found[0] for found in variables) == bottom
    if not operator or not whole or sum(orders) != int(operator[1] or 1):
        raise reader.fail(
            "the derivative of a name isn't read", start,
            r"write \frac{d}{dx} before a formula; a product with a d as d \cdot x",
        )  # fmt: skip
    for found, order in zip(variables, orders, strict=True):
        power = ["**", str(order)] if order > 1 else []
        for text in ["∂", *power, "/", "∂", found[1], *power]:
            kind = NUMBER if text.isdigit() else NAME if text[0].isalpha() else SIGN
            reader.emit(kind, text, start)
    return True


def _root(reader: Reader, start: int) -> None:
    r"""Read ``\sqrt{x}`` or ``\sqrt[n]{x}``."""
    degree: list[Token] = []
    if reader.peek() == "[":
        reader.take()
        degree = reader.captured(lambda: reader.sequence("]"))
        reader.take()
    short = {"": "√", "3": "∛"}.get(_joined(degree))
    if short:
        reader.emit(SIGN, short, start)
        _braced(reader, start)
    else:
        _call(reader, "root", start, reader.captured(reader.argument), degree)


def _binomial(reader: Reader, start: int) -> None:
    above, below = reader.captured(reader.argument), reader.captured(reader.argument)
    _call(reader, "binomial", start, above, below)


def _remainder(reader: Reader, start: int) -> None:
    reader.emit(SIGN, "%", start)
    _braced(reader, start)


def _braced(reader: Reader, start: int) -> None:
    """Read an argument, and put it in braces."""
    argument = reader.captured(reader.argument)
    reader.emit(SIGN, "{", start)
    reader.tokens += argument
    reader.emit(SIGN, "}", reader.position)


def _call(reader: Reader, name: str, start: int, *arguments: list[Token]) -> None:
    """Add a function applied to arguments."""
    reader.emit(NAME, name, start)
    for opener, argument in zip("(,", arguments, strict=True):
        reader.emit(SIGN, opener, start)
        reader.tokens += argument
    reader.emit(SIGN, ")", reader.position)


def _series(sign: str) -> Callable[[Reader, int], None]:
    def read(reader: Reader, start: int) -> None:
        r"""Read the bounds of ``\sum_{i=1}^{5}``."""
        low, high = bounds_of(reader)
        if [token.text for token in low[2:3]] != ["="] or not high:
            raise reader.fail("an index has two bounds", start, r"\sum_{i=1}^{5} x^i")
        reader.emit(SIGN, sign, start)
        reader.tokens += low[1:-1]
        reader.emit(SIGN, "..", reader.position)
        reader.tokens += high
        reader.emit(SIGN, ",", reader.position)

    return read


def _font(reader: Reader, start: int) -> None:
    r"""Read ``\mathrm{rate}`` as one name, ``\text{if } x>0`` as words of a condition."""
    word = _WORD.match(reader.text, reader.position)
    name = (word[1] or word[2]).replace("\\", "") if word else ""
    if not word or name.lower() in WORDS:
        _prose(reader, start)
        return
    reader.position = word.end()
    is_call = _OPENING.match(reader.text, reader.position) is not None
    name = _UPRIGHT.get(name, name) if is_call and name not in reader.declared else name
    if len(name) > 1 and is_call and name not in reader.declared:
        # A word before a bracket is a function, known or not, and no factor.
        reader.emit(NAME, name, start)
        return
    if len(name) > 1 and name not in FORMS and name not in BY_NAME and name not in CONSTANTS:
        reader.words.add(name)
    reader.name(name, start)


def _determinant(reader: Reader, start: int) -> None:
    r"""Read ``\det A`` and ``\det(A)``."""
    if _OPENING.match(reader.text, reader.position):
        reader.emit(NAME, "det", start)
    else:
        reader.emit(NAME, "det", start)
        reader.emit(SIGN, "(", start)
        reader.tokens += reader.captured(reader.argument)
        reader.emit(SIGN, ")", reader.position)


def norm(reader: Reader, start: int, name: str, side: str = "") -> None:
    r"""Read one side of ``\lVert x \rVert`` or ``\|x\|``, a Euclidean norm."""
    side = side or {"lVert": "l", "rVert": "r"}.get(name, "r" if reader.in_norm else "l")
    reader.in_norm = side == "l"
    if reader.in_norm:
        reader.emit(NAME, "norm", start)
        reader.emit(SIGN, "(", start)
        return
    reader.emit(SIGN, ")", start)
    if reader.peek() == "_" and not reader.match(_EUCLIDEAN):
        raise reader.fail("a norm that isn't Euclidean", start, "norm(x) is √(sum of squares)")


def _norm(name: str) -> Callable[[Reader, int], None]:
    return lambda reader, start: norm(reader, start, name)


def _operator(reader: Reader, _: int) -> None:
    r"""Read ``\mathbin{@}``, a sign with the space of an operator."""
    signs = reader.captured(reader.argument)
    reader.tokens += [token for token in signs if token.text not in ("{", "}")]


def _prose(reader: Reader, start: int) -> None:
    """Read words in braces, with formulas between dollars among them."""
    if reader.peek() != "{":
        raise reader.fail("a name is missing", start, r"write \mathrm{name}")
    reader.take()
    dollars, place = 0, start
    while (unit := reader.peek()) not in ("}", ""):
        dollars += reader.text.count("$", place, reader.position)
        place = reader.position
        found = None if dollars % 2 else reader.match(_PROSE)
        if found:
            word = WORDS.get(found[0].lower())
            if word is None:
                raise reader.fail("a name is one word", place, r"write \mathrm{learning_rate}")
            if word:
                reader.emit(NAME, word, place)
        elif unit in ".,":
            reader.take()
        else:
            reader.unit(unit)
    reader.take()


def _environment(reader: Reader, start: int) -> None:
    r"""Read ``\begin{cases} a & c \\ b & \text{otherwise} \end{cases}`` as piecewise."""
    found = reader.match(_ENVIRONMENT)
    name = found[1] if found else ""
    if name in WRAPPERS:
        reader.sequence(r"\end")
    elif name in ENVIRONMENTS:
        if name == "array":
            reader.match(_COLUMNS)
        reader.emit(NAME, "piecewise", start)
        reader.emit(SIGN, "(", start)
        while _piece(reader, start, is_choice=name != "array"):
            reader.emit(SIGN, ",", reader.position)
        reader.emit(SIGN, ")", reader.position)
    else:
        raise reader.fail(
            rf"'\begin{{{name}}}' isn't read", start, r"\begin{cases} and plain formulas are"
        )
    if reader.peek() != r"\end":
        raise reader.fail(rf"'\begin{{{name}}}' never ends", start, rf"add \end{{{name}}}")
    reader.take()
    reader.match(_ENVIRONMENT)


def _piece(reader: Reader, begin: int, *, is_choice: bool) -> bool:
    """Read a line of cases, and say whether another follows; an array may be no choice."""
    start = reader.position
    cells = [reader.captured(lambda: reader.sequence("&", r"\\", r"\end"))]
    while reader.peek() == "&":
        reader.take()
        cells.append(reader.captured(lambda: reader.sequence("&", r"\\", r"\end")))
    cells = [cell for cell in map(trimmed, cells) if cell]
    if len(cells) < 2 and not is_choice:
        raise reader.fail(
            "an array without conditions isn't read", begin, r"\binom{n}{k}, \begin{cases}"
        )
    if len(cells) > 2:
        raise reader.fail("a line of cases has a value and a condition", start, r"a & x > 0 \\")
    reader.emit(SIGN, "(", start)
    reader.tokens += cells[0] if cells else []
    if len(cells) == 2:
        reader.emit(SIGN, ",", reader.position)
        reader.tokens += map(_compared, cells[1])
    reader.emit(SIGN, ")", reader.position)
    line = reader.match(_LINE)
    return line is not None and reader.peek() != r"\end"


def _end(reader: Reader, start: int) -> None:
    raise reader.fail(r"'\end' without '\begin'", start, "remove it")


def _line(reader: Reader, start: int) -> None:
    raise reader.fail(r"'\\' stands between the lines of cases", start, "type one formula a time")


def _joined(tokens: list[Token]) -> str:
    return " ".join(token.text for token in tokens if token.text not in ("{", "}"))


def _compared(token: Token) -> Token:
    """Return ``=`` in a condition as a comparison."""
    return token._replace(text="==") if token.text == "=" else token


def trimmed(tokens: list[Token]) -> list[Token]:
    """Return tokens without the punctuation at their end."""
    while tokens and tokens[-1].text in (",", ";", "."):
        tokens = tokens[:-1]
    return tokens


STRUCTURES: Mapping[str, Callable[[Reader, int], None]] = MappingProxyType(
    {
        **dict.fromkeys(["frac", "dfrac", "tfrac", "cfrac"], _fraction),
        **dict.fromkeys(["binom", "dbinom", "tbinom"], _binomial),
        **dict.fromkeys(sorted(FONTS), _font),
        **{name: _norm(name) for name in NORMS},
        **dict.fromkeys(["mathbin", "mathrel"], _operator),
        "det": _determinant,
        "sqrt": _root,
        "sum": _series("∑"),
        "prod": _series("∏"),
        "int": read_integral,
        "pmod": _remainder,
        "begin": _environment,
        "end": _end,
        "\\": _line,
    }
)
"""Readers of commands, by name; each is given the column where its command begins."""
