"""One differentiation, rule by rule: the tree of steps that ends on the derivative."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from diffcli.errors import LimitError
from diffcli.language.algebra import ONE, ZERO, Algebra, signed
from diffcli.language.builder import Builder
from diffcli.language.expression import VARIABLE, Node, node, postorder, variable
from diffcli.studies.steps.fits import ITSELF, PART, PRIME, RuleUse, dependence
from diffcli.studies.steps.leibniz import within
from diffcli.studies.steps.rules import fit
from diffcli.tensors.shapes import refuse_tensors

MAX_STEPS = 200
"""Of one differentiation: a page that nobody reads, and how deep the steps may be nested."""
MAX_SIZE = 2_000
"""Terms of a line."""
_LETTERS: Mapping[str, tuple[str, ...]] = {
    PART: ("uvw", "pqr", "ghk", "stz"),
    "c": ("c", "k", "m"),
    "n": ("n", "m", "k"),
    "a": ("a", "b", "d"),
}
"""What parts may be called, where the formula has no variable of that name."""


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
    return _Teacher(term, wrt, variables, dependent).root(number)


class _Teacher:
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
        for each in nodes:
            if each.op in ("add", "neg", "mul", "div", "pow"):
                build(each.op, *each.args)  # to know the constants' exact values
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
        found = fit(term, self._moves, self._x, self._algebra)
        steps: list[Step] = []
        for _, part in found.parts:
            if self._moves(part) and part not in self._slopes:
                steps.append(self._step(part, f"{number}.{len(steps) + 1}"))
        terms = [part for _, part in found.parts]
        slopes = [self._slope(part) for part in terms]
        literal = signed(found.slope(terms, slopes))
        tidied = self._slopes[term] = self._tidied(literal)
        return Step(
            number=number,
            rule=found.rule,
            statement=self._statement(found),
            term=term,
            parts=tuple(self._parts(found, slopes)),
            steps=tuple(steps),
            lines=tuple(dict.fromkeys([literal, tidied])),
            logarithm=self._logarithm(found, terms, slopes),
            note=found.note,
        )

    def _slope(self, part: Node) -> Node:
        return self._slopes[part] if self._moves(part) else ZERO

    def _tidied(self, literal: Node) -> Node:
        sizes: dict[Node, int] = {}
        for each in postorder([literal]):
            sizes[each] = 1 + sum(sizes[arg] for arg in each.args)
        if sizes[literal] > MAX_SIZE:
            raise LimitError(
                f"a line of more than {MAX_SIZE:,} terms: too long to be written out",
                hint="the derivative at a point: diffcli grad … --at …",
            )
        return _spoken(self._algebra.graft(literal, {}))

    def _names(self, found: RuleUse) -> list[str]:
        """Return what each part is called; one that stands for itself has no name."""
        moving = [role for role, _ in found.parts].count(PART)
        letters = self._letters[PART]
        enough = moving <= len(letters)
        parts = iter(letters) if enough else (f"u{place}" for place in range(1, moving + 1))
        return [
            next(parts) if role == PART else self._letters.get(role, ITSELF)
            for role, _ in found.parts
        ]

    def _parts(self, found: RuleUse, slopes: Sequence[Node]) -> Iterator[Part]:
        for name, (role, part), slope in zip(self._names(found), found.parts, slopes, strict=True):
            if name:
                moving = role == PART
                yield Part(name, part, slope if moving else None, self._numbers.get(part))

    def _logarithm(
        self, found: RuleUse, terms: Sequence[Node], slopes: Sequence[Node]
    ) -> Part | None:
        if found.logarithm is None:
            return None
        term, slope = found.logarithm(terms, slopes)
        return Part("log(y)", term, self._tidied(slope), None)

    def _statement(self, found: RuleUse) -> Statement | None:
        """Return the rule itself, with letters for the parts."""
        if found.shown == 0:
            return None
        names = self._names(found)[: found.shown]
        parts, slopes, primes = [], [], []
        for name, (role, part) in zip(names, found.parts, strict=False):
            parts.append(variable(name) if name else part)
            slopes.append(ZERO)
            if role == PART:
                primes.append(name)
                slopes[-1] = variable(f"{name}{PRIME}")
            elif self._moves(part):
                slopes[-1] = ONE
        slope = signed(found.slope(parts, slopes))
        return Statement(found.shape(*parts), slope, tuple(primes))


def _spoken(root: Node) -> Node:
    """Return a formula with each minus before a product moved to its first factor.

    In a sum it is a subtraction, and stays.
    """
    made: dict[Node, Node] = {}
    for each in postorder([root]):
        inner = [made[arg] for arg in each.args]
        if each.op != "add":
            inner = [*map(signed, inner)]
        made[each] = each if each.is_leaf else node(each.op, *inner, static=each.static)
    return signed(made[root])
