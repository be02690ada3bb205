"""Lowered nodes → the statements and expressions of one function's body.

A node that several read is computed once, under a name; the rest stands where it is read. What
branches alone want is computed where they are taken (Python), or reads its arguments through a
guard that cuts their derivative elsewhere (torch, jax), or is computed and discarded.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import reduce
from itertools import count
from math import isinf, isnan
from typing import NamedTuple

from diffcli.errors import LimitError
from diffcli.export.lowering import TRUE, constant_float, varying_in
from diffcli.export.schedule import Demand, Schedule, Scope
from diffcli.export.target import (
    ATOM,
    CHOICE,
    POWER,
    PREFIX,
    PRODUCT,
    SUM,
    LackError,
    Target,
)
from diffcli.language.builder import is_condition
from diffcli.language.expression import VARIABLE, Node
from diffcli.language.printer import place_text
from diffcli.language.rationals import fraction_of, is_whole
from diffcli.language.tensors import TENSORS

WIDTH = 60
"""An expression that is longer gets a name, in characters."""
MAX_MULTIPLIED = 16
"""Largest exponent of a power that a language makes by products, whose errors grow with it."""
_LONGEST = 20_000
"""Characters of a term that can't have a name."""


class Text(NamedTuple):
    """An expression, and how tightly it holds together."""

    text: str
    level: int = ATOM


class Line(NamedTuple):
    """A name, what it stands for, and the condition under which it is computed."""

    name: str
    text: str
    is_condition: bool
    condition: str | None


