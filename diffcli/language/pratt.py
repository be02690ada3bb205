"""Tokens → expression DAG: a Pratt parser. Nothing typed is ever evaluated as code.

The binding powers below are the whole grammar of the operators; names are given their meaning by
:mod:`diffcli.language.names`, operations are made and checked by
:class:`diffcli.language.builder.Builder`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from diffcli.errors import DiffcliError, LimitError
from diffcli.language import indexing
from diffcli.language.application import apply
from diffcli.language.binders import big_sign
from diffcli.language.borrowed import in_square_brackets, without_library
from diffcli.language.builder import Builder
from diffcli.language.cursor import Cursor
from diffcli.language.differentials import differential
from diffcli.language.expression import Node, constant, node
from diffcli.language.latex.scan import is_latex
from diffcli.language.limits import MAX_DEPTH, MAX_NESTING
from diffcli.language.linear import Linear
from diffcli.language.names import Names
from diffcli.language.powers import power
from diffcli.language.products import INFIX_WORDS, is_infix_word, product
from diffcli.language.remedies import SIGNS
from diffcli.language.tensors import Static
from diffcli.language.tokens import END, NAME, NUMBER, SIGN, SUPERSCRIPT, TIMES, Token, exact

_T = TypeVar("_T")

#: Binding powers of the infix operators, weakest first; implicit multiplication binds as ``*``.
CONDITIONAL, OR, AND, NOT, COMPARISON, SUM, PRODUCT, PREFIX, POWER, POSTFIX = range(1, 11)
_INFIX = {
    "if": CONDITIONAL,
    "or": OR,
    "and": AND,
    **dict.fromkeys(["<", "<=", ">", ">=", "==", "!="], COMPARISON),
    **dict.fromkeys(["+", "-"], SUM),
    **dict.fromkeys(["*", "/", "%", "@", *INFIX_WORDS], PRODUCT),
    "**": POWER,
    **dict.fromkeys(["!", "°", "ᵀ", "[", "."], POSTFIX),
}
_COMPARISONS = {"<": "lt", "<=": "le", ">": "gt", ">=": "ge", "==": "eq", "!=": "ne"}
_WORDS = frozenset({"and", "or", "not", "if", "else"})
BRACKETS = {
    "(": ")", "[": "]", "⌊": "⌋", "⌈": "⌉", "|": "|", "‖": "‖", "{": "}", r"\lvert": r"\rvert",
}  # fmt: skip
_BARS = frozenset("|‖")
_FACTORS = frozenset({TIMES, "(", "{", r"\lvert", "⌊", "⌈", "√", "∛", "∜", "∑", "∏", "∂"})
"""The signs, but for bars, that an implicit factor begins with."""
_NAMED = {"|": "abs", r"\lvert": "abs", "⌊": "floor", "⌈": "ceil"}
_ROOTS = {"√": "sqrt", "∛": "cbrt"}


def _linear(parser: Pratt, names: Names) -> Linear | None:
    """Return what reads products of tensors as mathematics does, where LaTeX writes them."""
    if not names.has_tensors or not is_latex(parser.text):
        return None
    made = Linear(parser.build, names.shapes, names.bold, parser.fail, names.echo)
    parser.build.entrywise = made.entrywise
    return made


class Pratt(Cursor):
    """Reads expressions from one text of a request.

    ``power`` arguments are binding powers: an expression is read while operators bind tighter.
    """

    def __init__(self, text: str, tokens: list[Token], names: Names) -> None:
        super().__init__(text, tokens)
        self.names = names
        self.build = Builder(self.fail, names.echo, names.exact)
        self.linear = _linear(self, names)
        self.open: list[str] = []
        """The brackets and bars around the current token."""
        self.nesting = 0
        self.calls = 0
        self.formula_start = 0
        """The place where the formula begins, behind the definitions."""
        self.leaves_derivative = False
        """Whether a formula that is a derivative is read as the formula that it differentiates."""
        self.asked: tuple[str, ...] = ()
        """The variables of a derivative that was left."""

    # -- expressions -------------------------------------------------------------------------

    def expression(self, power: int = 0) -> Node:
        """Read the longest expression whose operators bind tighter than ``power``."""
        self.nesting += 1
        if self.nesting > 2 * (MAX_DEPTH + MAX_NESTING):
            raise self.too_deep("the formula is nested too deeply")
        left = self.prefix()
        while True:
            token = self.token
            if token.kind == SUPERSCRIPT:
                binding = POWER
            elif self.starts_factor():
                binding = PRODUCT
            else:
                binding = _INFIX.get(token.text, 0) if token.kind != NUMBER else 0
            if binding <= power:
                break
            left = self.infix(binding, left)
        self.nesting -= 1
        return left

    def starts_factor(self) -> bool:
        """Whether an implicit factor begins here: ``2x``, ``(x+1)(x-1)``, ``x|y|``."""
        token = self.token
        if token.kind == NUMBER:
            return True
        if token.kind == NAME:
            return token.text not in _WORDS and not is_infix_word(self)
        if token.kind == SIGN and token.text in _BARS:
            return not (self.open and self.open[-1] == token.text)
        if token.kind == SIGN and token.text == "[":
            return self.peek(-1).kind == NUMBER
        return token.kind == SIGN and token.text in _FACTORS

    def factor(self) -> Node:
        """Read a factor of a product, or a signed one: what binds tighter than ``*``."""
        return self.expression(PREFIX)

    def operand(self) -> Node:
        """Read what stands right of an operator of a product."""
        return self.expression(PRODUCT)

    def term(self) -> Node:
        """Read a term of a sum."""
        return self.expression(SUM)

    def exponent(self) -> Node:
        """Read the exponent of a power."""
        return self.expression(POWER - 1)

    def infix(self, binding: int, left: Node) -> Node:
        """Read an operator that binds with this power, and its right side."""
        token = self.token
        if binding == POSTFIX:
            self.advance()
            return self.postfix(token, left)
        if binding == POWER:
            return power(self, left)
        if binding == PRODUCT:
            return product(self, left)
        if binding == SUM:
            return self.sum(left)
        if binding == COMPARISON:
            return self.comparison(left)
        if binding == CONDITIONAL:
            return self.conditional(left)
        parts = [left]
        while self.accept(token.text):
            parts.append(self.expression(binding))
        return self.build.logic(token.text, parts)

    def postfix(self, token: Token, left: Node) -> Node:
        """Apply a factorial, a degree sign, an index or a method."""
        if token.text in indexing.POSTFIX:
            return indexing.POSTFIX[token.text](self, left)
        if token.text == "ᵀ":
            return self.tensor("transpose", self.build.real(left))
        if token.text == "°":
            return self.build(
                "div", self.build("mul", left, constant("pi")), self.build.number(180)
            )
        if self.at("!"):
            raise self.fail(
                "a double factorial isn't read", token=self.token, hint="write (x!)! with brackets"
            )
        return self.build("factorial", left)

    def sum(self, left: Node) -> Node:
        """Read terms left to right into one n-ary sum."""
        terms = [left]
        while self.at("+", "-"):
            negative = self.advance().text == "-"
            term = self.expression(SUM)
            terms.append(self.build("neg", term) if negative else term)
        return self.build("add", *terms)

    def comparison(self, left: Node) -> Node:
        """Read a comparison; a chain ``0 < x < 1`` joins its links by ``and``."""
        links: list[Node] = []
        while self.token.kind == SIGN and self.token.text in _COMPARISONS:
            operator = _COMPARISONS[self.advance().text]
            right = self.expression(COMPARISON)
            links.append(self.build(operator, left, right))
            left = right
        return self.build.logic("and", links)

    def conditional(self, left: Node) -> Node:
        """Read ``a if condition else b``."""
        word = self.advance()
        condition = self.expression(CONDITIONAL)
        if not self.accept("else"):
            raise self.fail("'if' without 'else'", token=word, hint="write x if x > 0 else -x")
        other = self.expression(CONDITIONAL - 1)
        return self.build.choice([(left, condition), (other, constant("true"))])

    # -- what an expression begins with ------------------------------------------------------

    def prefix(self) -> Node:
        """Read what an expression begins with."""
        token = self.advance()
        if token.kind == NUMBER:
            return self.number(token)
        if token.kind == NAME:
            return self.word(token) if token.text in _WORDS else self.name(token)
        if token.kind == SIGN:
            if token.text == "-":
                return self.build("neg", self.expression(PREFIX))
            if token.text == "+":
                return self.expression(PREFIX)
            if token.text == TIMES:
                return self.prefix()
            if token.text in _ROOTS:
                return self.build(_ROOTS[token.text], self.radicand(token))
            if token.text == "∜":
                return self.build("root", self.radicand(token), self.build.number(4))
            if token.text in BRACKETS:
                return self.bracket(token)
            if token.text in ("∑", "∏"):
                return big_sign(self, token)
            if token.text == "∂" and (value := differential(self, token)):
                return value
        self.position -= token.kind != END
        raise self.unexpected()

    def number(self, token: Token) -> Node:
        """Return a number, ``½`` as a quotient."""
        above, _, below = token.text.partition("/")
        if below:
            return self.build("div", self.build.number(int(above)), self.build.number(int(below)))
        return self.build.number(exact(token, self.text))

    def word(self, token: Token) -> Node:
        """Read ``not``."""
        if token.text == "not":
            return self.build.logic("not", [self.expression(NOT)])
        self.position -= 1
        raise self.unexpected()

    def radicand(self, root: Token) -> Node:
        """Read what a root sign covers: the next number, name or bracket."""
        value = self.expression(POWER)
        goes_on = self.starts_factor() or self.at("**") or self.token.kind == SUPERSCRIPT
        if goes_on and self.peek(-1).text not in BRACKETS.values():
            self.names.echo(
                f"{root.text} reaches over {self.source(root, self.peek(-1))[1:]} alone"
            )
        return value

    def bracket(self, opener: Token) -> Node:
        """Read what stands between brackets or bars."""
        closer, after = BRACKETS[opener.text], self.token
        inner = self.inside(opener, self.expression)
        if opener.text in "({[" and self.at(","):
            raise self.fail(
                "a list inside a formula", token=self.token, hint="several formulas: [f, g]; "
                "numbers of a vector or a matrix are the point's: --at X=[[1,2],[3,4]]",
            )  # fmt: skip
        self.expect(closer, after=opener)
        if opener.text == "[":
            self.names.echo("square brackets around a part are read as round ones")
        if opener.text == "‖":
            return self.tensor("norm", self.build.real(inner), static=(None,))
        if self.touch(opener, after) and inner.op == "abs":
            self.names.echo("||…|| is the norm")
            return node("norm", *inner.args, static=(None,))
        named = _NAMED.get(opener.text)
        if named == "abs" and self.linear and (size := self.linear.absolute(inner)):
            return size
        return self.build(named, inner) if named else inner

    def touch(self, opener: Token, after: Token) -> bool:
        """Whether two bars touch where the bracket just closed begins, and where it ends."""
        pairs = ((opener, after), (self.peek(-2), self.peek(-1)))
        return all(a.text == b.text == "|" and a.end == b.start for a, b in pairs)

    def inside(self, opener: Token, read: Callable[[], _T]) -> _T:
        """Read something between brackets, with the depth watched."""
        self.open.append(opener.text)
        if len(self.open) > MAX_DEPTH:
            raise self.too_deep(f"more than {MAX_DEPTH} brackets deep", opener)
        result = read()
        self.open.pop()
        return result

    def too_deep(self, message: str, token: Token | None = None) -> DiffcliError:
        """Return the error of a formula nested beyond the limits."""
        return self.fail(
            message, token=token, error=LimitError, hint="name the parts: y = …; z = …"
        )

    def unexpected(self) -> DiffcliError:
        """Return the error of a token that can't stand here."""
        token = self.token
        if token.kind == END:
            return self.fail(
                "the formula ends too early", token=token, hint="something is missing at the end"
            )
        before = self.peek(-1)
        touching = before.text + token.text if before.end == token.start else ""
        hint = SIGNS.get(touching) or SIGNS.get(token.text, "something is missing before it")
        return self.fail(f"unexpected {token.text!r}", token=token, hint=hint)

    def tensor(self, op: str, *args: Node, static: Static = ()) -> Node:
        """Return the node of a tensor operation."""
        if self.linear is not None:
            return self.linear.tensor(op, *args, static=static)
        return node(op, *args, static=static)

    # -- names -------------------------------------------------------------------------------

    def name(self, token: Token) -> Node:
        """Read a name: a definition, a variable, a function, a constant, or letters to multiply."""
        if token.text[0] == "d" and not self.names.is_value(token.text):
            derivative = differential(self, token)
            if derivative is not None:
                return derivative
        token = without_library(self, token)
        if self.at("["):
            token = in_square_brackets(self, token)
        called = self.at("(", "'")
        token = self.names.function_of(token) if called else token
        meaning = self.names.meaning(token, called=called, fail=self.fail)
        if isinstance(meaning, Node):
            return meaning
        if isinstance(meaning, tuple):
            self.tokens[self.position - 1 : self.position] = meaning
            return self.names.variable(meaning[0].text)
        self.calls += 1
        if self.calls > MAX_NESTING:
            raise self.too_deep(f"more than {MAX_NESTING} functions deep", token)
        value = apply(self, token, meaning)
        self.calls -= 1
        return value
