r"""What LaTeX writes behind a formula: ``(\sin x)'``, ``x^2|_{x=2}``, ``[x^2]_0^1``.

Free functions over the parser of :mod:`diffcli.language.pratt`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from diffcli.errors import LimitError
from diffcli.language.derivative import differentiate
from diffcli.language.expression import VARIABLE, Node, postorder, variable
from diffcli.language.integrals import substituted
from diffcli.language.limits import MAX_ORDER
from diffcli.language.tokens import NAME, Token

if TYPE_CHECKING:
    from diffcli.language.pratt import Pratt


def _primed(parser: Pratt, name: Token) -> Node:
    """Read a bracket and the number of primes behind it: the derivative in its one variable."""
    parser.advance()
    value = parser.build.real(parser.expression())
    parser.advance()
    order = int(parser.advance().text)
    parser.advance()
    if order > MAX_ORDER:
        raise parser.fail(
            f"{order} primes", token=name, error=LimitError, hint=f"at most {MAX_ORDER} are read"
        )
    wrt = _one_variable(parser, value, name, "write diff(f, x)")
    parser.names.echo(f"the primes are the derivative in {wrt}")
    return differentiate(value, wrt, parser.build, order)


def _at(parser: Pratt, name: Token) -> Node:
    """Read a formula and where it is evaluated, or the two ends of a difference."""
    parser.advance()
    value = parser.build.real(parser.expression())
    places: dict[Node, Node] = {}
    while parser.accept(","):
        if parser.token.kind == NAME and parser.peek().text == "==":
            wrt = str(parser.names.variable(parser.advance().text).value)
            parser.advance()
        else:
            wrt = _one_variable(parser, value, name, r"write |_{x=2}")
        first = parser.build.real(parser.expression())
        if parser.accept(".."):
            last = parser.build.real(parser.expression())
            ends = [substituted(value, {variable(wrt): end}) for end in (last, first)]
            parser.expect(")", after=name)
            return parser.build("add", ends[0], parser.build("neg", ends[1]))
        places[variable(wrt)] = first
    parser.expect(")", after=name)
    return substituted(value, places)


def _one_variable(parser: Pratt, value: Node, at: Token, hint: str) -> str:
    """Return the one variable of a formula; raise FormulaError where it has several or none."""
    free = sorted({str(each.value) for each in postorder([value]) if each.op == VARIABLE})
    if len(free) != 1:
        count = f"{', '.join(free)} are" if free else "there are no"
        raise parser.fail(f"which variable is meant: {count} variables", token=at, hint=hint)
    return free[0]


FORMS: Mapping[str, Callable[[Pratt, Token], Node]] = MappingProxyType(
    {"primed": _primed, "at": _at}
)
"""Readers of these, by their form."""
