"""Forms that bind a variable over a range: ``sum(i=1..5, f)``, ``integrate(f, t=a..x)``.

Free functions over the parser of :mod:`diffcli.language.pratt`. A sum or product is written out,
its formula read again for each index; an integral is a function of its bounds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType

from diffcli.errors import LimitError
from diffcli.language.algebra import Algebra
from diffcli.language.builder import ARRAY
from diffcli.language.expression import (
    VARIABLE,
    Node,
    node,
    postorder,
    substituted,
    unused,
    variable,
)
from diffcli.language.indexing import AXIS, tensor
from diffcli.language.infinite_sums import Endless, infinite_sum
from diffcli.language.infinite_terms import UnboundedError
from diffcli.language.integrals import INFINITY, integral, within_finite
from diffcli.language.limits import MAX_INTEGRAND, MAX_READ_AGAIN, MAX_TERMS
from diffcli.language.pratt import Pratt
from diffcli.language.tensors import TENSORS
from diffcli.language.tokens import NAME, SIGN, Token
from diffcli.language.vocabulary import INFINITE

_SERIES = {"add": "sum(i=1..5, x^i)", "mul": "prod(i=1..5, x+i)"}
_INTEGRAL = "integrate(exp(-t^2), t=0..x)"
_SIGNED = {"add": "sum", "mul": "prod"}
_EMPTY = {"add": 0, "mul": 1}


def series(op: str) -> Callable[[Pratt, Token], Node]:
    """Return the reader of a sum (``add``) or a product (``mul``) over an index, or of a tensor.

    The bounds stand before the formula or after it: ``sum(i=1..5, x^i)``, ``sum(x^i, i=1..5)``.
    """

    def read(parser: Pratt, name: Token) -> Node:
        opener = parser.token
        if not parser.accept("("):
            return tensor(parser, name)
        bounds = _bounds(parser)
        if bounds is None or parser.tokens[bounds].text in AXIS:
            _check_series(parser, op, name)
            parser.position -= 1
            return tensor(parser, name)
        read = _before if bounds == parser.position else partial(_after, bounds=bounds)
        value = parser.inside(opener, lambda: read(parser, op))
        parser.expect(")", after=opener)
        return value

    return read


def _check_series(parser: Pratt, op: str, name: Token) -> None:
    """Refuse ``sum(x^k, k, 1, 10)`` and ``∑(x)``, by their remedy."""
    commas = [index for index in parser.inner() if parser.tokens[index].text == ","]
    is_sign = name.kind == SIGN
    if is_sign or any(parser.tokens[index + 1].text not in AXIS for index in commas):
        raise parser.fail(f"{name.text} takes a formula and a range", token=name, hint=_SERIES[op])


def big_sign(parser: Pratt, sign: Token) -> Node:
    """Read ``∑(i=1..5, f)``, or the bounds of LaTeX's ``∑`` and the term that follows."""
    op = {"∑": "add", "∏": "mul"}[sign.text]
    if parser.at("("):
        return series(op)(parser, sign)
    index = parser.token.text
    value = _before(parser, op, parser.term)
    after = {token.text for token in parser.tokens[parser.position :]}
    if index in after and not parser.names.is_value(index):
        parser.names.echo(
            f"the {sign.text} over {index} ends before: {index} after it is a variable"
        )
    return value


def _before(parser: Pratt, op: str, read: Callable[[], Node] | None = None) -> Node:
    """Read ``i = 1..5, f``, and return the sum or product of the formula."""
    index, values = _range(parser, op)
    if not parser.accept(","):
        raise parser.fail("no formula after the bounds", token=parser.token, hint=_SERIES[op])
    return _written_out(parser, op, index, values, read or parser.expression)


def _after(parser: Pratt, op: str, bounds: int) -> Node:
    """Read ``f, i = 1..5``, and return the sum or product of the formula."""
    start, parser.position = parser.position, bounds
    index, values = _range(parser, op)
    end, parser.position = parser.position, start
    value = _written_out(parser, op, index, values, parser.expression)
    if not parser.accept(",") or parser.position != bounds:
        raise parser.fail(f"{_SIGNED[op]} takes a formula and a range", hint=_SERIES[op])
    parser.position = end
    return value


def _range(parser: Pratt, op: str) -> tuple[Token, range | Endless]:
    """Read ``i = 1..5``, or of a sum ``i = 1..inf``."""
    index = parser.advance()
    if index.kind == NAME and parser.at(","):
        return index, _over_components(parser, index)
    if index.kind != NAME or not parser.accept("="):
        raise parser.fail("an index is a name", token=index, hint=_SERIES[op])
    low = _bound(parser, op, parser.token, parser.expression())
    if not parser.accept(".."):
        raise parser.fail("an index has two bounds", token=parser.token, hint=_SERIES[op])
    last, end = parser.token, _end(parser)
    if end is INFINITY and op == "add":
        return index, Endless(low)
    high = _bound(parser, op, last, end)
    if high - low >= MAX_TERMS:
        raise parser.fail(
            f"{high - low + 1:,} terms", token=index, error=LimitError,
            hint=f"at most {MAX_TERMS:,} are written out",
        )  # fmt: skip
    return index, range(low, high + 1)


