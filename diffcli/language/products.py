"""Products: ``2x``, ``x/2y``, ``x.T A x``, ``a mod b``, and what in them has two readings.

Free functions over the parser of :mod:`diffcli.language.pratt`.
"""

from __future__ import annotations

from diffcli.language.expression import VARIABLE, Node
from diffcli.language.linear import Linear
from diffcli.language.pratt import Pratt
from diffcli.language.tokens import GREEK_NAMES, NUMBER, TIMES, Token
from diffcli.language.vocabulary import INFIX_WORDS

_OPERATIONS = {"/": "div", "%": "mod", "@": "matmul", "mod": "mod", "choose": "binomial"}
_SIGNS = ("*", *_OPERATIONS)


def product(parser: Pratt, left: Node) -> Node:
    """Read factors left to right: ``1/2x`` is (1/2)·x."""
    factors, first = [left], parser.peek(-1)
    divided: Token | None = None
    in_matrices = False
    while True:
        token = parser.token
        implicit = parser.starts_factor()
        if not implicit and not parser.at(*_SIGNS):
            break
        if implicit:
            _check_implicit(parser, divided)
        else:
            parser.advance()
            _check_sign(parser, token)
        right = parser.operand()
        if parser.linear is not None:
            typed = "" if implicit else parser.text[token.start : token.end]
            of_tensors = _of_tensors(parser.linear, factors[-1], right, typed, token)
            if of_tensors is not None:
                factors[-1] = of_tensors
                first = parser.peek(-1)
                continue
        in_matrices = (
            parser.linear is None and implicit and (in_matrices or factors[-1].op == "transpose")
        )
        if in_matrices:
            factors[-1] = _matrices(parser, factors[-1], right)
            parser.names.echo("what stands beside a transpose is a matrix product")
        elif implicit or token.text == "*":
            if parser.linear is None:
                _check_transposed(parser, factors[-1], right, token if implicit else None)
            factors.append(right)
        else:
            whole = parser.build.product(factors)
            divided = first if token.text == "/" else None
            made = _OPERATIONS[token.text]
            is_matrix = made == "matmul"
            factors = [
                _matrices(parser, whole, right) if is_matrix else parser.build(made, whole, right)
            ]
        first = parser.peek(-1)
    return parser.build.product(factors)


def _of_tensors(linear: Linear, left: Node, right: Node, sign: str, token: Token) -> Node | None:
    """Return a product of vectors and matrices, None for that of numbers or of entries."""
    if token.text in ("/", "%"):
        linear.check_division(right, token)
        return None
    return None if token.text in _OPERATIONS else linear.product(left, right, sign, token)


def _check_implicit(parser: Pratt, divided: Token | None) -> None:
    """Refuse two numbers side by side, and echo ``1/2x``, which has two readings."""
    before = parser.peek(-1)
    if parser.token.kind == NUMBER and before.kind == NUMBER:
        is_mixed = "/" in parser.token.text
        raise parser.fail(
            "two numbers side by side", token=parser.token,
            hint="write '+' or '*' between" if is_mixed else "write '*' between",
        )  # fmt: skip
    if divided is not None and before.text != ")":
        first = parser.peek() if parser.token.text == TIMES else parser.token
        parser.names.echo(
            f"{parser.source(divided, first)} is a fraction times {first.text}: "
            "'/' and implied '*' go from left to right"
        )


def _check_sign(parser: Pratt, sign: Token) -> None:
    """Echo ``50% x``, and words between their arguments."""
    before = parser.peek(-2)
    if sign.text in INFIX_WORDS:
        parser.names.echo(f"{sign.text} is {INFIX_WORDS[sign.text]}, and binds as '*' does")
    elif sign.text == "%" and before.kind == NUMBER and not sign.spaced and parser.token.spaced:
        parser.names.echo(f"{parser.source(before, sign)} is no percentage: % is the remainder")


def _check_transposed(parser: Pratt, left: Node, right: Node, beside: Token | None) -> None:
    """Refuse a letter beside a transpose, ``x x.T``, which may be a number or a vector."""
    name = str(left.value)
    is_letter = left.op == VARIABLE and name not in GREEK_NAMES
    if beside is not None and is_letter and right.op == "transpose":
        raise parser.fail(
            f"{name} beside a transpose has two readings", token=beside,
            hint=f"write '@' between for a matrix product, '*' if {name} is a number",
        )  # fmt: skip


def _matrices(parser: Pratt, left: Node, right: Node) -> Node:
    """Return a matrix product; echo an inverse beside it, which goes entry by entry."""
    for factor in (left, right):
        if factor.op == "pow" and factor.args[1] is parser.build.number(-1):
            parser.names.echo("a power of -1 goes entry by entry; the inverse is inv(A)")
    return parser.tensor("matmul", left, right)
