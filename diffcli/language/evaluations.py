r"""Signs that LaTeX writes behind a formula: ``(\sin x)'``, ``x^2|_{x=2}``, ``[x^2]_0^1``.

Free functions over the parser of :mod:`diffcli.language.pratt`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from diffcli.errors import LimitError
from diffcli.language.builder import ARRAY
from diffcli.language.derivative import differentiate
from diffcli.language.differentials import is_asked
from diffcli.language.expression import VARIABLE, Node, postorder, substituted, variable
from diffcli.language.limits import MAX_ORDER
from diffcli.language.matrices import array
from diffcli.language.pratt import Pratt
from diffcli.language.tokens import NAME, Token


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
    if is_asked(parser, name, [wrt] * order):
        return value
    return differentiate(value, wrt, parser.build, order)


def _at(parser: Pratt, name: Token) -> Node:
    """Read a formula and where it is evaluated, or the two ends of a difference."""
    parser.advance()
    value = parser.build.real(parser.expression())
    point: dict[Node, Node] = {}
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
        point[variable(wrt)] = first
    parser.expect(")", after=name)
    return substituted(value, point)


def _one_variable(parser: Pratt, value: Node, token: Token, hint: str) -> str:
    """Return the one variable of a formula; raise FormulaError where it has several or none."""
    free = sorted({str(node.value) for node in postorder([value]) if node.op == VARIABLE})
    if len(free) != 1:
        count = f"{', '.join(free)} are" if free else "there are no"
        raise parser.fail(f"which variable is meant: {count} variables", token=token, hint=hint)
    return free[0]


def _matrix(parser: Pratt, name: Token) -> Node:
    """Read the rows of a matrix typed in the formula; one column is a vector."""
    opener = parser.advance()
    rows: list[list[Node]] = []
    while not rows or parser.accept(","):
        bracket = parser.advance()
        rows.append(parser.inside(bracket, lambda: listed(parser)))
    parser.expect(")", after=opener)
    entries = [parser.build.real(entry) for row in rows for entry in row]
    if any(entry.op == ARRAY for entry in entries):
        raise parser.fail("a matrix in a matrix", token=name, hint="write its entries out")
    if len(entries) == 1:
        return entries[0]
    return array(entries, (len(rows),) if len(rows[0]) == 1 else (len(rows), len(rows[0])))


def listed(parser: Pratt) -> list[Node]:
    """Read ``a, b)`` after the opening bracket."""
    values = [parser.expression()]
    while parser.accept(","):
        values.append(parser.expression())
    parser.expect(")", after=parser.peek(-1))
    return values


def _norm_2(parser: Pratt, name: Token) -> Node:
    """Read ``‖x‖₂``, which of a matrix is another norm."""
    opener = parser.advance()
    value = parser.build.real(parser.inside(opener, parser.expression))
    parser.expect(")", after=opener)
    if parser.linear is not None:
        parser.linear.spectral(value, name)
    return parser.tensor("norm", value, static=(None,))


FORMS: Mapping[str, Callable[[Pratt, Token], Node]] = MappingProxyType(
    {"primed": _primed, "at": _at, "matrix": _matrix, "norm_2": _norm_2}
)
"""Readers of these, by their form."""
