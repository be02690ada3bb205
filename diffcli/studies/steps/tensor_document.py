"""Derivations by differentials as an answer: a line a rule, and what df is with it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from diffcli.language.expression import VARIABLE, Node, postorder, substituted, variable
from diffcli.language.latex.printer import name_latex, node_latex
from diffcli.output.document import Answer, Document, Math, Tree, equal
from diffcli.tensors.calculus.presentation import presented, text

if TYPE_CHECKING:
    from diffcli.output.report import Facts
    from diffcli.studies.steps.tensors import TensorDerivation
    from diffcli.tensors.calculus.derivation import Line

RULES = MappingProxyType(
    {
        "add": "sum",
        "neg": "sum",
        "mul": "product",
        "div": "quotient",
        "matmul": "product",
        "dot": "product",
        "outer": "product",
        "transpose": "transpose",
        "sum": "sum of entries",
        "mean": "mean",
        "trace": "trace",
        "diag": "diagonal",
        "index": "part",
        "pow": "power",
        "norm": "norm",
        "det": "determinant",
        "logdet": "log of a determinant",
        "inv": "inverse",
        "solve": "solution of equations",
        "logsumexp": "log of a sum of exponentials",
    }
)
"""The name of the rule of an operation; any other rule has the operation's name."""
_CHANGE = re.compile(r"d\((.*)\)|d(\w+)")


def tensor_answer(done: Sequence[TensorDerivation], facts: Facts) -> Answer:
    """Return a tree a derivation; ``facts`` says what was asked."""
    taken = dict.fromkeys(
        f"the steps take {derivation.taken}; --shapes gives others"
        for derivation in done
        if derivation.taken
    )
    facts = replace(facts, warnings=(*facts.warnings, *taken))
    writers = [_Writer(derivation) for derivation in done]
    document = Document(tuple(writer.tree() for writer in writers))
    results = [writer.record() for writer in writers]
    return Answer(facts, 0, lambda: {**facts.data, "results": results}, lambda _: document)


class _Writer:
    """Writes one derivation."""

    def __init__(self, done: TensorDerivation) -> None:
        self._done, self._lines = done, done.lines.lines
        self._called = f"f{done.output + 1}" if done.output else done.function.called
        shapes = done.form.variables
        self._numbers = frozenset(variable(name) for name in shapes if not shapes[name])

    def tree(self) -> Tree:
        """Return the formula, the named terms, a line a rule, and the derivative."""
        done = self._done
        question: tuple[str | Math, ...] = (
            equal(_name(self._called), self._math(done.lines.root)),
        )
        for term, name in done.lines.names.items():
            question = (*question, ",  ", equal(self._math(name), self._math(term, but=term)))
        steps = [self._step(index, line) for index, line in enumerate(self._lines, start=1)]
        said = f"   ({self._done.agreed.words})"
        answers = [Tree((equal(symbol, formula), said)) for symbol, formula in self._answers()]
        return Tree(question, (*steps, *answers))

    def record(self) -> dict[str, Any]:
        """Return the derivation as JSON has it."""
        ((_, formula),) = self._answers()
        return {
            "entry": self._done.wrt,
            "output": self._done.output,
            "of": text(self._done.lines.root, self._done.form.names),
            "steps": [self._step_record(index, line) for index, line in enumerate(self._lines, 1)],
            "derivative": formula.text,
            "tidied": formula.text,
            "latex": formula.latex,
            "proof": f"{self._done.agreed.points} points",
        }

    def _step_record(self, index: int, line: Line) -> dict[str, Any]:
        return {
            "number": str(index),
            "rule": RULES.get(line.term.op, line.term.op),
            "statement": self._rule(line).text,
            "term": text(line.term, self._done.form.names),
            "parts": [],
            "steps": [],
            "lines": [equal(self._whole_name, self._math(line.whole)).text],
            "note": None,
        }

    def _step(self, index: int, line: Line) -> Tree:
        rule = self._rule(line)
        whole = equal(self._whole_name, self._math(line.whole))
        under = () if whole == rule else (Tree((whole,)),)
        return Tree((f"{index}  {RULES.get(line.term.op, line.term.op)}:  ", rule), under)

    def _rule(self, line: Line) -> Math:
        """Return the rule: the differential of a term by those of its parts."""
        change = self._done.lines.differentials.get(line.term)
        left = self._whole_name if change is None else self._math(change)
        return equal(left, self._math(line.rule))

    @property
    def _whole_name(self) -> Math:
        return Math(f"d{self._called}", rf"\mathrm{{d}}{name_latex(self._called)}")

    def _answers(self) -> list[tuple[Math, Math]]:
        form = self._done.form
        answers = []
        for block in form.blocks:
            formula = text(block.node, form.names, self._numbers)
            own = Math(formula, node_latex(presented(block.node, self._numbers)))
            along = f"[{block.along}]" if block.along else ""
            parts = (name_latex(self._called), name_latex(self._done.wrt), along)
            symbol = r"\frac{{\partial {}}}{{\partial {}}}{}".format(*parts)
            answers.append((Math(block.symbol, symbol), own))
        return answers

    def _math(self, node: Node, but: Node | None = None) -> Math:
        """Return a term with the names of others in it, ``but`` the one that is said."""
        lines = self._done.lines
        names = {term: name for term, name in lines.names.items() if term is not but}
        whole = presented(substituted(node, names), self._numbers)
        changes = {
            node: _change_latex(str(node.value))
            for node in postorder([whole])
            if node.op == VARIABLE and _CHANGE.fullmatch(str(node.value))
        }
        return Math(text(whole, self._done.form.names, self._numbers), node_latex(whole, changes))


def _name(called: str) -> Math:
    return Math(called, name_latex(called))


def _change_latex(name: str) -> str:
    """Return a differential in LaTeX."""
    match = _CHANGE.fullmatch(name)
    if match is None or match[1]:
        return rf"\mathrm{{d}}\left(\mathtt{{{name[2:-1]}}}\right)"
    return rf"\mathrm{{d}}{name_latex(match[2])}"
