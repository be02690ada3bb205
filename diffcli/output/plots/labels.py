"""What a plot's legend and axes say: the formulas of a Function of one variable."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from diffcli.clock import now
from diffcli.engines.remote import Partials
from diffcli.language.expression import CONSTANT, Node
from diffcli.language.formula import Formula
from diffcli.language.function import Function
from diffcli.language.parser import parse
from diffcli.language.printer import text_of
from diffcli.output.plots.frame import LONG, Line
from diffcli.output.plots.typed import math_name, typed_latex

CASES = "piecewise("
"""How a formula by cases begins."""
BUDGET = 0.5
"""Seconds that finding the derivatives' formulas may take."""


def lines_of(function: Function, variable: str, orders: Sequence[int]) -> list[Line]:
    """Return the lines of a Function's outputs and their derivatives of these orders."""
    # A constant is drawn over a variable that it hasn't.
    known = replace(function, variables=function.variables or (variable,))
    partials = Partials(known, now() + BUDGET)
    lines: list[Line] = []
    for output in range(len(function.outputs)):
        name = function.called if function.is_scalar else f"f{output + 1}"
        for order in orders:
            text, raised = ("'" * order,) * 2 if order < 4 else (f"^({order})", f"^{{({order})}}")
            node = function.outputs[output]
            formula = (
                partials.formula((variable,) * order, output)
                if order
                else Formula(text_of(node), typed_latex(node))
            )
            left = rf"{math_name(name)}{raised}\left({math_name(variable)}\right)"
            if formula.text and formula.text.startswith(CASES):
                formula = _in_words(formula, node if not order else None, function.variables)
            lines.append(
                Line(
                    output,
                    order,
                    name=f"{name}{text}({variable})",
                    text=formula.text,
                    latex=formula.latex and f"{left} = {formula.latex}",
                )
            )
    return lines


def _in_words(formula: Formula, node: Node | None, variables: Sequence[str]) -> Formula:
    """Return a formula by cases as text for people: x**2 for x < 0, sin(x) otherwise."""
    root = node or parse([str(formula.text)], variables=variables).outputs[0]
    if root.op != "piecewise":
        return formula
    parts = [
        f"{text_of(value)} otherwise"
        if condition.op == CONSTANT
        else f"{text_of(value)} for {text_of(condition)}"
        for value, condition in zip(root.args[::2], root.args[1::2], strict=True)
    ]
    return replace(formula, text=", ".join(parts))


def equation_of(function: Function) -> tuple[str, str | None]:
    """Return a whole Function's equation as text, and in LaTeX where it is short and known."""
    arguments = ", ".join(function.variables)
    texts = [text_of(output) for output in function.outputs]
    formulas = [typed_latex(output) for output in function.outputs]
    text = texts[0] if function.is_scalar else f"[{', '.join(texts)}]"
    if len(text) > 2 * LONG:
        return f"{function.called}({arguments})", None
    equation = f"{function.called}({arguments}) = {text}"
    if not all(formulas):
        return equation, None
    inner = ",\\ ".join(str(formula) for formula in formulas)
    right = inner if function.is_scalar else rf"\left[{inner}\right]"
    names = ", ".join(map(math_name, function.variables))
    left = rf"{math_name(function.called)}\left({names}\right)"
    return equation, f"{left} = {right}"
