"""Tokens → expression DAG: a Pratt parser. Nothing typed is ever evaluated as code.

The binding powers below are the whole grammar of the operators; names are given their meaning by
:mod:`diffcli.language.names`, operations are built and checked by
:class:`diffcli.language.builder.Builder`. What is read beyond signs and brackets is registered in
the tables of a subclass: :class:`diffcli.language.rules.Formulas` has those of numbers,
:class:`diffcli.language.grammar.Grammar` all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import ClassVar, TypeVar

from diffcli.errors import DiffcliError, LimitError
from diffcli.language.builder import Builder
from diffcli.language.cursor import Cursor
from diffcli.language.expression import Node, constant, node
from diffcli.language.functions import Row
from diffcli.language.limits import MAX_DEPTH, MAX_NESTING
from diffcli.language.linear import Linear
from diffcli.language.names import Names
from diffcli.language.remedies import SIGNS
from diffcli.language.tensors import Static
from diffcli.language.tokens import (
    END,
    NAME,
    NUMBER,
    SIGN,
    SUPERSCRIPT,
    TIMES,
    Token,
    exact,
    is_latex,
    tokenize,
)
from diffcli.language.vocabulary import INFIX_WORDS

_T = TypeVar("_T")

#: Binding powers of the infix operators, weakest first; implicit multiplication binds as ``*``.
CONDITIONAL, OR, AND, NOT, COMPARISON, SUM, PRODUCT, PREFIX, POWER, POSTFIX = range(1, 11)
_BINDING = {
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
    linear = Linear(parser.build, names.shapes, names.bold, parser.fail, names.echo)
    parser.build.entrywise = linear.entrywise
    return linear


class Pratt(Cursor):
    """Reads expressions from one text of a request.

    ``power`` arguments are binding powers: an expression is read while operators bind tighter.
    """

    PREFIX: ClassVar[Mapping[str, Callable[[Pratt, Token], Node | None]]]
    """Readers of what begins with a sign; they return None where the sign can't stand."""
    INFIX: ClassVar[Mapping[int, Callable[[Pratt, Node], Node]]]
    """Readers of the operators by their binding power; they are given the left side."""
    POSTFIX: ClassVar[Mapping[str, Callable[[Pratt, Node], Node]]]
    """Readers of what follows a sign behind a factor, by the sign."""
    FORMS: ClassVar[Mapping[str, Callable[[Pratt, Token], Node]]]
    """Readers of the functions whose arguments aren't plain expressions, by their form."""

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

    @classmethod
    @cache
    def formula(cls, text: str, variables: tuple[str, ...]) -> Node:
        """Return a formula that the project states; its ``variables`` mean nothing else."""
        tokens = tokenize(text)
        parser = cls(text, tokens, Names(frozenset(variables), tokens))
        value = parser.build.real(parser.expression())
        if parser.token.kind != END:
            raise parser.unexpected()
        return value

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
                binding = _BINDING.get(token.text, 0) if token.kind != NUMBER else 0
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
            return token.text not in _WORDS and not self.is_infix_word()
        if token.kind == SIGN and token.text in _BARS:
            return not (self.open and self.open[-1] == token.text)
        if token.kind == SIGN and token.text == "[":
            return self.peek(-1).kind == NUMBER
        return token.kind == SIGN and token.text in _FACTORS

    def is_infix_word(self) -> bool:
        """Whether ``mod`` stands here between its arguments, rather than before them."""
        token = self.token
        if token.kind != NAME or token.text not in INFIX_WORDS or self.names.is_value(token.text):
            return False
        depth = 0
        for position in range(self.position + 1, len(self.tokens)):
            text = self.tokens[position].text
            depth += (text == "(") - (text == ")")
            if not 0 < depth <= MAX_DEPTH or (depth == 1 and text == ","):
                return depth == 0
        return False

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
        return self.INFIX[binding](self, left)

    def logic(self, left: Node) -> Node:
        """Read conditions joined by one word, ``and`` or ``or``."""
        word = self.token.text
        parts = [left]
        while self.accept(word):
            parts.append(self.expression(_BINDING[word]))
        return self.build.logic(word, parts)

    def postfix(self, left: Node) -> Node:
        """Apply a factorial, a degree sign, an index or a method."""
        return self.POSTFIX[self.advance().text](self, left)

    def transposed(self, left: Node) -> Node:
        """Return the transpose that ``ᵀ`` writes."""
        return self.tensor("transpose", self.build.real(left))

    def degrees(self, left: Node) -> Node:
        """Return an angle in degrees in radians."""
        return self.build("div", self.build("mul", left, constant("pi")), self.build.number(180))

    def factorial(self, left: Node) -> Node:
        """Return the factorial; raise FormulaError for a double one."""
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
        if token.kind == SIGN and (read := self.PREFIX.get(token.text)):
            value = read(self, token)
            if value is not None:
                return value
        self.position -= token.kind != END
        raise self.unexpected()

    def negation(self, _: Token) -> Node:
        """Read what follows a minus."""
        return self.build("neg", self.expression(PREFIX))

    def root(self, sign: Token) -> Node:
        """Read what a root sign covers, and return the root."""
        radicand = self.radicand(sign)
        if sign.text in _ROOTS:
            return self.build(_ROOTS[sign.text], radicand)
        return self.build("root", radicand, self.build.number(4))

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
        value = self.apply(token, meaning)
        self.calls -= 1
        return value

    def apply(self, name: Token, meaning: Row | str) -> Node:
        """Read a function's arguments, and return its node."""
        raise NotImplementedError


Pratt.PREFIX = {
    "-": Pratt.negation,
    "+": lambda parser, _: parser.expression(PREFIX),
    TIMES: lambda parser, _: parser.prefix(),
    **dict.fromkeys([*_ROOTS, "∜"], Pratt.root),
    **dict.fromkeys(BRACKETS, Pratt.bracket),
}
Pratt.INFIX = {
    CONDITIONAL: Pratt.conditional,
    OR: Pratt.logic,
    AND: Pratt.logic,
    COMPARISON: Pratt.comparison,
    SUM: Pratt.sum,
    POSTFIX: Pratt.postfix,
}
Pratt.POSTFIX = {"!": Pratt.factorial, "°": Pratt.degrees, "ᵀ": Pratt.transposed}
Pratt.FORMS = {}
