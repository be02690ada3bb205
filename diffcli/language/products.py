"""Products and powers: ``2x``, ``x/2y``, ``x.T A x``, ``a mod b``, ``x⁻²``, ``e^-x``, ``x^T``.

What has two readings in them is echoed or refused.

Free functions over the parser of :mod:`diffcli.language.pratt`.
"""

from __future__ import annotations

import re

from diffcli.language.expression import CONSTANT, VARIABLE, Node
from diffcli.language.limits import MAX_NESTING
from diffcli.language.linear import Linear
from diffcli.language.pratt import Pratt
from diffcli.language.tokens import GREEK_NAMES, NAME, NUMBER, SUPERSCRIPT, TIMES, Token
from diffcli.language.vocabulary import INFIX_WORDS

_OPERATIONS = {"/": "div", "%": "mod", "@": "matmul", "mod": "mod", "choose": "binomial"}
_SIGNS = ("*", *_OPERATIONS)
_WRITTEN_TO_A_BASE = re.compile(r"(b[01]+)|x[0-9A-Fa-f]*[0-9][0-9A-Fa-f]*")
_CHOSEN = re.compile(r"C([0-9]+)")
_FUNCTIONS = frozenset("fghFGH")
"""Letters that mostly name functions: ``f^-1(x)``."""
_CLOSING = frozenset(")]}|‖⌋⌉")


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
            operation = _OPERATIONS[token.text]
            is_matrix = operation == "matmul"
            factors = [
                _matrices(parser, whole, right)
                if is_matrix
                else parser.build(operation, whole, right)
            ]
        first = parser.peek(-1)
    return parser.build.product(factors)


def _of_tensors(linear: Linear, left: Node, right: Node, sign: str, token: Token) -> Node | None:
    """Return a product of vectors and matrices, None for that of numbers or of entries."""
    if token.text in ("/", "%"):
        if sign != r"\oslash":
            linear.check_division(right, token)
        return None
    return None if token.text in _OPERATIONS else linear.product(left, right, sign, token)


def _check_implicit(parser: Pratt, divided: Token | None) -> None:
    """Refuse two numbers side by side, and echo ``1/2x``, which has two readings."""
    before = parser.peek(-1)
    if parser.token.kind == NAME and not parser.names.is_value(parser.token.text):
        _check_beside(parser, before, parser.token)
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


def _check_beside(parser: Pratt, before: Token, name: Token) -> None:
    """Refuse ``0x10``, and echo ``4j``, ``5C2`` and ``Δx``, which mean something else elsewhere."""
    if before.text == "Delta":
        parser.names.echo(f"{parser.source(before, name)} is the product Delta*{name.text}")
    if before.kind != NUMBER or name.spaced:
        return
    if before.text == "0" and (base := _WRITTEN_TO_A_BASE.fullmatch(name.text)):
        kind = "binary" if base[1] else "hexadecimal"
        typed = parser.source(before, name)
        raise parser.fail(
            f"{typed} is no number here", token=name,
            hint=f"a {kind} number is written {int(typed, 0)}; the product is 0*{name.text}",
        )  # fmt: skip
    if name.text == "j":
        parser.names.echo("j is a variable: the imaginary unit is i, with --dtype complex128")
    if (chosen := _CHOSEN.fullmatch(name.text)) and before.text.isdigit():
        parser.names.echo(
            f"{before.text}{name.text} is {before.text}*{name.text}; a binomial coefficient is "
            f"binomial({before.text}, {chosen[1]})"
        )


def _check_sign(parser: Pratt, sign: Token) -> None:
    """Echo ``50% x``, and words between their arguments."""
    before = parser.peek(-2)
    typed = parser.text[sign.start : sign.end]
    if typed == r"\otimes" and parser.linear is None:
        raise parser.fail(
            r"'\otimes' is a product of matrices", token=sign,
            hint=r"matrices are bold: \mathbf{A} \otimes \mathbf{B} is kron(A, B)",
        )  # fmt: skip
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


def power(parser: Pratt, left: Node) -> Node:
    """Read ``^ exponent`` or a superscript."""
    base = parser.peek(-1)
    operator = parser.advance()
    if operator.kind == SUPERSCRIPT:
        exponent = superscript(parser, operator)
        _check_function(parser, base, left)
        return parser.build("pow", left, exponent, at=operator)
    if _is_transposed(parser, base, left):
        return parser.tensor("transpose", parser.build.real(left))
    first = parser.token
    exponent = parser.exponent()
    _check_exponent(parser, operator, first)
    _check_function(parser, base, left)
    if parser.peek(-1).kind == NUMBER and parser.token.kind == NAME:
        steep = base.kind == NUMBER or left.op == CONSTANT
        if steep and not parser.token.spaced and parser.starts_factor():
            parser.names.echo(
                f"{parser.source(base, parser.token)} is a power times {parser.token.text}: "
                "the exponent ends with its number"
            )
    is_entrywise = r"\odot" in parser.text[operator.start : operator.end]
    if parser.linear is not None and not is_entrywise:
        of_tensors = parser.linear.power(left, exponent, operator)
        if of_tensors is not None:
            return of_tensors
    return parser.build("pow", left, exponent, at=operator)


def _check_function(parser: Pratt, base: Token, left: Node) -> None:
    """Echo ``f^-1(x)``, which is a product where f is no function."""
    after = parser.peek() if parser.token.text == TIMES else parser.token
    if left.op == VARIABLE and base.text in _FUNCTIONS and after.text == "(" and not after.spaced:
        parser.names.echo(
            f"{base.text} is a variable, and {parser.source(base, after)}…) a product; "
            f"to define it, {base.text}(x) = …; first"
        )


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
