r"""Expression DAG → LaTeX, in typed order. Reading the LaTeX again gives the same DAG.

Functions are written as the table's templates say, but for those whose template is the LaTeX of
another formula (``\sqrt{x^2+y^2}``): they are called by name. An exponential is a power of e, which
is what it is read as.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from fractions import Fraction
from itertools import pairwise

from diffcli.language.expression import (
    CONSTANT,
    NUMBER,
    VARIABLE,
    Node,
    is_integral,
    is_unknown,
    number,
    opened,
    postorder,
)
from diffcli.language.function import Function
from diffcli.language.functions import BY_NAME, TABLE, Row
from diffcli.language.limits import MAX_CHARACTERS
from diffcli.language.printer import SHORT, number_text, place_text, sized_call
from diffcli.language.tensors import TENSORS
from diffcli.language.tokens import GREEK_NAMES
from diffcli.language.unknown import parts_of, spelled_latex
from diffcli.language.vocabulary import ALWAYS_CALLED, CALLABLE, ORDERED

#: How tightly the LaTeX of an operation holds together: it is bracketed inside a tighter one.
_CASES, _OR, _AND, _NOT, _COMPARISON, _SUM, _PRODUCT, _PREFIX, _FACTOR, _ATOM = range(10)
_TIGHTNESS = {
    "piecewise": _CASES,
    "or": _OR,
    "and": _AND,
    "not": _NOT,
    **dict.fromkeys(["lt", "le", "gt", "ge", "eq", "ne"], _COMPARISON),
    "add": _SUM,
    "mul": _PRODUCT,
    "mod": _PRODUCT,
    "matmul": _PRODUCT,
    "neg": _PREFIX,
    **dict.fromkeys(["div", "pow", "exp", "factorial", "transpose"], _FACTOR),
}
_SHAPES = frozenset(
    {
        "abs",
        "floor",
        "ceil",
        "sqrt",
        "cbrt",
        "root",
        "binomial",
        "log2",
        "log10",
        "hyp0f1",
        "hyp1f1",
        "hyp2f1",
    }
)
"""Rows whose template isn't a call, and is read as that row."""
_BY_NAME = {"exp": r"\exp"}
"""How rows are called by name, but for ``\\operatorname``."""
_TALL = re.compile(r"\\(?:frac|int|begin|binom|sqrt)|/")
"""Parts of a formula that keep a fraction in an exponent from being written with a slash."""
_CONSTANTS = {
    "pi": r"\pi", "e": "e", "tau": r"\tau", "i": "i", "inf": r"\infty",
    "true": r"\text{otherwise}", "false": r"\text{False}",
}  # fmt: skip
_NAME = re.compile(r"([A-Za-z]+)([0-9]*)((?:_[A-Za-z0-9]+)*)")
_PLACE = re.compile(r"\{(?:(?P<all>all)|(?P<index>[0-9]))\}")

_ARGUMENTS = r"\left({all}\right)"
_ORDERED = re.compile(r"(?P<letter>[A-Z])_\{\{0\}\}\\left\(\{1\}\\right\)")
_CALLED = re.compile(r"\\(?:operatorname\{)?(?P<name>\w+)\}?\\left\(\{(?:all|0)\}\\right\)")


def latex_of(function: Function) -> str:
    """Return a Function in LaTeX: its definitions, then its outputs, as a vector if several.

    Reading it again, with the same variables declared, gives the same outputs.
    """
    definitions, value = lines_of(function)
    parts = [f"{name_latex(name)} = {latex}" for name, latex in definitions.items()]
    return r";\quad ".join([*parts, value])


def lines_of(function: Function) -> tuple[Mapping[str, str], str]:
    """Return the definitions of a Function in LaTeX by their names, and its outputs in those."""
    names: dict[Node, str] = {}
    definitions: dict[str, str] = {}
    used = set(function.nodes)
    for name, value in function.definitions:
        if value in used and not value.is_leaf and value not in names:
            definitions[name] = node_latex(value, names, function.variables)
            names[value] = name_latex(name)
    outputs = [node_latex(output, names, function.variables) for output in function.outputs]
    return definitions, outputs[0] if len(outputs) == 1 else column(outputs)


