"""One differentiation, rule by rule: the tree of steps that ends on the derivative."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from diffcli.errors import LimitError
from diffcli.language.algebra import ONE, ZERO, Algebra, signed
from diffcli.language.builder import Builder
from diffcli.language.expression import VARIABLE, Node, node, postorder, variable
from diffcli.studies.steps.leibniz import within
from diffcli.studies.steps.rule_use import ITSELF, PART, PRIME, RuleUse, dependence
from diffcli.studies.steps.rules import rule_for
from diffcli.tensors.shapes import refuse_tensors

MAX_STEPS = 200
"""Steps of one differentiation at most, and how deep they may be nested."""
MAX_SIZE = 2_000
"""Terms of a line."""
_LETTERS: Mapping[str, tuple[str, ...]] = {
    PART: ("uvw", "pqr", "ghk", "stz"),
    "c": ("c", "k", "m"),
    "n": ("n", "m", "k"),
    "a": ("a", "b", "d"),
}
"""Names of parts, where the formula has no variable of that name."""


@dataclass(frozen=True)
class Part:
    """A part of a term and its derivative; ``step`` is the number of the step that finds it.

    What the rule takes for a constant has no derivative worth telling; that of the variable itself
    (1), or of a constant among parts that may move (0), takes no step.
    """

    name: str
    term: Node
    slope: Node | None
    step: str | None


@dataclass(frozen=True)
class Statement:
    """A rule in letters: (``term``)′ = ``slope``; ``primes`` are the letters of derivatives."""

    term: Node
    slope: Node
    primes: tuple[str, ...]


@dataclass(frozen=True)
class Step:
    """One rule applied to one term: its parts, the steps that differentiate them, the result.

    Every one of ``lines`` is the term's derivative, the last one tidied. ``logarithm``, for
    logarithmic differentiation, is ln of the term, with its derivative.
    """

    number: str
    rule: str
    statement: Statement | None
    term: Node
    parts: tuple[Part, ...]
    steps: tuple[Step, ...]
    lines: tuple[Node, ...]
    logarithm: Part | None = None
    note: str | None = None

    def walk(self) -> Iterator[Step]:
        """Yield this step and those under it, as they are numbered."""
        yield self
        for step in self.steps:
            yield from step.walk()


def written(
    term: Node,
    wrt: str,
    variables: Sequence[str],
    *,
    dependent: tuple[Node, Node] | None = None,
    number: str = "1",
) -> Step:
    """Return the steps that differentiate a term in one of a formula's variables.

    ``dependent`` is a variable that depends on that one, and its derivative; ``number`` is that of
    the first step. Raises FormulaError for a function without a closed derivative, UsageError for
    one of tensors, LimitError where there are too many steps or a line is too long.
    """
    refuse_tensors([term])
    return _Differentiator(term, wrt, variables, dependent).root(number)


class _Differentiator:
    """Differentiates one term in one variable; a shared subterm once."""

    def __init__(
        self,
        term: Node,
        wrt: str,
        variables: Sequence[str],
        dependent: tuple[Node, Node] | None,
    ) -> None:
        build = Builder()
        nodes = [*within(term)]
        for part in nodes:
            if part.op in ("add", "neg", "mul", "div", "pow"):
                build(part.op, *part.args)  # to know the constants' exact values
        self._algebra = Algebra(build)
        self._term, self._x = term, variable(wrt)
        self._slopes: dict[Node, Node] = {self._x: ONE, **dict([dependent] if dependent else [])}
        self._moves = dependence(*self._slopes)
        taken = {*variables, wrt, *(str(n.value) for n in nodes if n.op == VARIABLE)}
        self._letters = {
            role: next((choice for choice in choices if not taken & set(choice)), "")
            for role, choices in _LETTERS.items()
        }
        self._numbers: dict[Node, str] = {}

    def root(self, number: str) -> Step:
        """Return the step that differentiates the whole term."""
        if slope := self._slopes.get(self._term):
            rule = "derivative of the variable itself"
            return Step(number, rule, None, self._term, (), (), (slope,))
        if not self._moves(self._term):
            return Step(number, "constant", None, self._term, (), (), (ZERO,))
        return self._step(self._term, number)

    def _step(self, term: Node, number: str) -> Step:
        if len(self._numbers) >= MAX_STEPS:
            raise LimitError(
                f"more than {MAX_STEPS} steps", hint="the derivative alone: diffcli grad"
            )
        self._numbers[term] = number
        use = rule_for(term, self._moves, self._x, self._algebra)
        steps: list[Step] = []
        for _, part in use.parts:
            if self._moves(part) and part not in self._slopes:
                steps.append(self._step(part, f"{number}.{len(steps) + 1}"))
        terms = [part for _, part in use.parts]
        slopes = [self._slope(part) for part in terms]
        literal = signed(use.slope(terms, slopes))
        tidied = self._slopes[term] = self._tidied(literal)
        return Step(
            number=number,
            rule=use.rule,
            statement=self._statement(use),
            term=term,
            parts=tuple(self._parts(use, slopes)),
            steps=tuple(steps),
            lines=tuple(dict.fromkeys([literal, tidied])),
            logarithm=self._logarithm(use, terms, slopes),
            note=use.note,
        )

    def _slope(self, part: Node) -> Node:
        return self._slopes[part] if self._moves(part) else ZERO

    def _tidied(self, literal: Node) -> Node:
        sizes: dict[Node, int] = {}
        for term in postorder([literal]):
            sizes[term] = 1 + sum(sizes[arg] for arg in term.args)
        if sizes[literal] > MAX_SIZE:
            raise LimitError(
                f"a line of more than {MAX_SIZE:,} terms: too long to be written out",
                hint="the derivative at a point: diffcli grad … --at …",
            )
        return _as_written(self._algebra.graft(literal, {}))

    def _names(self, use: RuleUse) -> list[str]:
        """Return what each part is called; one that stands for itself has no name."""
        moving = [role for role, _ in use.parts].count(PART)
        letters = self._letters[PART]
        enough = moving <= len(letters)
        parts = iter(letters) if enough else (f"u{index}" for index in range(1, moving + 1))
        return [
            next(parts) if role == PART else self._letters.get(role, ITSELF)
            for role, _ in use.parts
        ]

    def _parts(self, use: RuleUse, slopes: Sequence[Node]) -> Iterator[Part]:
        for name, (role, part), slope in zip(self._names(use), use.parts, slopes, strict=True):
            if name:
                moving = role == PART
                yield Part(name, part, slope if moving else None, self._numbers.get(part))

    def _logarithm(
        self, use: RuleUse, terms: Sequence[Node], slopes: Sequence[Node]
    ) -> Part | None:
        if use.logarithm is None:
            return None
        term, slope = use.logarithm(terms, slopes)
        return Part("log(y)", term, self._tidied(slope), None)

    def _statement(self, use: RuleUse) -> Statement | None:
        """Return the rule itself, with letters for the parts."""
        if use.shown == 0:
            return None
        names = self._names(use)[: use.shown]
        parts, slopes, primes = [], [], []
        for name, (role, part) in zip(names, use.parts, strict=False):
            parts.append(variable(name) if name else part)
            slopes.append(ZERO)
            if role == PART:
                primes.append(name)
                slopes[-1] = variable(f"{name}{PRIME}")
            elif self._moves(part):
                slopes[-1] = ONE
        slope = signed(use.slope(parts, slopes))
        return Statement(use.shape(*parts), slope, tuple(primes))


def _as_written(root: Node) -> Node:
    """Return a formula with each minus before a product moved to its first factor.

    In a sum it is a subtraction, and stays.
    """
    images: dict[Node, Node] = {}
    for term in postorder([root]):
        inner = [images[arg] for arg in term.args]
        if term.op != "add":
            inner = [*map(signed, inner)]
        images[term] = term if term.is_leaf else node(term.op, *inner, static=term.static)
    return signed(images[root])
