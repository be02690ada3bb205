"""Habits of other languages: ``np.sin(x)`` as in Python, ``Sin[x]`` as in Mathematica.

Free functions over the parser of :mod:`diffcli.language.pratt`; each reading is echoed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from diffcli.language.functions import BY_NAME
from diffcli.language.tokens import NAME, SIGN, Token

if TYPE_CHECKING:
    from diffcli.language.pratt import Pratt

_LIBRARIES = frozenset(
    "np numpy jnp math cmath mpmath torch tf scipy special sympy autograd".split()
)
_FUNCTIONAL = "F"
"""What torch.nn.functional is imported as, and a name of variables."""
_OPENING, _CLOSING = frozenset("(["), frozenset(")]")
_BASE_FIRST = frozenset({"log", "lambertw", "productlog"})
"""Functions whose arguments Mathematica takes in another order."""


def without_library(parser: Pratt, name: Token) -> Token:
    """Go past ``np.linalg.`` before a name; return the name, or the one given if none is before."""
    is_library = name.text in _LIBRARIES or (
        name.text == _FUNCTIONAL and parser.peek().text in BY_NAME and parser.peek(3).text != ")"
    )
    if not is_library or parser.names.is_value(name.text):
        return name
    last = name
    while parser.at(".") and parser.peek().kind == NAME:
        parser.advance()
        last = parser.advance()
    if last is not name:
        parser.names.echo(f"{parser.text[name.start : last.end]} is {last.text}")
    return last


def in_square_brackets(parser: Pratt, name: Token) -> Token:
    """Make the square brackets after a function round ones; return its name here."""
    function = parser.names.called_in_square_brackets(name)
    if function is None:
        return name
    depth, commas, start = 0, 0, parser.position
    for place in range(start, len(parser.tokens)):
        token = parser.tokens[place]
        depth += (token.text in _OPENING) - (token.text in _CLOSING)
        commas += depth == 1 and token.text == ","
        if depth == 0:
            break
    if token.text != "]":
        raise parser.fail(f"{name.text}[ is never closed", token=name, hint=f"write {function}(x)")
    if commas and function.lower() in _BASE_FIRST:
        raise parser.fail(
            f"{name.text}[…, …] has two readings", token=name,
            hint=f"write {function}(x, …): what is applied to comes first",
        )  # fmt: skip
    for at, sign in ((start, "("), (place, ")")):
        parser.tokens[at] = parser.tokens[at]._replace(kind=SIGN, text=sign)
    parser.names.echo(f"{name.text}[…] is {function}(…)")
    return name._replace(text=function)