def column(entries: Iterable[str]) -> str:
    """Return formulas as the entries of a vector."""
    rows = r" \\ ".join(entries)
    return rf"\begin{{pmatrix}} {rows} \end{{pmatrix}}"


def node_latex(
    root: Node, names: Mapping[Node, str] | None = None, variables: Collection[str] = ()
) -> str:
    r"""Return a node in LaTeX; nodes in ``names`` are written as their names.

    Past the length that can be read the text ends in ``\dots``, as shared nodes are written
    wherever they stand.
    """
    texts = _Texts(names or {}, variables)
    for node in postorder([root]):
        texts.add(node)
    return texts[root]


def name_latex(name: str) -> str:
    r"""Return a variable's name: ``\alpha``, ``x_{1}``, ``\mathrm{rate}_{\mathrm{max}}``."""
    match = _NAME.fullmatch(name)
    if not match or (match[2] and match[3]):
        return rf"\mathrm{{{name}}}".replace("_", r"\_")
    below = match[2] or ",".join(map(_upright, match[3].split("_")[1:]))
    return _upright(match[1]) + (f"_{{{below}}}" if below else "")


def _upright(word: str) -> str:
    if word in GREEK_NAMES:
        return f"\\{word}"
    return rf"\mathrm{{{word}}}" if len(word) > 1 and word.isalpha() else word


def _bracketed(text: str) -> str:
    return rf"\left({text}\right)"


class _Texts(dict[Node, str]):
    """What is written already, by node; a node's arguments are written before it."""

    def __init__(self, names: Mapping[Node, str], variables: Collection[str]) -> None:
        super().__init__(names)
        self.names, self.variables = names, variables

    def add(self, node: Node) -> None:
        """Write a node."""
        if node in self.names:
            return
        if is_integral(node.op):
            text = _integral(node, self)
        else:
            write = _LEAVES[node.op] if node.is_leaf else _WRITE.get(node.op, _call)
            text = write(node, self)
        self[node] = text if len(text) <= MAX_CHARACTERS else r"\dots"

    def held(self, node: Node, tightness: int) -> str:
        """Return a node's text, bracketed if it is looser than ``tightness``."""
        own = _FACTOR if is_integral(node.op) else _TIGHTNESS.get(node.op, _ATOM)
        is_loose = node not in self.names and own < tightness
        return _bracketed(self[node]) if is_loose else self[node]


def _constant(node: Node, texts: _Texts) -> str:
    return "E" if node.value == "e" in texts.variables else _CONSTANTS[str(node.value)]


_LEAVES: Mapping[str, Callable[[Node, _Texts], str]] = {
    NUMBER: lambda number, _: number_text(Fraction(number.value or 0)),
    VARIABLE: lambda name, _: name_latex(str(name.value)),
    CONSTANT: _constant,
}


def _add(node: Node, texts: _Texts) -> str:
    parts = [texts.held(node.args[0], _SUM + 1)]
    for arg in node.args[1:]:
        is_negative = arg.op == "neg" and arg not in texts.names
        sign, term = ("-", arg.args[0]) if is_negative else ("+", arg)
        text = texts.held(term, _SUM + 1)
        parts.append(f"{sign} {_bracketed(text) if text.startswith('-') else text}")
    return " ".join(parts)


def _mul(node: Node, texts: _Texts) -> str:
    parts = [texts.held(node.args[0], _PRODUCT + 1)]
    for before, arg in pairwise(node.args):
        text = texts.held(arg, _FACTOR)
        is_name = before.op == VARIABLE or before in texts.names
        needs_dot = is_integral(before.op) or _needs_dot(before, is_name, text)
        parts += [r"\cdot", text] if needs_dot else [text]
    return " ".join(parts)


