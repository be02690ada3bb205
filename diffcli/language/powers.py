"""Powers: ``x^2``, ``x⁻²``, ``e^-x``, ``x^T``, and what in them has two readings.

Free functions over the parser of :mod:`diffcli.language.pratt`.
"""

from __future__ import annotations

from diffcli.language.expression import CONSTANT, Node
from diffcli.language.limits import MAX_NESTING
from diffcli.language.pratt import Pratt
from diffcli.language.tokens import NAME, NUMBER, SUPERSCRIPT, Token

_CLOSING = frozenset(")]}|‖⌋⌉")


def power(parser: Pratt, left: Node) -> Node:
    """Read ``^ exponent`` or a superscript."""
    base = parser.peek(-1)
    operator = parser.advance()
    if operator.kind == SUPERSCRIPT:
        return parser.build("pow", left, superscript(parser, operator), at=operator)
    if _is_transposed(parser, base, left):
        return parser.tensor("transpose", parser.build.real(left))
    first = parser.token
    exponent = parser.exponent()
    _check_exponent(parser, operator, first)
    if parser.peek(-1).kind == NUMBER and parser.token.kind == NAME:
        steep = base.kind == NUMBER or left.op == CONSTANT
        if steep and not parser.token.spaced and parser.starts_factor():
            parser.names.echo(
                f"{parser.source(base, parser.token)} is a power times {parser.token.text}: "
                "the exponent ends with its number"
            )
    if parser.linear is not None and (made := parser.linear.power(left, exponent, operator)):
        return made
    return parser.build("pow", left, exponent, at=operator)


def _check_exponent(parser: Pratt, operator: Token, first: Token) -> None:
    """Echo ``e^-x/2`` and ``x^1/2``, where the exponent may seem to reach further."""
    last, slash = parser.peek(-1), parser.token
    is_wide = (last is not first and last.text not in _CLOSING) or first.text == "1"
    if slash.text == "/" and not slash.spaced and is_wide and parser.text[operator.start] == "^":
        reach = parser.source(first, last)
        parser.names.echo(f"the exponent is {reach}: '/' comes after the power")


def superscript(parser: Pratt, token: Token) -> Node:
    """Return the exponent that a superscript such as ``⁻²`` or ``ⁿ`` writes."""
    digits = token.text.lstrip("+-")
    inner = (
        parser.names.variable(digits)
        if digits.isalpha()
        else parser.build.number(int(digits[:MAX_NESTING]))
    )
    return parser.build("neg", inner) if token.text.startswith("-") else inner


def _is_transposed(parser: Pratt, base: Token, left: Node) -> bool:
    """Go past ``T`` after ``^`` where it means a transpose: ``x^T A x``, ``A @ A^T``.

    A power of T elsewhere is echoed.
    """
    names, sign = parser.names, parser.token
    is_name = sign.text == "T" and sign.kind == NAME and not names.is_value("T")
    is_base = base.text == ")" or (base.kind == NAME and base.text not in names.constants)
    if not (is_name and is_base):
        return False
    if parser.linear is not None and parser.linear.rank(left):
        parser.advance()
        return True
    if names.powers_alone("T"):
        before, after = parser.peek(-3), parser.peek()
        beside = after.kind == NAME or after.text in ("(", "@")
        known = base.kind == NAME or (names.declared and names.is_last_unknown("T"))
        if before.text == "@" or after.text == "@" or (beside and known):
            parser.advance()
            names.echo("^T is the transpose; a variable T is declared with --vars")
            return True
    names.echo("^T is a power; a transpose is written x.T")
    return False