def _over_components(parser: Pratt, index: Token) -> range:
    """Return the places of a vector whose components have this index: ``∑_i x_i``."""
    for token in parser.tokens[parser.position :]:
        name, *subscripts = token.text.split("_")
        shape = parser.names.shapes.get(name, ())
        if len(subscripts) == 1 < len(shape) == len(subscripts[0]):
            subscripts = list(subscripts[0])
        if index.text in subscripts and len(subscripts) == len(shape):
            return range(1, shape[subscripts.index(index.text)] + 1)
    raise parser.fail(
        "an index has two bounds", token=parser.peek(-1)._replace(start=parser.peek(-2).start),
        hint=r"\sum_{i=1}^{5} x_i; without bounds it goes over a vector of the point, --at x=[1,2]",
    )  # fmt: skip


def _written_out(
    parser: Pratt, op: str, index: Token, values: range | Endless, read: Callable[[], Node]
) -> Node:
    """Return the sum or product of the formula that stands here, read for each value."""
    if isinstance(values, Endless):
        return _without_end(parser, index, values, read)
    start, terms = parser.position, list[Node]()
    # An empty range is read once too: what follows it must be found.
    for value in values or (values.start,):
        parser.position = start
        with parser.names.bound(index.text, value):
            terms.append(read())
        _count(parser, parser.position - start, index)
    if not values:
        return parser.build.number(_EMPTY[op])
    return parser.build(op, *terms) if len(terms) > 1 else terms[0]


def _without_end(parser: Pratt, index: Token, values: Endless, read: Callable[[], Node]) -> Node:
    """Return the sum of the formula that stands here over an index without end."""
    inner = unused(index.text, parser.names.typed)
    with parser.names.meant(index.text, variable(inner)):
        body = parser.build.real(read())
    try:
        return infinite_sum(Algebra(parser.build), body, inner, values.start)
    except UnboundedError as error:
        raise parser.fail(
            f"this infinite sum has no bound that is known: {error}", token=index,
            hint="the terms are products of powers x^n, factorials and powers of n + a, as in "
            "sum(n=0..inf, x^n/n!); or take a finite bound",
        ) from None  # fmt: skip


def _bound(parser: Pratt, op: str, token: Token, value: Node) -> int:
    exact = parser.build.exact(value)
    if exact is None or exact.denominator != 1:
        raise parser.fail(
            "the bounds of an index are whole numbers", token=token, hint=f"{_SERIES[op]}; "
            "a name is defined before, n = 5; …, or in LaTeX by the point, --at n=5",
        )  # fmt: skip
    return int(exact)


def _count(parser: Pratt, read: int, opening: Token) -> None:
    """Refuse sums in sums that would take too long to write out."""
    parser.names.read_again += read
    if parser.names.read_again > MAX_READ_AGAIN:
        raise parser.fail(
            "the sums and products are too long", token=opening, error=LimitError,
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


def _integral(parser: Pratt, opening: Token) -> Node:
    bounds = _bounds(parser)
    if bounds is None:
        raise parser.fail(
            f"{opening.text} needs a variable and its bounds", token=opening, hint=_INTEGRAL
        )
    name = parser.tokens[bounds].text
    inner = variable(unused(name, parser.names.typed))
    with parser.names.meant(name, inner):
        body = parser.build.real(parser.expression())
    for sign in (",", name, "="):
        if not parser.accept(sign):
            raise parser.fail(f"{opening.text} takes a formula, then the bounds", hint=_INTEGRAL)
    low = _end(parser)
    if not parser.accept(".."):
        raise parser.fail("an integral has two bounds", token=parser.token, hint=_INTEGRAL)
    high = _end(parser)
    body, low, high = within_finite(body, inner, low, high)
    free = set[str]()
    for term in postorder([body]):
        if term.op in TENSORS or term.op == ARRAY:
            raise parser.fail("an integrand is a formula of numbers", token=opening, hint=_INTEGRAL)
        if term.op == VARIABLE:
            free.add(str(term.value))
    own = unused(name, free - {str(inner.value)})
    try:
        definite = integral(substituted(body, {inner: variable(own)}), own, low, high, {})
    except LimitError:
        definite = None
    if definite is None or len(definite.op) > MAX_INTEGRAND:
        raise parser.fail(
            "the integrand is too long", token=opening, error=LimitError,
            hint=f"written out, at most {MAX_INTEGRAND:,} characters are read",
        )  # fmt: skip
    return definite


def _end(parser: Pratt) -> Node:
    """Read a bound of an integral, which may be infinite."""
    is_braced = parser.at("{", "(")
    signed = parser.peek(int(is_braced)).text in ("+", "-")
    ahead = int(is_braced) + int(signed)
    name, after = parser.peek(ahead), parser.peek(ahead + 1)
    is_closed = not is_braced or after.text in ("}", ")")
    if name.text not in INFINITE or parser.names.is_value(name.text) or not is_closed:
        return parser.build.real(parser.expression())
    is_negative = signed and parser.peek(ahead - 1).text == "-"
    for _ in range(ahead + 1 + is_braced):
        parser.advance()
    return node("neg", INFINITY) if is_negative else INFINITY


def _bounds(parser: Pratt) -> int | None:
    """Return the place of the last name in the brackets that has bounds, ``i=1..5``."""
    last = None
    for index in parser.inner():
        token, after = parser.tokens[index], parser.tokens[index + 1]
        if token.kind == NAME and after.text == "=":
            last = index
    return last


FORMS: Mapping[str, Callable[[Pratt, Token], Node]] = MappingProxyType(
    {"sum": series("add"), "prod": series("mul"), "integral": integrate}
)
"""Readers of the functions that bind a variable, by their form."""
