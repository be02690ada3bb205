r"""Hypergeometric functions with their counts beside the letter: ``{}_2F_1(a, b; c; x)``."""

from __future__ import annotations

import re
from collections.abc import Sequence

from diffcli.language.latex.reader import Reader
from diffcli.language.parameters import SERIES
from diffcli.language.tokens import NAME, SIGN, Token

_COUNT = r"_\s*(?:\{{\s*(?P<{0}>[0-9])\s*\}}|(?P<{0}_bare>[0-9]))\s*"
_SIGN = re.compile(
    rf"(?:\{{\s*\}})?\s*{_COUNT.format('above')}F\s*{_COUNT.format('below')}"
    r"(?=(?:\\left|\\[bB]igg?l?)?\s*\()"
)
_EXAMPLE = r"{}_2F_1(a, b; c; x)"


def begins(reader: Reader) -> bool:
    """Whether the sign of a hypergeometric function stands here, before a bracket."""
    return _SIGN.match(reader.text, reader.position) is not None


def hypergeometric(reader: Reader) -> None:
    """Read the sign and its bracket as a call of the table's function (DLMF 16.2)."""
    start = reader.position
    if (sign := reader.match(_SIGN)) is None:
        raise reader.fail("a hypergeometric function", start, _EXAMPLE)
    counts = tuple(int(sign[name] or sign[f"{name}_bare"]) for name in ("above", "below"))
    opener, *inner, closer = reader.captured(reader.balanced)
    lists = [[piece for piece in _split(part, ",") if piece] for part in _split(inner, ";")]
    function = SERIES.get((counts[0], counts[1]))
    if function is None:
        known = ", ".join(f"{{}}_{above}F_{below}" for above, below in SERIES)
        raise reader.fail("this hypergeometric function isn't known", start, f"there are {known}")
    if tuple(map(len, lists)) != (*counts, 1):
        raise reader.fail(f"it has {counts[0]} and {counts[1]} parameters", start, _EXAMPLE)
    reader.tokens += [Token(NAME, function, start, opener.start), opener]
    for position, argument in enumerate(piece for part in lists for piece in part):
        comma = Token(SIGN, ",", argument[0].start, argument[0].start)
        reader.tokens += [comma, *argument] if position else argument
    reader.tokens.append(closer)


def _split(tokens: Sequence[Token], sign: str) -> list[list[Token]]:
    """Return the parts of tokens between the signs outside inner brackets."""
    parts: list[list[Token]] = [[]]
    depth = 0
    for token in tokens:
        depth += (token.text in "([{") - (token.text in ")]}") if token.kind == SIGN else 0
        if depth == 0 and token.text == sign:
            parts.append([])
        else:
            parts[-1].append(token)
    return parts
