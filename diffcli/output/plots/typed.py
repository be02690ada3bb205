"""A formula in LaTeX as it was typed: what a sympy term no longer knows, x/x from 1."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from types import MappingProxyType

from sympy import Symbol, latex

from diffcli.language.expression import (
    CONSTANT,
    NUMBER,
    VARIABLE,
    Node,
    is_integral,
    names_in,
    number,
    opened,
    postorder,
)
from diffcli.language.functions import TABLE
from diffcli.language.latex.printer import name_latex, node_latex
from diffcli.language.printer import number_text

_SUM, _PREFIX, _PRODUCT, _POWER, _ATOM = range(5)
"""How tightly a formula holds together: it is bracketed inside a tighter one."""

MOST = 2000
"""Characters: a shared term is written wherever it stands, so formulas may be endless."""
_PLACE = re.compile(r"\{(all|\d)\}(?=(\^|!| \\bmod|$)?)")
_FUNCTION = re.compile(r"(\\[a-z]+|\\operatorname\{\w+\})(\\left\(.*)")
_CONSTANTS = {"pi": r"\pi", "tau": r"\tau", "inf": r"\infty"}

_LOGIC = ("and", "or")
_COMPARISONS = {"lt": "<", "le": r"\leq", "gt": ">", "ge": r"\geq"}

Text = tuple[str, int]
"""A formula, and its tightness."""


def typed_latex(root: Node) -> str | None:
    """Return a formula in LaTeX, in typed order; None where it has inner cases, or is endless."""
    if root.op == "piecewise":
        return _cases_latex(root)
    texts: dict[Node, Text] = {}
    for node in postorder([root]):
        write = _LEAVES.get(node.op) or _OPERATIONS.get(node.op, _call)
        args = [texts[arg] for arg in node.args]
        if TABLE[node.op].boolean if node.op in TABLE else node.op == "piecewise":
            return None
        texts[node] = write(node, args)
        if len(texts[node][0]) > MOST:
            return None
    return texts[root][0]


def _cases_latex(root: Node) -> str | None:
    """Return a formula by cases in LaTeX."""
    rows = []
    for value, condition in zip(root.args[::2], root.args[1::2], strict=True):
        is_rest = condition.op == CONSTANT and condition.value == "true"
        inner = None if value.op == "piecewise" else typed_latex(value)
        held = r"\text{otherwise}" if is_rest else _condition_latex(condition)
        if inner is None or held is None:
            return None
        rows.append(f"{inner} & {held}" if is_rest else rf"{inner} & \text{{for}}\: {held}")
    return r"\begin{cases}" + r" \\ ".join(rows) + r"\end{cases}"


def relation_latex(sides: Sequence[Node]) -> str | None:
    """Return an equation, by its two sides, or a condition in LaTeX; None where it has cases."""
    texts = [_condition_latex(side) if len(sides) == 1 else typed_latex(side) for side in sides]
    return " = ".join(text for text in texts if text) if all(texts) else None


def _condition_latex(truth: Node) -> str | None:
    if truth.op in _LOGIC:
        parts = [_condition_latex(part) for part in truth.args]
        return rf"\ \mathrm{{{truth.op}}}\ ".join(p for p in parts if p) if all(parts) else None
    if truth.op == "not":
        inner = _condition_latex(truth.args[0])
        return inner and rf"\mathrm{{not}}\ \left({inner}\right)"
    if truth.op in _COMPARISONS:
        left, right = map(typed_latex, truth.args)
        return f"{left} {_COMPARISONS[truth.op]} {right}" if left and right else None
    return None


def math_name(name: str) -> str:
    """Return a name in LaTeX: a Greek letter as such, digits as an index."""
    return str(latex(Symbol(name)))


def _number(node: Node, _: Sequence[Text]) -> Text:
    value = node.value
    text = number_text(value) if isinstance(value, Fraction) else str(value)
    if text.startswith("("):
        return rf"\frac{{{text[1:-1].replace('/', '}{')}}}", _POWER
    digits, _e, power = text.partition("e")
    if not power:
        return digits, _ATOM
    factor = "" if digits == "1" else rf"{digits} \cdot "
    return rf"{factor}10^{{{power}}}", _PRODUCT


def _bracketed(text: str) -> str:
    return rf"\left({text}\right)"


def _held(text: Text, tightness: int) -> str:
    return text[0] if text[1] >= tightness else _bracketed(text[0])


def _add(_: Node, args: Sequence[Text]) -> Text:
    first, *rest = (_held(text, _PREFIX) for text in args)
    signed = (f"- {each[1:].lstrip()}" if each.startswith("-") else f"+ {each}" for each in rest)
    return " ".join([first, *signed]), _SUM


def _mul(_: Node, args: Sequence[Text]) -> Text:
    head, *rest = (_held(text, _POWER if index else _PRODUCT) for index, text in enumerate(args))
    # A number behind a factor would be read with it as one number.
    return "".join([head, *(rf" \cdot {x}" if x[0].isdigit() else f" {x}" for x in rest)]), _PRODUCT


def _div(_: Node, args: Sequence[Text]) -> Text:
    return rf"\frac{{{args[0][0]}}}{{{args[1][0]}}}", _POWER


def _neg(_: Node, args: Sequence[Text]) -> Text:
    return f"-{_held(args[0], _PRODUCT)}", _PREFIX


def _pow(node: Node, args: Sequence[Text]) -> Text:
    (base, _), (exponent, _) = args
    called = _FUNCTION.fullmatch(base)
    if called and node.args[0].op in TABLE and node.args[1].op == NUMBER:
        return f"{called[1]}^{{{exponent}}}{called[2]}", _POWER
    return f"{_held(args[0], _ATOM)}^{{{exponent}}}", _POWER


def _integral(node: Node, args: Sequence[Text]) -> Text:
    body, name = opened(node)
    (low, _), (high, _) = args[:2]
    inner = node_latex(body, variables=names_in([body]))
    return rf"\int_{{{low}}}^{{{high}}} {inner} \, d{name_latex(name)}", _POWER


def _call(node: Node, args: Sequence[Text]) -> Text:
    if is_integral(node.op):
        return _integral(node, args)
    row = TABLE[node.op]
    for default in reversed(row.defaults):
        if node.args[len(args) - 1] is not number(Fraction(default)):
            break
        args = args[:-1]

    def place(match: re.Match[str]) -> str:
        if match[1] == "all":
            return ", ".join(text for text, _ in args)
        index = int(match[1])
        if index >= len(args):
            return match[0]
        return args[index][0] if match[2] is None else _held(args[index], _ATOM)

    return _PLACE.sub(place, row.latex), _tightness(row.latex)


def _tightness(template: str) -> int:
    if r"\bmod" in template:
        return _SUM
    return _ATOM if template.endswith((")", "|", r"\rfloor", r"\rceil")) else _POWER


_LEAVES: Mapping[str, Callable[[Node, Sequence[Text]], Text]] = MappingProxyType(
    {
        NUMBER: _number,
        CONSTANT: lambda node, _: (_CONSTANTS.get(str(node.value), str(node.value)), _ATOM),
        VARIABLE: lambda node, _: (math_name(str(node.value)), _ATOM),
    }
)
_OPERATIONS: Mapping[str, Callable[[Node, Sequence[Text]], Text]] = MappingProxyType(
    {"add": _add, "mul": _mul, "div": _div, "neg": _neg, "pow": _pow}
)
