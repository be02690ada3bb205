"""What binds a variable: ``diff(f, x)``, ``d/dx f``, ``sum(i=1..5, f)``, ``integrate(…)``.

Free functions over the parser of :mod:`diffcli.language.parser`. A derivative is resolved to a
formula at once; a sum or product is written out, its formula read again for each index; an integral
is a function of its bounds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from diffcli.errors import LimitError
from diffcli.language.derivative import differentiate
from diffcli.language.expression import CONSTANT, VARIABLE, Node, node, postorder, variable
from diffcli.language.indexing import names_axis, read_axis, tensor
from diffcli.language.integrals import integral, substituted, unused
from diffcli.language.limits import MAX_INTEGRAND, MAX_ORDER, MAX_READ_AGAIN, MAX_TERMS
from diffcli.language.tensors import LAST, TENSORS
from diffcli.language.tokens import NAME, NUMBER, SIGN, SUPERSCRIPT, Token

if TYPE_CHECKING:
    from diffcli.language.pratt import Pratt

_DIFF = "diff(x^2*y, x), diff(sin(x), x, 2), diff(x*y, x, y)"
_SERIES = {"add": "sum(i=1..5, x^i)", "mul": "prod(i=1..5, x+i)"}
_INTEGRAL = "integrate(exp(-t^2), t=0..x)"
_EMPTY = {"add": 0, "mul": 1}
_INFINITE = frozenset({"inf", "infinity", "oo"})


def diff(parser: Pratt, name: Token) -> Node:
    """Read ``diff(f, x)``, ``diff(f, x, 2)``, ``diff(f, x, y)`` and return the derivative."""
    opener = parser.token
    if not parser.accept("("):
        raise parser.fail("diff has no argument", token=name, hint=_DIFF)
    value, wanted, axis = parser.inside(opener, lambda: _wanted(parser))
    parser.expect(")", after=opener)
    if not wanted:
        return node("differences", parser.build.real(value), static=(axis,))
    for wrt, order in wanted:
        value = _derivative(parser, value, wrt, order, name)
    return value


def _wanted(parser: Pratt) -> tuple[Node, list[tuple[str, int]], int | None]:
    """Read the formula, and each variable with its order; or the axis of a tensor's differences."""
    value, wanted = parser.expression(), list[tuple[str, int]]()
    while parser.accept(","):
        if names_axis(parser) and not wanted:
            return value, wanted, read_axis(parser)
        first, found = parser.token, parser.expression()
        exact = parser.build.exact(found)
        if found.op == VARIABLE:
            wanted.append((str(found.value), 1))
        elif wanted and exact is not None and exact.denominator == 1 and exact >= 1:
            wanted[-1] = (wanted[-1][0], int(exact))
        else:
            raise parser.fail("diff takes variables and orders", token=first, hint=_DIFF)
    return value, wanted, LAST


def _derivative(parser: Pratt, value: Node, variable: str, order: int, at: Token) -> Node:
    if order > MAX_ORDER:
        raise parser.fail(
            f"a derivative of order {order:,}", token=at, error=LimitError,
            hint=f"orders up to {MAX_ORDER} are read",
        )  # fmt: skip
    return differentiate(parser.build.real(value), variable, parser.build, order)


def differential(parser: Pratt, sign: Token) -> Node | None:
    """Read what follows ``d`` in ``d/dx f`` or ``d^2/dx^2 f``; None where ``d`` is a variable."""
    start = parser.position
    order = _order(parser)
    variable = _differential_of(parser, sign) if parser.accept("/") else None
    if variable is None or _order(parser) != order or not parser.starts_factor():
        parser.position = start
        return None
    first = parser.token
    value = parser.factor()
    if parser.starts_factor() or parser.at("*", "/", "%"):
        value = parser.product(value)
        reach = parser.source(first, parser.peek(-1))
        parser.names.echo(f"{parser.source(sign, first)[:-1].rstrip()} reaches over {reach}")
    return _derivative(parser, value, variable, order, sign)


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
    return _variable(parser, token.text[1:]) or None if is_one_word else None


def _variable(parser: Pratt, name: str) -> str:
    """Return the variable that a name stands for, which is that of the integral around it."""
    meant = parser.names.variable(name)
    return str(meant.value) if meant.op == VARIABLE else name


def series(op: str) -> Callable[[Pratt, Token], Node]:
    """Return the reader of a sum (``add``) or a product (``mul``) over an index, or of a tensor."""

    def read(parser: Pratt, name: Token) -> Node:
        opener = parser.token
        if opener.text != "(" or parser.peek(2).text != "=":
            return tensor(parser, name)
        parser.advance()
        value = parser.inside(opener, lambda: _expanded(parser, op, parser.expression))
        parser.expect(")", after=opener)
        return value

    return read


def big_sign(parser: Pratt, sign: Token) -> Node:
    """Read ``∑(i=1..5, f)``, or the bounds of LaTeX's ``∑`` and the term that follows."""
    op = {"∑": "add", "∏": "mul"}[sign.text]
    if parser.at("("):
        return series(op)(parser, sign)
    return _expanded(parser, op, parser.term)


