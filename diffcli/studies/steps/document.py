"""Steps as an answer: a tree of rules for people, records for programs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from diffcli.language.expression import Node, variable
from diffcli.language.latex.printer import name_latex, node_latex
from diffcli.language.printer import text_of
from diffcli.operators import Entry
from diffcli.output.document import Answer, Document, Math, Tree, equal
from diffcli.studies.steps.rule_use import times

if TYPE_CHECKING:
    from diffcli.language.function import Function
    from diffcli.output.report import Facts
    from diffcli.studies.steps.definition import Definition
    from diffcli.studies.steps.derivation import Part, Statement, Step
    from diffcli.studies.steps.differentiation import Derivation, Explanation, Proof
    from diffcli.studies.steps.implicit import ImplicitDerivation, ImplicitExplanation

Words = tuple[str | Math, ...]


def explanation_answer(explanation: Explanation, facts: Facts) -> Answer:
    """Return a tree a differentiation; ``facts`` says what was asked."""
    writer = Writer(explanation.function)
    return _answer(
        facts,
        map(writer.tree, explanation.derivations),
        map(writer.record, explanation.derivations),
    )


def _answer(facts: Facts, trees: Iterable[Tree], records: Iterable[Mapping[str, Any]]) -> Answer:
    document, results = Document(tuple(trees)), list(records)
    return Answer(facts, 0, lambda: {**facts.data, "results": results}, lambda _: document)


class Writer:
    """Writes the differentiations of one Function; ``names`` are variables with LaTeX of theirs."""

    def __init__(
        self, function: Function, names: Mapping[Node, str] = MappingProxyType({})
    ) -> None:
        self._function, self._names = function, names
        self._euler = "E" if "e" in function.variables else "e"

    def tree(self, done: Derivation) -> Tree:
        """Return the question, the steps, the answer."""
        entry = done.entry
        asked = Entry.partial(entry.label, entry.output, entry.wrt[1:])
        answer = equal(self.name(entry), self.math(done.tidied))
        question: Words = (equal(self.name(asked), self.math(done.term)),)
        if len(self._function.variables) > 1:
            x = name_latex(done.wrt)
            partial = Math(f"∂/∂{done.wrt}", rf"\frac{{\partial}}{{\partial {x}}}")
            question = (*question, ",  where ", Math("′", "{}'"), " is ", partial)
        steps = self.step(done.step, ())
        return Tree(question, (steps, Tree((answer, f"   ({proved(done.proof)})"))))

    def record(self, done: Derivation) -> dict[str, Any]:
        """Return the differentiation as JSON has it."""
        return {
            "entry": ",".join(done.entry.wrt),
            "output": done.entry.output,
            "of": self.text(done.term),
            "steps": [self.step_record(done.step)],
            "derivative": self.text(done.derivative),
            "tidied": self.text(done.tidied),
            "latex": self.math(done.tidied).latex,
            "proof": _proof_text(done.proof),
        }

    def step_record(self, step: Step) -> dict[str, Any]:
        """Return a step as JSON has it."""
        stated = self._statement(step.statement).text if step.statement else None
        parts = [*step.parts, *([step.logarithm] if step.logarithm else [])]
        return {
            "number": step.number,
            "rule": step.rule,
            "statement": stated,
            "term": self.text(step.term),
            "parts": [
                {
                    "name": part.name,
                    "term": self.text(part.term),
                    "derivative": None if part.slope is None else self.text(part.slope),
                    "step": part.step,
                }
                for part in parts
            ],
            "steps": [self.step_record(under) for under in step.steps],
            "lines": [self.text(line) for line in step.lines],
            "note": step.note,
        }

    def step(self, step: Step, of: Words) -> Tree:
        """Return a step and those under it; ``of`` says what it differentiates."""
        head: Words = (f"{step.number}  ", *of, step.rule)
        if step.statement:
            head = (*head, ":  ", self._statement(step.statement))
        under = {substep.number: substep for substep in step.steps}
        lines = [Tree(self._part(part, told=part.step not in under)) for part in step.parts]
        lines += (
            self.step(under.pop(part.step), (_primed(part.name), ": "))
            for part in step.parts
            if part.step in under
        )
        if step.logarithm:
            lines.append(Tree(self._logarithm(step.logarithm)))
        said = equal(_prime(self.math(step.term)), *map(self.math, step.lines))
        told: list[Words] = [] if said in head else [(said,)]
        lines += map(Tree, [*told, (step.note,)] if step.note else told)
        return Tree(head, tuple(lines))

    def _part(self, part: Part, *, told: bool) -> Words:
        words: Words = (equal(_letter(part.name), self.math(part.term)),)
        if part.slope is None or not told:
            return words
        words = (*words, ",  ", equal(_primed(part.name), self.math(part.slope)))
        return (*words, f"  (step {part.step})") if part.step else words

    def _logarithm(self, part: Part) -> Words:
        ratio = Math("y′/y", r"\frac{y'}{y}")
        left = Math(part.name, r"\ln y")
        term, slope = self.math(part.term), self.math(part.slope or part.term)
        return "logarithms of y:  ", equal(left, term), ",  so  ", equal(ratio, slope)

    def _statement(self, said: Statement) -> Math:
        names = {variable(f"{name}′"): _primed(name).latex for name in said.primes}
        return equal(_prime(self.math(said.term)), self.math(said.slope, names))

    def math(self, node: Node, names: Mapping[Node, str] = MappingProxyType({})) -> Math:
        """Return a term as text and in LaTeX."""
        latex = node_latex(node, {**self._names, **names}, self._function.variables)
        return Math(self.text(node), latex)

    def text(self, node: Node) -> str:
        """Return a term in the language itself."""
        return text_of(node, euler=self._euler)

    def name(self, entry: Entry) -> Math:
        """Return ``f(x)``, ``f′(x)`` or ``∂f/∂x``."""
        names, order = self._function.variables, len(entry.wrt)
        called = self._function.called if self._function.is_scalar else f"f{entry.output + 1}"
        f = name_latex(called)
        if not order:
            arguments = f"({', '.join(names)})" if names else ""
            tex = rf"\left({', '.join(map(name_latex, names))}\right)" if names else ""
            return Math(f"{called}{arguments}", f"{f}{tex}")
        x, power = name_latex(entry.wrt[-1]), f"^{{{order}}}" if order > 1 else ""
        text = entry.notation(self._function)
        if len(names) <= 1:
            return Math(text, rf"{f}{chr(39) * order}\left({x}\right)")
        return Math(text, rf"\frac{{\partial{power} {f}}}{{\partial {x}{power}}}")


def _letter(name: str) -> Math:
    return Math(name, name_latex(name))


def _primed(name: str) -> Math:
    return Math(f"{name}′", f"{name_latex(name)}'")


def _prime(term: Math) -> Math:
    return Math(f"({term.text})′", rf"\left({term.latex}\right)'")


def _proof_text(proof: Proof) -> str:
    return "exact" if proof.exact else f"{proof.points} points"


def proved(proof: Proof) -> str:
    """Say how the answer is known to be right."""
    if proof.exact:
        return "proved equal to the symbolic engine's derivative"
    return f"equal to the certified derivative at {proof.points} points"


def definition_answer(function: Function, done: Sequence[Definition], facts: Facts) -> Answer:
    """Return a tree a derivative by its definition: the quotient, simplified, and its limit."""
    writer = Writer(function)
    trees = (
        _definition_tree(writer, derivation, _entry(function, derivation)) for derivation in done
    )
    records = (
        _definition_record(writer, derivation, _entry(function, derivation)) for derivation in done
    )
    return _answer(facts, trees, records)


def _entry(function: Function, done: Definition) -> Entry:
    return Entry.partial(done.wrt, function.outputs.index(done.term), (done.wrt,))


def _definition_tree(writer: Writer, done: Definition, entry: Entry) -> Tree:
    f, slope = writer.name(Entry.partial(entry.label, entry.output, ())), writer.name(entry)
    h, math = done.step, writer.math
    quotient = Math(f"(f({done.wrt} + {h}) - f({done.wrt}))/{h}", _QUOTIENT.format(x=done.wrt, h=h))
    notes = map(Tree, ((note,) for note in done.simplified.notes))
    limits = [
        part
        for factor, limit in done.simplified.limits.items()
        for part in (",  ", math(factor), " goes to ", math(limit))
    ]
    return Tree(
        (equal(f, math(done.term)),),
        (
            Tree(("1  difference quotient:  ", equal(quotient, math(done.typed)))),
            Tree(("2  simplified:  ", math(done.simplified.term)), tuple(notes)),
            Tree((f"3  {h} goes to 0", *limits)),
            Tree((equal(slope, math(done.derivative)), f"   ({proved(done.proof)})")),
        ),
    )


_QUOTIENT = r"\frac{{f({x} + {h}) - f({x})}}{{{h}}}"


def _definition_record(writer: Writer, done: Definition, entry: Entry) -> dict[str, Any]:
    limits = done.simplified.limits.items()
    lines = [f"{writer.text(factor)} goes to {writer.text(limit)}" for factor, limit in limits]
    told = (
        ("difference quotient", done.typed, [writer.text(done.typed)]),
        ("simplified", done.typed, [writer.text(done.simplified.term)]),
        (f"{done.step} goes to 0", done.simplified.term, [*lines, writer.text(done.derivative)]),
    )
    return {
        "entry": done.wrt,
        "output": entry.output,
        "of": writer.text(done.term),
        "steps": [
            {
                "number": str(index),
                "rule": rule,
                "statement": None,
                "term": writer.text(term),
                "parts": [],
                "steps": [],
                "lines": said,
                "note": "; ".join(done.simplified.notes) or None if index == _SIMPLIFIED else None,
            }
            for index, (rule, term, said) in enumerate(told, start=1)
        ],
        "derivative": writer.text(done.derivative),
        "tidied": writer.text(done.derivative),
        "latex": writer.math(done.derivative).latex,
        "proof": _proof_text(done.proof),
    }


_SIMPLIFIED = 2
"""The number of the step that says how the quotient was simplified."""
_SIDES = ("left side: ", "right side: ")


def implicit_answer(explanation: ImplicitExplanation, facts: Facts) -> Answer:
    """Return a tree a derivative of an equation: its sides differentiated, then solved."""
    names = explanation.equations.function.variables
    done = [
        (derivation, _writer(explanation, derivation)) for derivation in explanation.derivations
    ]
    trees = (_implicit_tree(derivation, writer, names) for derivation, writer in done)
    return _answer(
        facts, trees, (_implicit_record(derivation, writer) for derivation, writer in done)
    )


def _writer(explanation: ImplicitExplanation, done: ImplicitDerivation) -> Writer:
    names = {done.prime: f"{name_latex(done.dependent)}'"}
    return Writer(explanation.equations.function, names)


def _implicit_tree(done: ImplicitDerivation, writer: Writer, names: tuple[str, ...]) -> Tree:
    y, x = name_latex(done.dependent), name_latex(done.wrt)
    several = len(names) > 2
    sign, tex = ("∂", r"\partial ") if several else ("d", "d")
    ratio = Math(f"{sign}{done.dependent}/{sign}{done.wrt}", rf"\frac{{{tex}{y}}}{{{tex}{x}}}")
    independent = [name for name in names if name != done.dependent]
    prime = writer.math(done.prime)
    slopes = [writer.math(step.lines[-1]) for step in done.steps]
    solved = equal(writer.math(times(done.factor, done.prime)), writer.math(done.rest))
    sides = [writer.step(step, (side,)) for step, side in zip(done.steps, _SIDES, strict=True)]
    return Tree(
        (
            equal(*map(writer.math, done.sides)),
            f",  where {done.dependent} is a function of {' and '.join(independent)},  ",
            equal(prime, ratio),
        ),
        (
            *sides,
            Tree(("3  the sides are equal, and so are their derivatives:  ", equal(*slopes))),
            Tree(("4  solved for ", prime, ":  ", solved)),
            Tree((equal(prime, writer.math(done.tidied)), f"   ({proved(done.proof)})")),
        ),
    )


def _implicit_record(done: ImplicitDerivation, writer: Writer) -> dict[str, Any]:
    return {
        "entry": done.wrt,
        "dependent": done.dependent,
        "of": [writer.text(side) for side in done.sides],
        "steps": [writer.step_record(step) for step in done.steps],
        "factor": writer.text(done.factor),
        "rest": writer.text(done.rest),
        "derivative": writer.text(done.derivative),
        "tidied": writer.text(done.tidied),
        "latex": writer.math(done.tidied).latex,
        "proof": _proof_text(done.proof),
    }
