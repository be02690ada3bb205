"""Derivatives in a formula: ``diff(f, x)``, ``d/dx f``, ``d(f)/dx``, ``y = …; dy/dx``, ``f'(x)``.

Free functions over the parser of :mod:`diffcli.language.pratt`; each is resolved to a formula at
once.
"""

from __future__ import annotations

from collections.abc import Sequence

from diffcli.errors import DiffcliError, LimitError
from diffcli.language.application import exactly
from diffcli.language.borrowed import known_row
from diffcli.language.builder import ARRAY
from diffcli.language.derivative import derivative_at, differentiate
from diffcli.language.expression import VARIABLE, Node, node
from diffcli.language.functions import TABLE, Row
from diffcli.language.indexing import names_axis, read_axis
from diffcli.language.limits import MAX_ORDER
from diffcli.language.pratt import Pratt
from diffcli.language.products import product
from diffcli.language.tensors import LAST
from diffcli.language.tokens import GREEK_NAMES, NAME, NUMBER, SUPERSCRIPT, Token

_DIFF = "diff(x^2*y, x), diff(sin(x), x, 2), diff(x*y, x, y)"


def diff(parser: Pratt, name: Token) -> Node:
    """Read ``diff(f, x)``, ``diff(f, x, 2)``, ``diff(f, x, y)`` and return the derivative."""
    opener = parser.token
    if not parser.accept("("):
        raise parser.fail("diff has no argument", token=name, hint=_DIFF)
    value, wanted, axis = parser.inside(opener, lambda: _wanted(parser))
    parser.expect(")", after=opener)
    if not wanted:
        return node("differences", parser.build.real(value), static=(axis,))
    return _derivative(parser, value, wanted, name)


def _wanted(parser: Pratt) -> tuple[Node, list[tuple[str, int]], int | None]:
    """Read the formula, and each variable with its order; or the axis of a tensor's differences."""
    value, wanted = parser.expression(), list[tuple[str, int]]()
    while parser.accept(","):
        if names_axis(parser) and not wanted:
            return value, wanted, read_axis(parser)
        first, argument = parser.token, parser.expression()
        exact = parser.build.exact(argument)
        if argument.op == VARIABLE:
            wanted.append((str(argument.value), 1))
        elif wanted and exact is not None and exact.denominator == 1 and exact >= 1:
            wanted[-1] = (wanted[-1][0], int(exact))
        elif first.text in parser.names.defined:
            raise _has_value(parser, first.text, first)
        else:
            raise parser.fail("diff takes variables and orders", token=first, hint=_DIFF)
    return value, wanted, LAST


def _derivative(parser: Pratt, value: Node, wanted: Sequence[tuple[str, int]], sign: Token) -> Node:
    order = sum(times for _, times in wanted)
    if order > MAX_ORDER:
        raise parser.fail(
            f"a derivative of order {order:,}", token=sign, error=LimitError,
            hint=f"orders up to {MAX_ORDER} are read",
        )  # fmt: skip
    value = parser.build.real(value)
    if value.op == ARRAY:
        entries = [_derivative(parser, entry, wanted, sign) for entry in value.args]
        return node(ARRAY, *entries, static=value.static)
    if is_asked(parser, sign, [name for name, times in wanted for _ in range(times)]):
        return value
    for name, times in wanted:
        value = differentiate(value, name, parser.build, times)
    return value


def primed(parser: Pratt, name: Token, meaning: Row | str) -> Node:
    """Read ``''(x)`` behind a function's name, and return the derivative there."""
    row = meaning if isinstance(meaning, Row) else TABLE.get(meaning) or known_row(name.text)
    if row is None or row.arity != (1, 1):
        raise parser.fail(
            f"{name.text}' has two readings", token=name, hint=f"write diff({name.text}(…), x)"
        )
    order = 0
    while parser.accept("'"):
        order += 1
    if order > MAX_ORDER:
        raise parser.fail(f"{order} primes", token=name, hint=f"at most {MAX_ORDER} are read")
    (argument,) = exactly(parser, name, 1)
    if is_asked(parser, name, [str(argument.value)] * order if argument.op == VARIABLE else []):
        return parser.build(row.name, argument)
    return derivative_at(row, argument, parser.build, order)


def is_asked(parser: Pratt, sign: Token, wrt: Sequence[str]) -> bool:
    """Whether a derivative, read from a token to here, is the whole formula and left to be taken.

    The parser notes its variables ``wrt`` then. That it is carried out instead is said.
    """
    if not _is_whole(parser, sign):
        return False
    typed = parser.source(sign, parser.peek(-1))
    if wrt and parser.leaves_derivative:
        parser.asked = tuple(wrt)
        parser.names.echo(f"{typed} is the derivative that is asked for")
        return True
    parser.names.echo(f"{typed} is carried out first: the formula is that derivative")
    return False