def _needs_dot(before: Node, is_name: bool, text: str) -> bool:
    r"""Whether ``x (y)`` would be a call, ``2 3`` a number, ``2 \frac{1}{2}`` a mixed one."""
    if is_name and (text.startswith(r"\left(") or before.value == "d"):
        return True
    return text[0].isdigit() or (before.op == NUMBER and text.startswith(r"\frac"))


def _div(node: Node, texts: _Texts) -> str:
    above, below = (texts[arg] for arg in node.args)
    return rf"\frac{{{above}}}{{{below}}}"


def _mod(node: Node, texts: _Texts) -> str:
    x, y = node.args
    return rf"{texts.held(x, _PRODUCT)} \bmod {texts.held(y, _FACTOR)}"


def _neg(node: Node, texts: _Texts) -> str:
    return f"-{texts.held(node.args[0], _PREFIX + 1)}"


def _pow(node: Node, texts: _Texts) -> str:
    base, exponent = node.args
    name, bracket, rest = texts[base].partition(r"\left(")
    is_call = base.op in CALLABLE and base.op not in _WRITE and base not in texts.names
    takes_power = is_call and base.op not in GREEK_NAMES and exponent.op == NUMBER
    if takes_power and _template(base, texts).endswith(_ARGUMENTS):
        return f"{name}^{{{_exponent(exponent, texts)}}}{bracket}{rest}"
    return f"{texts.held(base, _ATOM)}^{{{_exponent(exponent, texts)}}}"


def _exponent(node: Node, texts: _Texts) -> str:
    """Return what stands raised: a quotient with a slash, as no line is to be that small."""
    if node.op == "div" and node not in texts.names:
        above, below = texts.held(node.args[0], _PRODUCT), texts.held(node.args[1], _ATOM)
        if (short := slashed(above, below)) is not None:
            return short
    return texts[node]


def slashed(above: str, below: str) -> str | None:
    """Return a quotient in one line, of texts that are bracketed; None where they are too tall."""
    return None if _TALL.search(above + below) else f"{above}/{below}"


def _exponential(node: Node, texts: _Texts) -> str:
    return (
        _call(node, texts) if "e" in texts.variables else f"e^{{{_exponent(node.args[0], texts)}}}"
    )


def _infix(sign: str, tightness: int) -> Callable[[Node, _Texts], str]:
    def write(node: Node, texts: _Texts) -> str:
        return f" {sign} ".join(texts.held(arg, tightness) for arg in node.args)

    return write


def _not(node: Node, texts: _Texts) -> str:
    return rf"\lnot {texts.held(node.args[0], _NOT)}"


def _factorial(node: Node, texts: _Texts) -> str:
    return f"{texts.held(node.args[0], _ATOM)}!"


def _piecewise(node: Node, texts: _Texts) -> str:
    pairs = zip(node.args[::2], node.args[1::2], strict=True)
    lines = r" \\ ".join(f"{texts[value]} & {texts[condition]}" for value, condition in pairs)
    return rf"\begin{{cases}} {lines} \end{{cases}}"


def _integral(node: Node, texts: _Texts) -> str:
    body, name = opened(node)
    inner = _Texts(texts.names, texts.variables)
    for part in postorder([body]):
        inner.add(part)
    low, high = (texts[arg] for arg in node.args[:2])
    return rf"\int_{{{low}}}^{{{high}}} {inner.held(body, _PRODUCT)} \, d{name_latex(name)}"


def template(row: Row, variables: Collection[str] = (), *, is_bare: bool = False) -> str:
    """Return how a function is written, such that it is read again as the same.

    Where the first argument ``is_bare``, a name or a number, and the second isn't a name, E_{x}(2y)
    may be a product: the order stands in brackets.
    """
    called, ordered = _CALLED.fullmatch(row.latex), _ORDERED.fullmatch(row.latex)
    if ordered and ORDERED.get(ordered["letter"]) == row.name:
        if is_bare and ordered["letter"] not in ALWAYS_CALLED:
            return row.latex.replace("{0}", "({0})")
        is_read = not any(name.partition("_")[0] == ordered["letter"] for name in variables)
    elif called and BY_NAME.get(called["name"]) is row:
        is_read = called["name"] not in variables
    else:
        is_read = row.name in _SHAPES
    return row.latex if is_read else _by_name(row.name)


