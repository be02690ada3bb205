r"""Integrals in LaTeX: ``\int_{a}^{x} f(t) \, dt``, ``\int_a^x \frac{dt}{t}``.

They become the tokens of ``integrate(f, t=a..x)``.
"""

from __future__ import annotations

from diffcli.language.latex.reader import Reader
from diffcli.language.tokens import NAME, NUMBER, SIGN, TIMES, Token

_EXAMPLE = r"\int_{0}^{x} e^{-t^2} \, dt"
_OPENING, _CLOSING = frozenset("([{⌊⌈"), frozenset(")]}⌋⌉")
_AFTER = frozenset({"+", "-", "=", ",", ";", "<", ">"})
_STOPS = frozenset({"}", ")", "]", "&", r"\\", r"\end", r"\right", *_AFTER})


def bounds_of(reader: Reader) -> tuple[list[Token], list[Token]]:
    r"""Read what stands below and above a ``\sum`` or an ``\int``, in either order."""
    bounds: dict[str, list[Token]] = {}
    while (unit := reader.peek()) and unit in "_^":
        reader.take()
        bounds[unit] = reader.captured(reader.argument)
    return bounds.get("_", []), bounds.get("^", [])


def read_integral(reader: Reader, start: int) -> None:
    r"""Read ``\int_{a}^{x}``, the integrand and its ``dt``, which stands after it or within."""
    low, high = bounds_of(reader)
    if not low or not high:
        raise reader.fail("an integral has two bounds", start, _EXAMPLE)
    variable: list[Token] = []
    outer, reader.tokens = reader.tokens, []
    reader.integrals += 1
    while unit := reader.peek():
        if unit in (_STOPS if variable else _STOPS - _AFTER) and not _depth(reader.tokens):
            break
        reader.unit(unit)
        index = None if variable else _differential(reader.tokens)
        if index is not None:
            variable = [reader.tokens[index + 1]]
            reader.integrals -= 1
            at_end = all(token.text in ("*", TIMES) for token in reader.tokens[index + 2 :])
            if at_end and index:
                del reader.tokens[index:]
                break
            reader.tokens[index : index + 2] = _one(reader.tokens, index)
    body, reader.tokens = reader.tokens, outer
    reader.integrals -= not variable
    if not variable:
        raise reader.fail("an integral without its dt", start, _EXAMPLE)
    reader.emit(NAME, "integrate", start)
    for sign, part in (("(", body), (",", variable), ("=", low), ("..", high), (")", [])):
        reader.emit(SIGN, sign, start)
        reader.tokens += part


def _differential(tokens: list[Token]) -> int | None:
    """Return the place of ``d`` before a name: in the open, or at the end of a numerator."""
    for index in range(len(tokens) - 1, 0, -1):
        sign, name = tokens[index - 1 : index + 1]
        if sign.text != "d" or sign.kind != NAME or name.kind != NAME:
            continue
        after = next((token.text for token in tokens[index + 1 :] if token.text != "}"), "")
        is_numerator = after == "/" and _depth(tokens) == 0
        if is_numerator or _depth(tokens[:index]) == 0:
            return index - 1
    return None


def _depth(tokens: list[Token]) -> int:
    """Return how many brackets are open."""
    return sum((token.text in _OPENING) - (token.text in _CLOSING) for token in tokens)


def _one(tokens: list[Token], index: int) -> list[Token]:
    """Return what is left in the place of a differential: 1 where nothing stands before it."""
    alone = index == 0 or tokens[index - 1].text in ("{", "-", "+")
    return [tokens[index]._replace(kind=NUMBER, text="1")] if alone else []
