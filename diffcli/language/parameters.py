"""Parameters of special functions as they are printed: ``F(φ | m)``, ``hyper([a, b], [c], z)``.

Free functions over the parser of :mod:`diffcli.language.pratt`; each reading is echoed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from diffcli.language.expression import Node
from diffcli.language.functions import BY_NAME, TABLE
from diffcli.language.pratt import Pratt
from diffcli.language.tokens import SIGN, Token

_BARRED = frozenset({"ellipk", "ellipe", "ellipf", "ellipeinc", "ellippi", "ellippiinc"})
"""Elliptic integrals: a bar stands before their parameter m (DLMF 19.2; Abramowitz 17.2)."""
_LETTERS: Mapping[tuple[str, int], str] = MappingProxyType(
    {
        ("F", 2): "ellipf",
        ("E", 2): "ellipeinc",
        ("Pi", 2): "ellippi",
        ("Pi", 3): "ellippiinc",
    }
)
"""Elliptic integrals by their letter and the number of arguments, where a bar tells them."""
_OPENING, _CLOSING = frozenset("([{"), frozenset(")]}")
_PAIRS = {"[": "]", "{": "}", "(": ")"}

SERIES: Mapping[tuple[int, int], str] = MappingProxyType(
    {(0, 1): "hyp0f1", (1, 1): "hyp1f1", (2, 1): "hyp2f1"}
)
"""The hypergeometric functions of the table, by how many parameters stand above and below."""
_HINT = "write hyper([a, b], [c], z)"


def barred(parser: Pratt, name: Token) -> Token:
    """Make the bar before the parameter of an elliptic integral a comma; return its name here.

    ``F(φ | m)`` has a bar and no other at its own depth, so no absolute value is meant.
    """
    bars, commas = _at_own_depth(parser)
    if len(bars) != 1:
        return name
    row = BY_NAME.get(name.text)
    function = row.name if row and row.name in _BARRED else _LETTERS.get((name.text, commas + 2))
    if function is None or parser.names.is_value(name.text):
        return name
    if function != name.text:
        parser.names.echo(f"{name.text}(… | m) is {function}, of the parameter m = k^2")
    parser.tokens[bars[0]] = parser.tokens[bars[0]]._replace(kind=SIGN, text=",")
    return name._replace(text="ellipeinc" if function == "ellipe" else function)


def _at_own_depth(parser: Pratt) -> tuple[list[int], int]:
    """Return where bars stand between a call's brackets, and how many commas do."""
    depth, commas, bars = 0, 0, []
    for index in range(parser.position, len(parser.tokens)):
        text = parser.tokens[index].text
        depth += (text in _OPENING) - (text in _CLOSING)
        if depth == 0:
            break
        commas += depth == 1 and text == ","
        if depth == 1 and text == "|":
            bars.append(index)
    return bars, commas


def _series(parser: Pratt, name: Token) -> Node:
    """Read ``hyper([a, …], [b, …], z)``, a series by its lists of parameters (DLMF 16.2)."""
    if not parser.at("("):
        raise parser.fail(f"{name.text} needs two lists and a number", token=name, hint=_HINT)
    opener = parser.advance()
    above, below, argument = parser.inside(opener, lambda: _lists(parser, name, opener))
    counts = len(above), len(below)
    if counts == (0, 0):
        return parser.build.call(TABLE["exp"], [argument], name)
    if counts == (1, 0):
        rest = parser.build("add", parser.build.number(1), parser.build("neg", argument))
        return parser.build("pow", rest, parser.build("neg", above[0]), at=name)
    if counts not in SERIES:
        known = ", ".join(f"{p} and {q}" for p, q in SERIES)
        raise parser.fail(
            f"there is no hypergeometric function of {counts[0]} and {counts[1]} parameters here",
            token=name, hint=f"those of {known} are known",
        )  # fmt: skip
    row = TABLE[SERIES[counts]]
    parser.names.echo(f"{name.text}([…], […], …) is {row.name}")
    return parser.build.call(row, [*above, *below, argument], name)


def _lists(parser: Pratt, name: Token, opener: Token) -> tuple[list[Node], list[Node], Node]:
    above = _list(parser, name)
    parser.expect(",", after=opener)
    below = _list(parser, name)
    parser.expect(",", after=opener)
    argument = parser.expression()
    parser.expect(")", after=opener)
    return above, below, argument


def _list(parser: Pratt, name: Token) -> list[Node]:
    if parser.token.text not in _PAIRS:
        raise parser.fail(f"{name.text} needs lists of its parameters", token=name, hint=_HINT)
    opener = parser.advance()
    closing, entries = _PAIRS[opener.text], list[Node]()
    while not parser.at(closing):
        entries.append(parser.inside(opener, parser.expression))
        if not parser.accept(","):
            break
    parser.expect(closing, after=opener)
    return entries


FORMS: Mapping[str, Callable[[Pratt, Token], Node]] = MappingProxyType({"hypergeometric": _series})
"""Readers of calls whose arguments are lists, by their form."""