def _by_name(op: str) -> str:
    return _BY_NAME.get(op, rf"\operatorname{{{op}}}".replace("_", r"\_")) + _ARGUMENTS


def _template(node: Node, texts: _Texts) -> str:
    if node.op == "root" and node.args[1] is number(3):
        return _by_name(node.op)
    is_bare = node.args[0].is_leaf and node.args[-1].op != VARIABLE
    return template(TABLE[node.op], texts.variables, is_bare=is_bare)


def _tensor(node: Node, texts: _Texts) -> str:
    """Return a tensor operation as mathematics writes it, or by its name."""
    match node.op, node.args:
        case "index", [arg]:
            base = texts.held(arg, _ATOM)
            # LaTeX has no second subscript.
            base = f"{{{base}}}" if arg.op in (VARIABLE, "index") and "_" in base else base
            return rf"{base}_{{[{', '.join(map(place_text, node.static))}]}}"
        case "transpose", [arg]:
            return rf"{texts.held(arg, _ATOM)}^{{\mathsf{{T}}}}"
        case "matmul", [left, right]:
            return rf"{texts.held(left, _PRODUCT)} \mathbin{{@}} {texts.held(right, _FACTOR)}"
    arguments = [texts[arg] for arg in node.args]
    name, default = SHORT.get(node.op, node.op), TENSORS[node.op].default
    if TENSORS[node.op].sized:
        name, arguments = sized_call(node, arguments[0])
    else:
        arguments += [rf"\text{{axis}} = {axis}" for axis in node.static if axis != default]
    escaped = name.replace("_", r"\_")
    return rf"\operatorname{{{escaped}}}\left({', '.join(arguments)}\right)"


def _unknown(node: Node, texts: _Texts) -> str:
    name = spelled_latex(node.op, name_latex(parts_of(node.op)[0]))
    return rf"{name}\left({', '.join(texts[arg] for arg in node.args)}\right)"


def _left_out(node: Node) -> int:
    """Return how many of the last arguments are those of a call without them."""
    defaults = TABLE[node.op].defaults if node.op in TABLE else ()
    count = 0
    for default, argument in zip(reversed(defaults), reversed(node.args), strict=False):
        if argument.op != NUMBER or argument.value != Fraction(default):
            break
        count += 1
    return count


def _call(node: Node, texts: _Texts) -> str:
    if is_unknown(node.op):
        return _unknown(node, texts)
    arguments = [texts[arg] for arg in node.args]

    def place(match: re.Match[str]) -> str:
        if match["all"]:
            return ", ".join(arguments[: len(arguments) - _left_out(node)])
        index = int(match["index"])
        return arguments[index] if index < len(arguments) else match[0]

    return _PLACE.sub(place, _template(node, texts))


_WRITE: Mapping[str, Callable[[Node, _Texts], str]] = {
    "add": _add,
    "mul": _mul,
    "div": _div,
    "mod": _mod,
    "neg": _neg,
    "pow": _pow,
    "exp": _exponential,
    "lt": _infix("<", _SUM),
    "le": _infix(r"\le", _SUM),
    "gt": _infix(">", _SUM),
    "ge": _infix(r"\ge", _SUM),
    "eq": _infix("=", _SUM),
    "ne": _infix(r"\ne", _SUM),
    "and": _infix(r"\land", _AND + 1),
    "or": _infix(r"\lor", _OR + 1),
    "not": _not,
    "factorial": _factorial,
    "piecewise": _piecewise,
    **dict.fromkeys(TENSORS, _tensor),
}
