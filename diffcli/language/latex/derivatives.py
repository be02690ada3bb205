r"""Derivatives and values at a place.

``\frac{d(x^2)}{dx}``, ``\partial_x f``, ``(\sin x)'``, ``\left.f\right|_{x=2}``. Free functions
over the reader of :mod:`diffcli.language.latex.reader`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from diffcli.errors import LimitError
from diffcli.language.latex.clauses import WORD
from diffcli.language.latex.integrals import bounds_of
from diffcli.language.latex.reader import Reader
from diffcli.language.limits import MAX_NESTING
from diffcli.language.tokens import NAME, NUMBER, SIGN, TIMES, Token
from diffcli.language.vocabulary import AT, CALLABLE, PRIMED

_OPERATOR = re.compile(r"(?:d|∂)(?: \*\* (\d+))?")
_VARIABLES = re.compile(r"(?:d|∂) ([^\W\d]\w*)(?: \*\* (\d+))?(?: |$)")
_OPENING, _CLOSING = frozenset("([{⌊⌈"), frozenset(")]}⌋⌉")
_PRIMES = re.compile(r"(?:\s*['’])+")
_VALUE = r"\left. x^2 \right|_{x=2}, \left[x^2\right]_0^1"


def joined(tokens: Sequence[Token]) -> str:
    """Return tokens as a text, without their braces."""
    return " ".join(token.text for token in tokens if token.text not in ("{", "}"))


def is_differential(reader: Reader, above: list[Token], below: list[Token], start: int) -> bool:
    r"""Read ``\frac{d}{dx}``, ``\frac{\partial^2}{\partial x \partial y}``, ``\frac{d(f)}{dx}``."""
    top, bottom = joined(above), joined(below)
    variables = list(_VARIABLES.finditer(bottom))
    if not variables or not re.match("[d∂]( |$)", top) or "d" in reader.declared:
        return False
    orders = [int(match[2] or 1) for match in variables]
    whole = "".join(match[0] for match in variables) == bottom
    operator = _OPERATOR.match(top)
    wanted = int(operator[1] or 1) if operator else 0
    order, body = sum(orders), _behind_operator(above)
    body = body[1:] if body and body[0].text == TIMES else body
    name = body[0].text if len(body) == 1 and body[0].kind == NAME else ""
    if name and _is_defined(reader, name) and order == 1:
        for text in (f"d{name}", "/", f"d{variables[0][1]}"):
            reader.emit(SIGN if text == "/" else NAME, text, start)
        return True
    if not whole or order != wanted or name:
        raise reader.fail(
            "the derivative of a name isn't read", start,
            r"write \frac{d}{dx} before a formula; a product with a d as d \cdot x",
        )  # fmt: skip
    reader.readings.pop("d(…) is a product", None)
    names = [(match[1], order) for match, order in zip(variables, orders, strict=True)]
    if body:
        _derivative_of(reader, body, names, start)
    else:
        _operators(reader, names, start)
    return True


def _behind_operator(above: list[Token]) -> list[Token]:
    """Return what stands behind ``d`` or ``d^2``."""
    body = _unbraced(above)[1:]
    if body and body[0].text == "**":
        body = body[4:] if body[1].text == "{" else body[2:]
    return body


def _unbraced(tokens: list[Token]) -> list[Token]:
    """Return tokens without braces around all of them."""
    is_group = len(tokens) > 1 and tokens[0].text == "{" and tokens[-1].text == "}"
    return tokens[1:-1] if is_group else tokens


def _is_defined(reader: Reader, name: str) -> bool:
    return re.search(rf"(?:^|[;$\s]){re.escape(name)}\s*=[^;]*;", reader.text) is not None


def _operators(reader: Reader, names: Sequence[tuple[str, int]], start: int) -> None:
    """Write ``∂/∂x`` for each variable, before what follows."""
    for name, order in names:
        power = ["**", str(order)] if order > 1 else []
        for text in ["∂", *power, "/", "∂", name, *power]:
            kind = NUMBER if text.isdigit() else NAME if text[0].isalpha() else SIGN
            reader.emit(kind, text, start)


_OPERATORS = re.compile(r"(?:∂(?: \*\* \d+)? / ∂ [^\W\d]\w*(?: \*\* \d+)?(?: |$))+")


def is_operator(tokens: Sequence[Token]) -> bool:
    r"""Whether tokens are ``∂/∂x`` alone, as ``{\frac {d}{dx}}`` is."""
    return bool(tokens) and tokens[0].text == "∂" and bool(_OPERATORS.fullmatch(joined(tokens)))


def _derivative_of(
    reader: Reader, body: Sequence[Token], names: Sequence[tuple[str, int]], start: int
) -> None:
    """Write ``diff(f, x, n)``."""
    reader.emit(NAME, "diff", start)
    reader.emit(SIGN, "(", start)
    reader.tokens += body
    for name, order in names:
        reader.emit(SIGN, ",", start)
        reader.emit(NAME, name, start)
        reader.emit(SIGN, ",", start)
        reader.emit(NUMBER, str(order), start)
    reader.emit(SIGN, ")", reader.position)


def partial(reader: Reader, start: int) -> None:
    r"""Read ``\partial``, or ``\partial_x`` and ``\partial_{xy}`` before a formula."""
    if reader.peek() != "_":
        reader.emit(SIGN, "∂", start)
        return
    low, high = bounds_of(reader)
    below = [token.text for token in low if token.kind == NAME]
    order = joined(high)
    if not below or len(below) != len(_unbraced(low)) or not (order.isdigit() or not order):
        raise reader.fail("no variable of the derivative", start, r"\partial_x f, \partial_{xy} f")
    if order and len(below) > 1:
        raise reader.fail("an order and several variables", start, r"\partial_x^2 \partial_y f")
    _operators(reader, [(name, int(order or 1)) for name in below], start)


def physics(reader: Reader, start: int) -> None:
    r"""Read ``\dv{x}``, ``\dv{f}{x}``, ``\pdv[2]{f}{x}`` of the package physics."""
    order = 1
    if reader.peek() == "[":
        reader.take()
        typed = joined(reader.captured(lambda: reader.sequence("]")))
        reader.take()
        if not typed.isdigit():
            raise reader.fail("the order of a derivative is a number", start, r"\dv[2]{f}{x}")
        order = int(typed)
    first = _unbraced(reader.captured(reader.argument))
    below = _unbraced(reader.captured(reader.argument)) if reader.peek() == "{" else []
    names = [token.text for token in below or first if token.kind == NAME]
    if len(names) != len(below or first) or (order > 1 and len(names) > 1) or not names:
        raise reader.fail("no variable of the derivative", start, r"\dv{x}, \dv{f}{x}")
    wanted = [(name, order) for name in names]
    if below:
        _derivative_of(reader, first, wanted, start)
    else:
        _operators(reader, wanted, start)


def differential(reader: Reader, start: int) -> None:
    r"""Read ``\dd x`` and ``\dd{x}`` of the package physics."""
    reader.emit(NAME, "d", start)
    if reader.peek() == "{":
        reader.tokens += _unbraced(reader.captured(reader.argument))


# -- primes and values -------------------------------------------------------------------------


def prime(reader: Reader) -> None:
    """Read primes: after a bracket the derivative of what stands in it."""
    start = reader.position
    match = reader.match(_PRIMES)
    primes(reader, match[0].count("'") + match[0].count("’") if match else 1, start)


def primes(reader: Reader, count: int, start: int) -> None:
    """Write primes, or the derivative of the bracket before them."""
    index = bracket_start(reader.tokens)
    if index is None or reader.tokens[index].text not in ("(", "{"):
        for _ in range(count):
            reader.emit(SIGN, "'", start)
        return
    first = reader.tokens[index - 1] if index else None
    if first and first.kind == NAME and first.text in CALLABLE:
        index -= 1
    _wrap(reader, index, PRIMED, start)
    reader.emit(SIGN, ",", start)
    reader.emit(NUMBER, str(count), start)
    reader.emit(SIGN, ")", start)


def bracket_start(tokens: Sequence[Token]) -> int | None:
    """Return the place where the bracket opens that the last token closes."""
    depth = 0
    for index in range(len(tokens) - 1, -1, -1):
        if tokens[index].kind == SIGN:
            depth += (tokens[index].text in _CLOSING) - (tokens[index].text in _OPENING)
        if depth <= 0:
            return index if index < len(tokens) - 1 else None
    return None


def _wrap(reader: Reader, index: int, name: str, start: int) -> None:
    """Put what stands from a place on into braces, as the first argument of a form."""
    reader.wrapped += 1
    if reader.wrapped > MAX_NESTING:
        raise LimitError(
            f"more than {MAX_NESTING} primes and bars", hint="name the parts: y = …; z = …",
            text=reader.text, column=start,
        )  # fmt: skip
    column = reader.tokens[index].start
    opening = [
        Token(NAME, name, column, column),
        Token(SIGN, "(", column, column),
        Token(SIGN, "{", column, column),
    ]
    reader.tokens[index:index] = opening
    reader.tokens.append(Token(SIGN, "}", start, start))


def evaluated(reader: Reader, start: int, index: int | None) -> None:
    r"""Read ``_{x=2}`` or ``_0^1`` after a bar or bracket: the value, or difference, there.

    What is evaluated begins at a place among the tokens; else it is the term before the bar.
    """
    index = _term_start(reader, start) if index is None else index
    if index >= len(reader.tokens):
        raise reader.fail("nothing stands before the bar", start, _VALUE)
    before = reader.tokens[max(index - 2, 0) : index]
    if before and before[0].text == "∂" and reader.tokens[index].text == "(":
        raise reader.fail("it isn't clear what the bracket belongs to", start, _VALUE)
    low, high = (_unbraced(bound) for bound in bounds_of(reader))
    if not low or WORD in {token.kind for token in (*low, *high)}:
        raise reader.fail("a value has a place", start, _VALUE)
    _wrap(reader, index, AT, start)
    if high and [token.text for token in high[1:2]] == ["="]:
        high = high[2:]
    for part in _split(low):
        reader.emit(SIGN, ",", start)
        # A place is no definition.
        reader.tokens += [
            token._replace(text="==") if token.text == "=" else token for token in part
        ]
    if high:
        reader.emit(SIGN, "..", start)
        reader.tokens += high
    reader.tokens.append(Token(SIGN, ")", start, reader.position))


def _split(tokens: Sequence[Token]) -> list[list[Token]]:
    parts, depth = [list[Token]()], 0
    for token in tokens:
        depth += (token.text in _OPENING) - (token.text in _CLOSING)
        if token.text == "," and depth == 0:
            parts.append([])
        else:
            parts[-1].append(token)
    return parts


def _term_start(reader: Reader, start: int) -> int:
    """Return where the one term before a bar begins; raise FormulaError where it is a sum."""
    depth, begin = 0, 0
    for index in range(len(reader.tokens) - 1, -1, -1):
        token = reader.tokens[index]
        if token.kind == SIGN:
            depth += (token.text in _CLOSING) - (token.text in _OPENING)
        if depth < 0 or (depth == 0 and token.text in ("=", ",", ";")):
            begin = index + 1
            break
        if depth == 0 and token.kind == SIGN and token.text in ("+", "-") and index:
            raise reader.fail("it isn't clear what the bar belongs to", start, _VALUE)
    return begin