def _is_whole(parser: Pratt, sign: Token) -> bool:
    """Whether nothing but brackets, a sign and numbers as factors stand around a derivative."""
    before = ""
    for token in parser.tokens[parser.formula_start : parser.position]:
        if token.start >= sign.start:
            break
        is_sign = token.text == "-" and before in ("", "(", "{")
        if not (is_sign or token.kind == NUMBER or token.text in ("(", "{", "*")):
            return False
        before = token.text
    return all(token.text in (")", "}") for token in parser.tokens[parser.position : -1])


def differential(parser: Pratt, sign: Token) -> Node | None:
    """Read what follows ``d`` in ``d/dx f`` or ``d^2/dx^2 f``; None where ``d`` is a variable.

    ``dy/dx`` is the derivative of what is defined as y.
    """
    start = parser.position
    if sign.text not in ("d", "∂"):
        return _of_definition(parser, sign)
    if parser.at("("):
        return _quotient(parser, sign)
    order = _order(parser)
    variable = _differential_of(parser, sign) if parser.accept("/") else None
    if variable is None or _order(parser) != order or not _has_formula(parser):
        parser.position = start
        return None
    typed, first = parser.source(sign, parser.peek(-1)), parser.token
    value, alone = parser.factor(), ""
    is_product = parser.starts_factor() or parser.at("*", "/", "%")
    if is_product:
        value = product(parser, value)
    elif first.text not in ("(", "[", "{") and parser.at("+", "-"):
        alone = " alone"
    if is_product or alone:
        reach = parser.source(first, parser.peek(-1))
        parser.names.echo(f"{typed} reaches over {reach}{alone}")
    return _derivative(parser, value, [(variable, order)], sign)


def _has_formula(parser: Pratt) -> bool:
    return parser.starts_factor() or parser.at("[")


def _quotient(parser: Pratt, sign: Token) -> Node | None:
    """Read ``d(f)/dx``; None where no quotient of differentials stands here."""
    start = parser.position
    opener = parser.advance()
    closer = max(parser.inner(), default=start) + 1
    slash, below = (parser.tokens[min(closer + k, len(parser.tokens) - 1)] for k in (1, 2))
    if slash.text != "/" or not below.text.startswith(sign.text):
        parser.position = start
        return None
    value = parser.inside(opener, parser.expression)
    parser.expect(")", after=opener)
    parser.advance()
    variable = _differential_of(parser, sign)
    if variable is None:
        raise parser.fail("no variable of the derivative", hint="write d/dx (x^2)")
    return _derivative(parser, value, [(variable, 1)], sign)


def _of_definition(parser: Pratt, above: Token) -> Node | None:
    """Read ``/dx`` after ``dy`` where y is defined."""
    start, name = parser.position, above.text[1:]
    if name in parser.names.defined and parser.accept("/"):
        below = parser.advance().text
        if below.startswith("d") and len(below) > 1 and not parser.names.is_value(below):
            value = parser.names.defined[name]
            return _derivative(parser, value, [(_variable(parser, below[1:]), 1)], above)
    parser.position = start
    return None


def _order(parser: Pratt) -> int:
    """Read ``^2`` or ``²``, 1 if there is none."""
    token, after = parser.token, parser.peek()
    if token.kind == SUPERSCRIPT and token.text.isdigit():
        return int(parser.advance().text)
    if token.text == "**" and after.kind == NUMBER and after.text.isdigit():
        parser.advance()
        return int(parser.advance().text)
    return 1


def _differential_of(parser: Pratt, sign: Token) -> str | None:
    """Read ``dx``, ``d x`` or ``∂x``, and return the variable's name."""
    token = parser.advance()
    if token.text == sign.text and parser.token.kind == NAME:
        return _variable(parser, parser.advance().text)
    is_one_word = sign.text == "d" and token.kind == NAME and token.text.startswith("d")
    is_one_word = is_one_word and token.text not in GREEK_NAMES
    return _variable(parser, token.text[1:]) or None if is_one_word else None


def _variable(parser: Pratt, name: str) -> str:
    """Return the variable that a name stands for, which is that of the integral around it.

    Raises FormulaError for a name that has a value.
    """
    meant = parser.names.variable(name)
    if meant.op != VARIABLE:
        raise _has_value(parser, name)
    return str(meant.value)


def _has_value(parser: Pratt, name: str, sign: Token | None = None) -> DiffcliError:
    return parser.fail(
        f"{name} is defined, and what is differentiated in has no value",
        token=sign, hint=f"leave the definition out; a value is given by --at {name}=2",
    )  # fmt: skip
