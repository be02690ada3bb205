"""Makes the nodes of a formula, each operation checked: arity, kinds, the size of constants."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction

from diffcli.errors import DiffcliError, FormulaError, LimitError
from diffcli.language import expression
from diffcli.language.expression import CONSTANT, Node, constant, node
from diffcli.language.functions import ANY, TABLE, Row
from diffcli.language.limits import MAX_FACTORIAL, MAX_POWER_BITS
from diffcli.language.rationals import FOLDS, bits, folded
from diffcli.language.tokens import Token

ARRAY = "array"
"""The operation of a matrix typed in a formula; ``static`` is its shape, ``args`` its entries."""
CONDITION = "a condition counts as 1 where it holds, as 0 elsewhere"
"""How a condition among numbers is read."""
_WORD_ROWS = {"and": "and", "or": "or", "not": "not"}
_BASES = {Fraction(2): "log2", Fraction(10): "log10"}


def _untyped(
    message: str,
    *,
    hint: str | None = None,
    token: Token | None = None,  # noqa: ARG001  (no text is being read)
    error: type[DiffcliError] = FormulaError,
) -> DiffcliError:
    """Return an error about a formula that nobody typed."""
    return error(message, hint=hint)


def _silent(_reading: str) -> None:
    """Note nothing."""


class Builder:
    """Makes nodes for one text, or without arguments those of a formula that nobody typed.

    ``fail`` makes an error that shows the place just read, ``echo`` notes a reading, and
    ``exact`` keeps the exact values of constants from one text of a request to the next.
    Without them an error shows no place, and is a FormulaError or a LimitError.
    """

    def __init__(
        self,
        fail: Callable[..., DiffcliError] = _untyped,
        echo: Callable[[str], None] = _silent,
        exact: dict[Node, Fraction] | None = None,
    ) -> None:
        self.fail, self.echo = fail, echo
        self._exact = {} if exact is None else exact
        self.entrywise: Callable[[str, Sequence[Node]], Node] | None = None
        """Makes operations on numbers of matrices typed in the formula."""
        self.steps = 0
        """How many steps the derivatives inside the text have taken."""

    def __call__(self, op: str, *args: Node, at: Token | None = None) -> Node:
        """Return the node of an operation on numbers; conditions among them count as 1 or 0."""
        if self.entrywise is not None and any(arg.op == ARRAY for arg in args):
            return self.entrywise(op, args)
        result = node(op, *(self.real(arg) for arg in args))
        if op in FOLDS and result not in self._exact:
            self._fold(result)
        if op in ("pow", "factorial", "gamma"):
            self._check_size(result, at)
        if op == "pow":
            self._say_root(*result.args)
        return result

    def number(self, value: int | Fraction) -> Node:
        """Return an exact number."""
        return expression.number(value)

    def product(self, factors: Sequence[Node]) -> Node:
        """Return the product of one or more factors."""
        return factors[0] if len(factors) == 1 else self("mul", *factors)

    def real(self, value: Node) -> Node:
        """Return a node of a number; a condition becomes 1 where it holds, else 0."""
        if not is_condition(value):
            return value
        self.echo(CONDITION)
        one, zero = self.number(1), self.number(0)
        return self.choice([(one, value), (zero, constant("true"))])

    def logic(self, word: str, parts: Sequence[Node]) -> Node:
        """Return ``and``, ``or``, ``not`` of conditions."""
        for part in parts:
            if not is_condition(part):
                raise self.fail(
                    f"'{word}' joins conditions", hint="compare first, as in x > 0 and x < 1"
                )
        return parts[0] if len(parts) == 1 and word != "not" else node(_WORD_ROWS[word], *parts)

    def choice(self, pieces: Sequence[tuple[Node, Node]]) -> Node:
        """Return the piecewise node of (value, condition) pairs; the first that holds counts."""
        flat: list[Node] = []
        for value, condition in pieces:
            if not is_condition(condition):
                raise self.fail("a number where a condition belongs", hint="compare, as in x > 0")
            flat += [self.real(value), condition]
        return node("piecewise", *flat)

    def logarithm(self, x: Node, base: Node) -> Node:
        """Return the logarithm of x with a base."""
        row = _BASES.get(self.exact(base) or Fraction(0))
        return self(row, x) if row else self("div", self("log", x), self("log", base))

    def call(self, row: Row, arguments: Sequence[Node], token: Token) -> Node:
        """Return the node of a function with its arguments, defaults filled in."""
        least, most = row.arity
        missing = most - len(arguments) if most < ANY else 0
        if 0 < missing <= len(row.defaults):
            filled = [self.number(Fraction(text)) for text in row.defaults[-missing:]]
            arguments = [*arguments, *filled]
        if not least <= len(arguments) <= most:
            raise self.arity(token.text, least - len(row.defaults), most, len(arguments), token)
        return self(row.name, *arguments, at=token)

    def arity(self, name: str, least: int, most: int, got: int, token: Token) -> DiffcliError:
        """Return the error of a wrong number of arguments."""
        wanted = f"at least {least}" if most == ANY else f"{least} to {most}"
        wanted = str(most) if least == most else wanted
        plural = "" if wanted == "1" else "s"
        given = f"{got} is given" if got == 1 else f"{got} are given"
        return self.fail(
            f"{name} takes {wanted} argument{plural}, and {given}",
            token=token, hint=f"see: diffcli functions {name}",
        )  # fmt: skip

    def exact(self, value: Node) -> Fraction | None:
        """Return the exact value of a constant made by arithmetic, unless it is too large."""
        return value.value if isinstance(value.value, Fraction) else self._exact.get(value)

    def _fold(self, result: Node) -> None:
        """Note the exact value of a new node whose arguments have one."""
        parts: list[Fraction] = []
        for arg in result.args:
            part = self.exact(arg)
            if part is None:
                return
            parts.append(part)
        exact = folded(result.op, parts)
        if exact is not None:
            self._exact[result] = exact

    def _say_root(self, base: Node, exponent: Node) -> None:
        """Echo a root of a negative number, which complex numbers have another one of."""
        number, power = self.exact(base), self.exact(exponent)
        if number is None or power is None or number >= 0:
            return
        if power.denominator > 1 and power.denominator % 2:
            self.echo(f"({number})^({power}) is the real root, not the principal complex one")

    def _check_size(self, made: Node, at: Token | None) -> None:
        """Refuse a constant power or factorial whose digits would take memory and time."""
        first = self.exact(made.args[0])
        if first is None:
            return
        if made.op != "pow":
            if first > MAX_FACTORIAL + (made.op == "gamma"):
                raise self.fail(
                    f"the {made.op} of {short(first)} is too large", token=at, error=LimitError,
                    hint=f"constants up to {MAX_FACTORIAL} are read",
                )  # fmt: skip
            return
        power = self.exact(made.args[1])
        if power is None:
            # An exponent too large to be folded is itself a power beyond the limit.
            return
        if abs(first) not in (0, 1) and abs(power) * max(bits(first) - 1, 1) > MAX_POWER_BITS:
            raise self.fail(
                f"{short(first)}**{short(power)} is too large", token=at, error=LimitError,
                hint=f"constant powers up to {MAX_POWER_BITS} bits are read",
            )  # fmt: skip


def is_condition(value: Node) -> bool:
    """Whether a node is true or false instead of a number."""
    if value.op == CONSTANT:
        return value.value in ("true", "false")
    return value.op in TABLE and TABLE[value.op].boolean


def short(value: Fraction) -> str:
    """Return a number as text, in a few characters."""
    return str(value) if bits(value) < 64 else f"a {bits(value)}-bit number"
