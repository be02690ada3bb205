"""Habits of other systems: ``np.sin(x)`` as in Python, ``Sin[x]`` as in Mathematica.

Free functions over the parser of :mod:`diffcli.language.pratt`; each reading is echoed.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from diffcli.language.application import arguments
from diffcli.language.expression import Node, node, postorder, variable
from diffcli.language.functions import BY_NAME, Row
from diffcli.language.pratt import Pratt
from diffcli.language.spellings import DOUBTS, LIBRARIES, REFUSED, SPELLINGS, TWO_READINGS, Spelling
from diffcli.language.tokens import NAME, SIGN, Token
from diffcli.language.vocabulary import LOWER

_FUNCTIONAL = "F"
"""The name that torch.nn.functional is imported as, which may also be a variable's."""
_OPENING, _CLOSING = frozenset("(["), frozenset(")]")
_BASE_FIRST = frozenset({"log"})
"""Functions whose arguments Mathematica takes in another order."""


def without_library(parser: Pratt, name: Token) -> Token:
    """Go past ``np.linalg.`` before a name; return the name, or the one given if none is before.

    A function that the library means otherwise keeps the library's name: ``np.sinc``.
    """
    is_library = (
        name.text in LIBRARIES
        if name.text != _FUNCTIONAL
        else (parser.peek().text in BY_NAME and parser.peek(3).text != ")")
    )
    if not is_library or parser.names.is_value(name.text):
        return name
    last = name
    while parser.at(".") and parser.peek().kind == NAME:
        parser.advance()
        last = parser.advance()
    own = f"{LIBRARIES.get(name.text)}.{last.text}"
    if own in REFUSED:
        raise parser.fail(f"{own} is another function", token=last, hint=REFUSED[own])
    if last is not name and own in SPELLINGS and parser.at("("):
        return last._replace(text=own)
    if last is not name:
        parser.names.echo(f"{parser.text[name.start : last.end]} is {last.text}")
    return last


def in_square_brackets(parser: Pratt, name: Token) -> Token:
    """Make the square brackets after a function round ones; return its name here."""
    function = parser.names.called_in_square_brackets(name)
    if function is None:
        return name
    depth, commas, start = 0, 0, parser.position
    for index in range(start, len(parser.tokens)):
        token = parser.tokens[index]
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
    for at, sign in ((start, "("), (index, ")")):
        parser.tokens[at] = parser.tokens[at]._replace(kind=SIGN, text=sign)
    parser.names.echo(f"{name.text}[…] is {function}(…)")
    return name._replace(text=function)


def spelled(parser: Pratt, name: Token) -> Node:
    """Read the arguments of a name of :data:`SPELLINGS`, and return what the call means."""
    is_round = parser.text[parser.token.start] == "("
    given = arguments(parser, name)
    fitting = [
        spelling
        for spelling in SPELLINGS.get(name.text, ())
        if len(spelling.arguments) == len(given)
    ]
    for spelling in fitting:
        if all(map(partial(_fits, parser), spelling.arguments, given)):
            written = f"{name.text}({', '.join(spelling.arguments)})"
            doubt = DOUBTS.get((name.text, len(given))) if is_round else None
            parser.names.echo(f"{written} is {spelling.formula}{f': {doubt}' if doubt else ''}")
            return _translated(parser, name, spelling, given)
    if is_round and (remedy := TWO_READINGS.get((name.text, len(given)))):
        raise parser.fail(f"{name.text}(…, …) has two readings", token=name, hint=remedy)
    known, doubt = known_row(name.text), DOUBTS.get((name.text, len(given)))
    if known is None or (fitting and doubt is None):
        ways = (
            f"{name.text}({', '.join(spelling.arguments)})"
            for spelling in SPELLINGS.get(name.text, ())
        )
        raise parser.fail(
            f"{name.text} takes other arguments", token=name, hint=f"write {' or '.join(ways)}"
        )
    if is_round and doubt:
        parser.names.echo(f"{name.text}(…) is {known.name}(…): {doubt}")
    return parser.build.call(known, given, name)


def known_row(name: str) -> Row | None:
    """Return the row of a name as it is written, or but for its capitals."""
    return BY_NAME.get(name) or BY_NAME.get(LOWER.get(name.lower(), ""))


def _fits(parser: Pratt, wanted: str, given: Node) -> bool:
    """Whether an argument is the number that a spelling has there, if it has one."""
    return wanted.isidentifier() or parser.build.exact(given) == int(wanted)


def _translated(parser: Pratt, name: Token, spelling: Spelling, given: Sequence[Node]) -> Node:
    """Return the formula of a spelling with the arguments in their places."""
    images = {
        variable(letter): argument
        for letter, argument in zip(spelling.arguments, given, strict=True)
    }
    for term in postorder([_formula(parser, spelling)]):
        if term.is_leaf:
            images.setdefault(term, term)
        elif term.op == "piecewise":
            images[term] = node(term.op, *(images[arg] for arg in term.args))
        else:
            images[term] = parser.build(term.op, *(images[arg] for arg in term.args), at=name)
    return images[_formula(parser, spelling)]


def _formula(parser: Pratt, spelling: Spelling) -> Node:
    letters = tuple(letter for letter in spelling.arguments if letter.isidentifier())
    return parser.formula(spelling.formula, letters)