class Body:
    """The body of one function: ``lines``, then ``results``, a text for each root.

    ``variables`` are the names of the variables in the code, ``lengths`` those of lengths. Raises
    LackError for a function that the language lacks.
    """

    def __init__(
        self,
        roots: Sequence[Node],
        target: Target,
        variables: Mapping[str, str],
        lengths: Mapping[int, str] | None = None,
    ) -> None:
        self.target, self.variables, self.lengths = target, variables, lengths or {}
        self.lines: list[Line] = []
        taken = {name.lower() for name in variables.values()}
        self._names = (name for n in count(1) if (name := f"t{n}") not in taken)
        self._varying = varying_in(roots)
        schedule = Schedule(roots, self._varying)
        self._demands, self._free, self._scopes = schedule.demands, schedule.free, schedule.scopes
        order, self._roots = schedule.order, frozenset(roots)
        self._uses = Counter(arg for node in order for arg in node.args) + Counter(roots)
        self._texts: dict[Node, Text] = {}
        self._guards: dict[tuple[Text, Text], Text] = {}
        self._masks: dict[Demand, Text] = {}
        for node in order:
            self._texts[node] = self._kept(node, self._text(node))
        self.results = [self._result(root) for root in roots]
        self.has_choices = any(node.op == "piecewise" for node in order)

    def _kept(self, node: Node, text: Text) -> Text:
        """Return what stands for a node where it is read: a name if it is read twice, or long."""
        is_short = len(text.text) <= WIDTH or node in self._roots
        if node.is_leaf or (self._uses[node] < 2 and is_short):
            return text
        return self._named(text, node)

    def _named(self, text: Text, node: Node) -> Text:
        """Return the name of an expression that belongs to a node."""
        if node not in self._free:
            return self._line(text.text, self._demands[node], is_condition=is_condition(node))
        if not self.target.lazy:
            return self._line(text.text, None, is_condition=is_condition(node))
        if len(text.text) > _LONGEST:
            raise LimitError(
                f"the branches are too entangled for {self.target.name}", hint="export to numpy"
            )
        return text

    def _line(self, text: str, demand: Demand, *, is_condition: bool = False) -> Text:
        condition = self._mask(demand).text if demand is not None and self.target.lazy else None
        name = next(self._names)
        self.lines.append(Line(name, text, is_condition, condition))
        return Text(name)

    def _mask(self, demand: Demand) -> Text:
        """Return the condition under which one of some branches is taken."""
        if demand not in self._masks:
            mask = self._logic("or", [self._scope(scope) for scope in self._scopes(demand)])
            is_long = len(mask.text) > WIDTH // 2
            self._masks[demand] = (
                self._line(mask.text, None, is_condition=True) if is_long else mask
            )
        return self._masks[demand]

    def _scope(self, scope: Scope) -> Text:
        choice, i = scope
        *conditions, _ = choice.args[1::2]
        last = i if i >= 0 else ~i
        parts = [self._negated(self._read(condition)) for condition in conditions[:last]]
        if 0 <= i < len(conditions):
            parts.append(self._read(conditions[i]))
        outer = self._demands[choice]
        return self._logic("and", [*([] if outer is None else [self._mask(outer)]), *parts])

    def _logic(self, op: str, parts: Sequence[Text]) -> Text:
        parts = list(dict.fromkeys(parts))
        if len(parts) == 1:
            return parts[0]
        sign = self.target.infix.get(op)
        if sign is None:
            return self._call(op, parts)
        return Text(sign[0].join(_bracketed(part, sign[1] + 1) for part in parts), sign[1])

    def _negated(self, condition: Text) -> Text:
        if "not" not in self.target.infix:
            return self._call("not", [condition])
        sign, level = self.target.infix["not"]
        return Text(f"{sign}{_bracketed(condition, level + 1)}", level)

    def _read(self, node: Node) -> Text:
        return self._texts[node] if node in self._varying else self._constant(node)

    def _result(self, root: Node) -> str:
        if root in self._varying:
            return self._texts[root].text
        number = self._float(root)
        return self._filled(number) if self.variables else number

    def _float(self, constant: Node) -> str:
        """Return a constant as no language takes it for an integer."""
        number = self._constant(constant).text
        return number + ".0" * number.lstrip("-").isdigit()

    def _filled(self, number: str) -> str:
        """Return a constant in the variables' shape and type."""
        return self.target.constant.format(number, x=next(iter(self.variables.values())))

    def _constant(self, value: Node) -> Text:
        if value is TRUE:
            return Text("")
        number = constant_float(value)
        if isnan(number):
            return Text(self.target.nan)
        if isinf(number):
            return Text(self.target.infinity)
        text = repr(number).removesuffix(".0") if abs(number) < 1e15 else repr(number)
        if self.target.has_floats_only and text.lstrip("-").isdigit():
            text += ".0"
        return Text(self.target.number.format(text), self.target.prefix if number < 0 else ATOM)

    def _text(self, node: Node) -> Text:
        if node.op == VARIABLE:
            return Text(self.variables[str(node.value)])
        args = [self._argument(node, arg) for arg in node.args]
        write = _WRITE.get(node.op)
        if write is not None:
            return write(self, node, args)
        if node.op in self.target.infix:
            sign, level = self.target.infix[node.op]
            return Text(
                sign.join(_bracketed(arg, level + (i > 0)) for i, arg in enumerate(args)), level
            )
        return self._call(node.op, args, node)

    def _argument(self, user: Node, arg: Node) -> Text:
        """Return how a node reads an argument: guarded, where it is wanted at fewer points."""
        text, demand = self._read(arg), None if user in self._free else self._demands[user]
        if arg not in self._varying:
            if arg is TRUE:
                return text
            if self.target.of_tensors and user.op not in (*self.target.infix, *_OF_NUMBERS):
                return Text(self._filled(text.text))
            return Text(self._float(arg), text.level) if user.op == "piecewise" else text
        if not self.target.guard or demand is None or is_condition(arg) or user.op == "piecewise":
            return text
        own, condition = None if arg in self._free else self._demands[arg], self._mask(demand)
        if own is not None and self._mask(own) == condition:
            return text
        key = text, condition
        if key not in self._guards:
            guard = self.target.guard.format(condition=condition.text, value=text.text)
            self._guards[key] = self._line(guard, demand)
        return self._guards[key]

    def _call(self, op: str, args: Sequence[Text], node: Node | None = None) -> Text:
        if node and op in self.target.whole and not is_whole(node.args[0]):
            raise LackError(f"{self.target.name} has no {op} whose order isn't a whole number")
        template = self.target.calls.get(op)
        if node and node.static == (None,):
            template = self.target.calls.get(f"{op} of all", template)
        if template is None:
            raise LackError(f"{self.target.name} has no {op} that keeps its digits")
        axis = ""
        if node and op == "index":
            axis = ", ".join(map(place_text, node.static))
        elif node and op in TENSORS and TENSORS[op].sized:
            axis = ", ".join(self._length(part) for part in node.static)
        elif node and node.static and node.static[0] is not None:
            axis = f", {self.target.axis}={node.static[0]}"
        texts = [arg.text for arg in args]
        if "{" in template:
            texts[:1] = [_bracketed(args[0], ATOM)] if template.startswith("{0}") else texts[:1]
            return Text(template.format(*texts, axis=axis))
        if op in _OF_TWO:
            return Text(reduce(lambda a, b: f"{template}({a}, {b})", texts))
        return Text(f"{template}({', '.join(texts)}{axis})")

    def _length(self, part: object) -> str:
        return self.lengths.get(part, str(part)) if isinstance(part, int) else str(part)

    def _negation(self, _: Node, args: Sequence[Text]) -> Text:
        if args[0].text.startswith("-") and args[0].level > SUM:
            return Text(args[0].text[1:], PRODUCT)  # two signs are a decrement in some languages
        return Text(
            f"-{_bracketed(args[0], PRODUCT)}",
            self.target.prefix if args[0].level > PRODUCT else PRODUCT,
        )

    def _total(self, node: Node, args: Sequence[Text]) -> Text:
        def part(arg: Text) -> str:
            if arg.text.startswith("-") and arg.level > SUM:
                return f" - {arg.text[1:]}"
            return f" + {_bracketed(arg, SUM + 1)}"

        return self._joined(node, args, part, SUM)

    def _product(self, node: Node, args: Sequence[Text]) -> Text:
        squares = [Text(arg.text) if _is_square(arg.text) else arg for arg in args[1:]]
        args = [*args[:1], *squares]
        return self._joined(node, args, lambda arg: f" * {_bracketed(arg, PRODUCT + 1)}", PRODUCT)

    def _joined(
        self, node: Node, args: Sequence[Text], part: Callable[[Text], str], level: int
    ) -> Text:
        """Return operands with their signs, cut where they are long: compilers are recursive."""
        whole = args[0]
        for following in args[1:]:
            arg = following
            if len(whole.text) + len(arg.text) > WIDTH:
                if len(whole.text) > len(arg.text):
                    whole = self._named(whole, node)
                else:
                    arg = self._named(arg, node)
            whole = Text(f"{_bracketed(whole, level)}{part(arg)}", level)
        return whole

    def _power(self, node: Node, args: Sequence[Text]) -> Text:
        exact = None if node.args[1] in self._varying else fraction_of(node.args[1])
        whole = exact is not None and exact.denominator == 1
        template = self.target.powers[0 if whole else 1]
        if exact is not None and "{whole}" in template and abs(exact) > MAX_MULTIPLIED:
            template = self.target.powers[1]
        if exact == 2 and self.target.multiplies and not args[0].text.lstrip("-").isdigit():
            side = args[0] if args[0].text.isidentifier() else self._named(args[0], node)
            if side.text.isidentifier():
                return Text(f"{side.text} * {side.text}", PRODUCT)
        if not template.startswith("{base}"):
            texts = {"base": args[0].text, "exponent": args[1].text, "whole": exact}
            return Text(template.format(**texts))
        base, exponent = _bracketed(args[0], ATOM), _bracketed(args[1], PREFIX)
        order = f"({exact})" if exact is not None and exact < 0 else str(exact)
        return Text(template.format(base=base, exponent=exponent, whole=order), POWER)

    def _choice(self, _: Node, args: Sequence[Text]) -> Text:
        other = args[-2]
        is_call, is_block = self.target.choice.endswith(")"), self.target.choice.endswith("}")
        for value, condition in reversed(list(zip(args[:-2:2], args[1:-2:2], strict=True))):
            value, other = self._apart(value, condition, other)  # noqa: PLW2901  (the same, shorter)
            parts = [
                node.text if is_call or is_block else _bracketed(node, CHOICE + 1)
                for node in (value, condition)
            ]
            text = self.target.choice.format(value=parts[0], condition=parts[1], other=other.text)
            other = Text(text, ATOM if is_call else CHOICE)
        return other

    def _apart(self, value: Text, condition: Text, other: Text) -> tuple[Text, Text]:
        """Return both sides of a choice, the longer one named where together they are long."""
        is_long = len(value.text) + len(condition.text) + len(other.text) > WIDTH
        if self.target.lazy or not is_long or max(len(value.text), len(other.text)) <= WIDTH // 2:
            return value, other
        if len(value.text) > len(other.text):
            return self._line(value.text, None), other
        return value, self._line(other.text, None)

    def _contrary(self, _: Node, args: Sequence[Text]) -> Text:
        return self._negated(args[0])


_WRITE: Mapping[str, Callable[[Body, Node, Sequence[Text]], Text]] = {
    "neg": Body._negation,
    "add": Body._total,
    "mul": Body._product,
    "pow": Body._power,
    "piecewise": Body._choice,
    "not": Body._contrary,
}
_OF_NUMBERS = frozenset({"neg", "pow", "mod", "eye", "full"})
"""Rows beside the signs that take Python's numbers where functions take tensors alone."""
_OF_TWO = frozenset({"min", "max", "and", "or"})
"""Rows of many arguments whose functions take two."""


def _is_square(text: str) -> bool:
    """Whether an expression is the product of a name with itself, which needs no brackets."""
    name, sign, same = text.partition(" * ")
    return bool(sign) and name == same and name.isidentifier()


def _bracketed(text: Text, level: int) -> str:
    """Return an expression, bracketed if it is looser than a level."""
    return text.text if text.level >= level else f"({text.text})"
