"""Expression DAG → text, in typed order. Reading the text again gives the same DAG."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from types import MappingProxyType

from diffcli.language.expression import (
    CONSTANT,
    NUMBER,
    Node,
    is_integral,
    is_unknown,
    number,
    opened,
    postorder,
)
from diffcli.language.limits import MAX_CHARACTERS
from diffcli.language.tensors import TENSORS, Slice
from diffcli.language.unknown import spelled

#: How tightly the text of an operation holds together: it is bracketed inside a tighter one.
_OR, _AND, _NOT, _COMPARISON, _SUM, _PRODUCT, _PREFIX, _POWER, _ATOM = range(1, 10)
_TIGHTNESS = {
    "or": _OR,
    "and": _AND,
    "not": _NOT,
    **dict.fromkeys(["lt", "le", "gt", "ge", "eq", "ne"], _COMPARISON),
    "add": _SUM,
    "mul": _PRODUCT,
    "div": _PRODUCT,
    "mod": _PRODUCT,
    "matmul": _PRODUCT,
    "neg": _PREFIX,
    "pow": _POWER,
}
_SIGNS = {"lt": "<", "le": "<=", "gt": ">", "ge": ">=", "eq": "==", "ne": "!="}
SHORT = {"amax": "max", "amin": "min", "differences": "diff"}
"""Tensor operations that have a shorter name, though with one argument."""
_FILLED = {("full", "1"): "ones", ("full", "0"): "zeros"}
"""Tensors of one number that have a name of their own, by the number's text."""
CUT = "…"
"""The end of a text that is cut because it is too long."""
_CONSTANTS = {"true": "True", "false": "False"}
Text = tuple[str, int]
"""A printed node and its tightness."""


def text_of(
    root: Node,
    names: Mapping[Node, str] | None = None,
    euler: str = "e",
    lengths: Mapping[int, str] | None = None,
) -> str:
    """Return a node as text; nodes in ``names`` are printed as their names, and so are ``lengths``.

    A shared node is printed wherever it stands, so the text may be exponentially longer than
    the DAG: past the length that can be read it ends in ``…``.
    """
    names = dict(names or {})
    lengths = lengths or {}
    names |= {number(length): name for length, name in lengths.items()}
    texts: dict[Node, Text] = {}
    for current in postorder([root]):
        if current in names:
            texts[current] = names[current], _ATOM
        elif current.is_leaf:
            texts[current] = _leaf(current, euler)
        elif is_integral(current.op):
            body, name = opened(current)
            low, high = (texts[arg][0] for arg in current.args[:2])
            texts[current] = (
                f"integrate({text_of(body, names, euler)}, {name}={low}..{high})",
                _ATOM,
            )
        else:
            texts[current] = _operation(current, [texts[arg] for arg in current.args], lengths)
        text, tightness = texts[current]
        if len(text) > MAX_CHARACTERS:
            texts[current] = CUT, tightness
    return texts[root][0]


def number_text(value: Fraction) -> str:
    """Return a number as decimal text; one that no decimal ends on as a fraction, in brackets."""
    if 10 ** value.denominator.bit_length() % value.denominator:
        return f"({value})"
    if value.denominator == 1:
        digits = str(value.numerator)
        zeros = len(digits) - len(digits.rstrip("0"))
        return digits if zeros < 12 else f"{digits[:-zeros]}e{zeros}"
    decimals = 0
    while value.denominator != 1:
        value, decimals = value * 10, decimals + 1
    digits = str(value.numerator)
    if decimals > len(digits) + 5:
        return f"{digits}e-{decimals}"
    digits = digits.rjust(decimals + 1, "0")
    return f"{digits[:-decimals]}.{digits[-decimals:]}"


def _leaf(leaf: Node, euler: str) -> Text:
    if leaf.op == NUMBER and isinstance(leaf.value, Fraction):
        return number_text(leaf.value), _ATOM
    name = str(leaf.value)
    if leaf.op == CONSTANT:
        name = euler if name == "e" else _CONSTANTS.get(name, name)
    return name, _ATOM


def _operation(current: Node, args: Sequence[Text], lengths: Mapping[int, str]) -> Text:
    tightness = _TIGHTNESS.get(current.op)
    if current.op in TENSORS and TENSORS[current.op].sized:
        return _sized(current, args[0][0], lengths), _ATOM
    if tightness is None:
        return _call(current, args), _ATOM
    return _WRITE[current.op](current, args), tightness


def _held(text: Text, tightness: int) -> str:
    """Return the text, bracketed if it is looser than ``tightness``."""
    return text[0] if text[1] >= tightness else f"({text[0]})"