def _expanded(parser: Pratt, op: str, read: Callable[[], Node]) -> Node:
    """Read ``i = 1..5, f``, and return the sum or product of the formula."""
    index = parser.advance()
    if index.kind != NAME or not parser.accept("="):
        raise parser.fail("an index is a name", token=index, hint=_SERIES[op])
    low = _bound(parser, op)
    if not parser.accept(".."):
        raise parser.fail("an index has two bounds", token=parser.token, hint=_SERIES[op])
    high = _bound(parser, op)
    if not parser.accept(","):
        raise parser.fail("no formula after the bounds", token=parser.token, hint=_SERIES[op])
    if high - low >= MAX_TERMS:
        raise parser.fail(
            f"{high - low + 1:,} terms", token=index, error=LimitError,
            hint=f"at most {MAX_TERMS:,} are written out",
        )  # fmt: skip
    start, terms = parser.position, list[Node]()
    # An empty range is read once too: what follows it must be found.
    for value in range(low, max(high, low) + 1):
        parser.position = start
        with parser.names.bound(index.text, value):
            terms.append(read())
        _count(parser, parser.position - start, index)
    if high < low:
        return parser.build.number(_EMPTY[op])
    return parser.build(op, *terms) if len(terms) > 1 else terms[0]


def _bound(parser: Pratt, op: str) -> int:
    token = parser.token
    exact = parser.build.exact(parser.expression())
    if exact is None or exact.denominator != 1:
        raise parser.fail(
            "the bounds of an index are whole numbers", token=token, hint=f"{_SERIES[op]}; "
            "a name is defined before: n = 5; …",
        )  # fmt: skip
    return int(exact)


def _count(parser: Pratt, read: int, at: Token) -> None:
    """Refuse sums in sums that would take too long to write out."""
    parser.names.read_again += read
    if parser.names.read_again > MAX_READ_AGAIN:
        raise parser.fail(
            "the sums and products are too long", token=at, error=LimitError,
            hint=f"written out, at most {MAX_READ_AGAIN:,} signs are read",
        )  # fmt: skip


def integrate(parser: Pratt, name: Token) -> Node:
    """Read ``integrate(f, t=a..x)`` and return the integral."""
    opener = parser.token
    if not parser.accept("("):
        raise parser.fail(f"{name.text} has no argument", token=name, hint=_INTEGRAL)
    value = parser.inside(opener, lambda: _integral(parser, name))
    parser.expect(")", after=opener)
    return value


def _integral(parser: Pratt, at: Token) -> Node:
    name = _integration_variable(parser)
    if name is None:
        raise parser.fail(f"{at.text} needs a variable and its bounds", token=at, hint=_INTEGRAL)
    inner = variable(unused(name, parser.names.typed))
    with parser.names.meant(name, inner):
        body = parser.build.real(parser.expression())
    for sign in (",", name, "="):
        if not parser.accept(sign):
            raise parser.fail(f"{at.text} takes a formula, then the bounds", hint=_INTEGRAL)
    low = _end(parser)
    if not parser.accept(".."):
        raise parser.fail("an integral has two bounds", token=parser.token, hint=_INTEGRAL)
    high = _end(parser)
    free = set[str]()
    for each in postorder([body]):
        if each.op in TENSORS:
            raise parser.fail("an integrand is a formula of numbers", token=at, hint=_INTEGRAL)
        if each.op == VARIABLE:
            free.add(str(each.value))
    own = unused(name, free - {str(inner.value)})
    made = integral(substituted(body, {inner: variable(own)}), own, low, high, {})
    if len(made.op) > MAX_INTEGRAND:
        raise parser.fail(
            "the integrand is too long", token=at, error=LimitError,
            hint=f"written out, at most {MAX_INTEGRAND:,} characters are read",
        )  # fmt: skip
    return made


def _integration_variable(parser: Pratt) -> str | None:
    """Return the name whose bounds stand last in the brackets."""
    depth, found = 1, None
    for place in range(parser.position, len(parser.tokens) - 1):
        token, after = parser.tokens[place], parser.tokens[place + 1]
        depth += (token.text in "([{⌊⌈") - (token.text in ")]}⌋⌉") if token.kind == SIGN else 0
        if depth == 0:
            break
        if depth == 1 and token.kind == NAME and after.text == "=":
            found = token.text
    return found


def _end(parser: Pratt) -> Node:
    """Read a bound of an integral, which is finite."""
    token = parser.token
    found = parser.build.real(parser.expression())
    for each in postorder([found]):
        if each.op in (VARIABLE, CONSTANT) and each.value in _INFINITE:
            raise parser.fail(
                "an improper integral isn't read", token=token, hint="take a finite bound, or a "
                "function of the table, such as erf, Ei or gammainc",
            )  # fmt: skip
    return found


FORMS: Mapping[str, Callable[[Pratt, Token], Node]] = MappingProxyType(
    {"diff": diff, "sum": series("add"), "prod": series("mul"), "integral": integrate}
)
"""Readers of the functions that bind a variable, by their form."""
