"""How functions are applied: ``sin 2x``, ``sin^2 x``, ``log_2(x)``, ``piecewise((a, c), …)``.

Free functions over the parser of :mod:`diffcli.language.pratt`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from diffcli.language.builder import is_condition
from diffcli.language.expression import Node, constant
from diffcli.language.functions import TABLE, Row
from diffcli.language.pratt import Pratt
from diffcli.language.products import superscript
from diffcli.language.tokens import NAME, NUMBER, SUPERSCRIPT, Token
from diffcli.language.vocabulary import OF_ORDER, ORDERED

_SPECIAL_INVERSES = {"erf": "erfinv", "erfc": "erfcinv"}
_INVERSES = {
    name: "a" + name
    for name in "sin cos tan cot sec csc sinh cosh tanh coth sech csch".split()
    if "a" + name in TABLE
} | {name: inverse for name, inverse in _SPECIAL_INVERSES.items() if inverse in TABLE}
_PIECEWISE = "piecewise((x^2, x < 1), (x, True))"


def apply(parser: Pratt, name: Token, meaning: Row | str) -> Node:
    """Read a function's power and its arguments, and return its node.

    ``sin^-1`` is the inverse, any other exponent that of the value: ``sin^2 x`` is sin(x)².
    """
    exponent = None
    if parser.at("**") or parser.token.kind == SUPERSCRIPT:
        exponent = _exponent(parser)
        if exponent is parser.build.number(-1):
            meaning, exponent = _inverse(parser, name, meaning), None
    if isinstance(meaning, str):
        value = parser.FORMS[meaning](parser, name)
    else:
        value = parser.build.call(meaning, arguments(parser, name), name)
    return value if exponent is None else parser.build("pow", value, exponent)


def _exponent(parser: Pratt) -> Node:
    operator = parser.advance()
    if operator.kind == SUPERSCRIPT:
        return superscript(parser, operator)
    if parser.token.kind == NAME:
        return parser.names.variable(parser.advance().text)
    return parser.exponent()


def _inverse(parser: Pratt, name: Token, meaning: Row | str) -> Row:
    inverse = _INVERSES.get(meaning.name if isinstance(meaning, Row) else meaning)
    if inverse is None:
        raise parser.fail(
            f"{name.text}^-1 has two readings",
            token=name,
            hint=f"write 1/{name.text}(x), or the inverse by its name",
        )
    parser.names.echo(f"{name.text}^-1 is the inverse function {inverse}")
    return TABLE[inverse]


def arguments(parser: Pratt, name: Token) -> list[Node]:
    """Read ``(a, b)``, or what is juxtaposed: ``sin 2x``."""
    if not parser.at("("):
        return [_juxtaposed(parser, name)]
    return parser.inside(parser.advance(), lambda: listed(parser))


def listed(parser: Pratt) -> list[Node]:
    """Read ``a, b)`` after the opening bracket."""
    opener = parser.peek(-1)
    if parser.accept(")"):
        return []
    values = [parser.expression()]
    while parser.accept(","):
        values.append(parser.expression())
    parser.expect(")", after=opener)
    return values


def _juxtaposed(parser: Pratt, name: Token) -> Node:
    """Read an argument without brackets, up to the next operator or function name."""
    if not (parser.starts_factor() or parser.at("-")):
        raise parser.fail(
            f"{name.text} has no argument",
            token=name,
            hint=f"write {name.text}(x), or declare it a variable with --vars",
        )
    first, is_function = parser.token, parser.names.is_function
    factors = [parser.factor()]
    while parser.starts_factor() and not is_function(first) and not is_function(parser.token):
        factors.append(parser.factor())
    usual = len(factors) == 1 or (len(factors) == 2 and first.kind == NUMBER)
    goes_on = parser.at("*", "/") and not is_function(parser.peek())
    if not usual or goes_on or first.text == "-":
        parser.names.echo(f"the argument of {name.text} is {parser.source(first, parser.peek(-1))}")
    return parser.build.product(factors)


def exactly(parser: Pratt, name: Token, count: int) -> list[Node]:
    """Read as many arguments as a function takes."""
    values = arguments(parser, name)
    if len(values) != count:
        raise parser.build.arity(name.text, count, count, len(values), name)
    return values


# -- forms whose arguments aren't plain expressions ------------------------------------------


def _piecewise(parser: Pratt, name: Token) -> Node:
    """Read ``piecewise((a, condition), (b, True))``; a last bare value is the default."""
    if not parser.at("("):
        raise parser.fail("piecewise needs its pieces", token=name, hint=_PIECEWISE)
    pieces = parser.inside(parser.advance(), lambda: _pieces(parser))
    if not pieces:
        raise parser.fail("piecewise needs its pieces", token=name, hint=_PIECEWISE)
    return parser.build.choice(pieces)


def _pieces(parser: Pratt) -> list[tuple[Node, Node]]:
    opener, pieces, bare = parser.peek(-1), list[tuple[Node, Node]](), list[Node]()
    while not parser.at(")"):
        start = parser.token
        if parser.at("(") and not bare:
            bracket = parser.advance()
            pieces.append(parser.inside(bracket, lambda: _pair(parser)))
            parser.expect(")", after=bracket)
        else:
            bare.append(parser.expression())
        if len(bare) > 1 and (pieces or not is_condition(bare[0])):
            raise parser.fail("a piece without its condition", token=start, hint=_PIECEWISE)
        if not parser.accept(","):
            break
    parser.expect(")", after=opener)
    if len(bare) > 1:
        parser.names.echo("in piecewise(c, a, …) a condition stands before its value")
    default = [(bare[-1], constant("true"))] if len(bare) % 2 else []
    return [*pieces, *zip(bare[1::2], bare[::2], strict=False), *default]


def _pair(parser: Pratt) -> tuple[Node, Node]:
    value = parser.expression()
    return value, parser.expression() if parser.accept(",") else constant("true")


def _where(parser: Pratt, name: Token) -> Node:
    condition, value, other = exactly(parser, name, 3)
    return parser.build.choice([(value, condition), (other, constant("true"))])


def _log(parser: Pratt, name: Token) -> Node:
    values = arguments(parser, name)
    if len(values) == 2:
        return parser.build.logarithm(values[0], values[1])
    parser.names.echo("log is the natural logarithm")
    return parser.build.call(TABLE["log"], values, name)


def _log_with_base(parser: Pratt, name: Token) -> Node:
    text = name.text.partition("_")[2]
    if not text:
        base = parser.prefix()
    else:
        base = parser.build.number(int(text)) if text.isdigit() else parser.names.variable(text)
    return parser.build.logarithm(exactly(parser, name, 1)[0], base)


def _ordered(parser: Pratt, name: Token) -> Node:
    """Read ``J_0(x)``, ``P_n(x)``: the subscript is the first argument."""
    letter, _, text = name.text.partition("_")
    if name.text.endswith(OF_ORDER):
        order = parser.prefix()
    else:
        order = parser.build.number(int(text)) if text.isdigit() else parser.names.value(text)
    return parser.build.call(TABLE[ORDERED[letter]], [order, *arguments(parser, name)], name)


def _pow(parser: Pratt, name: Token) -> Node:
    base, exponent = exactly(parser, name, 2)
    return parser.build("pow", base, exponent, at=name)


def _exp2(parser: Pratt, name: Token) -> Node:
    two = parser.build.number(2)
    return parser.build("pow", two, *exactly(parser, name, 1), at=name)


FORMS: Mapping[str, Callable[[Pratt, Token], Node]] = MappingProxyType(
    {
        "piecewise": _piecewise,
        "where": _where,
        "log": _log,
        "log_": _log_with_base,
        "ordered": _ordered,
        "pow": _pow,
        "exp2": _exp2,
    }
)
"""Readers of the functions whose arguments aren't plain expressions, by their form."""