def _add(current: Node, args: Sequence[Text]) -> str:
    parts = [_held(args[0], _SUM + 1)]
    for arg, text in zip(current.args[1:], args[1:], strict=True):
        negative = arg.op == "neg" and text[1] == _PREFIX
        parts.append(f"- {_term(arg, text)}" if negative else f"+ {_held(text, _SUM + 1)}")
    return " ".join(parts)


def _term(negation: Node, text: Text) -> str:
    """Return a subtracted term: what follows the sign of a printed negation."""
    inner = text[0][1:]
    looser = inner.startswith("(") and negation.args[0].op in ("mul", "div", "mod", "matmul")
    return inner[1:-1] if looser else inner


def _mul(current: Node, args: Sequence[Text]) -> str:
    first = current.args[0].op
    head = f"({args[0][0]})" if first == "div" else _held(args[0], _PRODUCT + 1)
    return "*".join([head, *(_factor(text) for text in args[1:])])


def _factor(text: Text) -> str:
    return _held(text, _PREFIX + 1)


def _div(current: Node, args: Sequence[Text]) -> str:
    head = args[0][0] if args[0][1] >= _PRODUCT else f"({args[0][0]})"
    return f"{head}{'%' if current.op == 'mod' else '/'}{_factor(args[1])}"


def _matmul(_: Node, args: Sequence[Text]) -> str:
    return f"{_held(args[0], _PRODUCT)} @ {_factor(args[1])}"


def _neg(_: Node, args: Sequence[Text]) -> str:
    return f"-{_held(args[0], _PREFIX + 1)}"


def _pow(_: Node, args: Sequence[Text]) -> str:
    return f"{_held(args[0], _ATOM)}**{_held(args[1], _PREFIX)}"


def _compare(current: Node, args: Sequence[Text]) -> str:
    return f"{_held(args[0], _SUM)} {_SIGNS[current.op]} {_held(args[1], _SUM)}"


def _logic(current: Node, args: Sequence[Text]) -> str:
    inner = _TIGHTNESS[current.op] + 1
    return f" {current.op} ".join(_held(text, inner) for text in args)


def _not(_: Node, args: Sequence[Text]) -> str:
    return f"not {_held(args[0], _NOT)}"


_WRITE: dict[str, Callable[[Node, Sequence[Text]], str]] = {
    "add": _add,
    "mul": _mul,
    "div": _div,
    "mod": _div,
    "matmul": _matmul,
    "neg": _neg,
    "pow": _pow,
    "and": _logic,
    "or": _logic,
    "not": _not,
    **dict.fromkeys(_SIGNS, _compare),
}


def _call(current: Node, args: Sequence[Text]) -> str:
    texts = [text for text, _ in args]
    if current.op == "index":
        return f"{_held(args[0], _ATOM)}[{','.join(map(place_text, current.static))}]"
    if current.op == "transpose":
        return f"{_held(args[0], _ATOM)}.T"
    if current.op in TENSORS:
        axis = [f"axis={axis}" for axis in current.static if axis != TENSORS[current.op].default]
        return f"{SHORT.get(current.op, current.op)}({', '.join([*texts, *axis])})"
    if current.op == "piecewise":
        pairs = zip(texts[::2], texts[1::2], strict=True)
        return f"piecewise({', '.join(f'({value}, {condition})' for value, condition in pairs)})"
    name = spelled(current.op) if is_unknown(current.op) else current.op
    return f"{name}({', '.join(texts)})"


def sized_call(
    current: Node, entry: str, lengths: Mapping[int, str] = MappingProxyType({})
) -> tuple[str, list[str]]:
    """Return the name and the arguments of ``eye(3)``, ``ones(m, n)``, ``full(x, 3)``."""
    name = _FILLED.get((current.op, entry), current.op)
    parts = [lengths.get(size, str(size)) for size in current.static if isinstance(size, int)]
    return name, [entry] * (name == "full") + parts


def _sized(current: Node, entry: str, lengths: Mapping[int, str]) -> str:
    name, arguments = sized_call(current, entry, lengths)
    return f"{name}({', '.join(arguments)})"


def place_text(part: int | Slice | None) -> str:
    """Return an entry's place or a slice: ``0``, ``1:``, ``::2``."""
    if not isinstance(part, Slice):
        return str(part)
    bounds = ":".join("" if bound is None else str(bound) for bound in part[:2])
    return bounds if part.step is None else f"{bounds}:{part.step}"


def _described(root: Node) -> str:
    return f"<Node {text_of(root)}>"


# The class stands below its printer, and names its operation alone.
Node.__repr__ = _described  # type: ignore[method-assign]
