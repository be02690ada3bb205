"""The shapes of a formula's terms, computed from those of its variables before anything runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod

from diffcli.errors import LimitError, UsageError
from diffcli.language.expression import VARIABLE, Node, postorder
from diffcli.language.function import Function
from diffcli.language.limits import MAX_ELEMENTS
from diffcli.language.printer import text_of
from diffcli.language.tensors import TENSORS
from diffcli.tensors.rules import MismatchError, Shape, rule_of

_LONGEST = 40


def shapes_of(function: Function, variables: Mapping[str, Shape]) -> dict[Node, Shape]:
    """Return the shape of every node.

    Raises UsageError where an operation doesn't take the shapes of its operands, LimitError
    where its result is too large.
    """
    known: dict[Node, Shape] = {}
    names = function.said.any_length
    for node in function.nodes:
        if node.op == VARIABLE:
            known[node] = variables[str(node.value)]
        try:
            shape_of(node, known, names)
        except UsageError as error:
            text, column, width = _place(function, node)
            raise UsageError(
                error.message, hint=error.hint, text=text, column=column, width=width
            ) from None
    return known


def _place(function: Function, node: Node) -> tuple[str | None, int | None, int]:
    """Return where a term stands in the text, and how long it is, if it is typed as it is printed.

    Spaces don't count, and a term that stands in several places has none.
    """
    wanted = "".join(text_of(node, lengths=function.said.any_length).split())
    for text in function.text:
        columns = [column for column, sign in enumerate(text) if not sign.isspace()]
        typed = "".join(text.split())
        if typed.count(wanted) == 1:
            first = typed.index(wanted)
            last = columns[first + len(wanted) - 1]
            return text, columns[first], last + 1 - columns[first]
    return None, None, 1


def shape_of(root: Node, known: dict[Node, Shape], names: Mapping[int, str] | None = None) -> Shape:
    """Return the shape of a node whose variables are known, and add those of its terms to them.

    ``names`` are those of lengths that stand for any length: nothing is too large then. Raises
    UsageError where an operation doesn't take the shapes of its operands, LimitError where its
    result is too large.
    """
    if root not in known:
        for node in postorder([root]):
            shapes = [known[arg] for arg in node.args]
            rule = rule_of(node.op).shape if node.op in TENSORS else _broadcast
            try:
                known.setdefault(node, rule(node, shapes))
            except MismatchError as error:
                raise UsageError(_message(node, shapes, names or {}), hint=str(error)) from None
            if prod(known[node]) > MAX_ELEMENTS and node.op != VARIABLE and not names:
                raise LimitError(
                    f"{_short(node)} has {prod(known[node]):,} numbers",
                    hint=f"at most {MAX_ELEMENTS:,} are computed",
                )
    return known[root]


def refuse_tensors(outputs: Sequence[Node]) -> None:
    """Raise UsageError where a formula that should be of numbers has operations on tensors."""
    for node in postorder(outputs):
        if node.op in TENSORS:
            raise UsageError(
                f"{text_of(node)[:_LONGEST]} is of tensors, and numbers are wanted here",
                hint="grad and jacobian take tensors",
            )


def _broadcast(_: Node, shapes: Sequence[Shape]) -> Shape:
    import numpy as np

    try:
        return np.broadcast_shapes(*shapes)
    except ValueError:
        raise MismatchError("give them one length, or numbers") from None


def _message(node: Node, shapes: Sequence[Shape], names: Mapping[int, str]) -> str:
    listed = " and ".join(
        f"[{', '.join(names.get(size, str(size)) for size in shape)}]{' (a number)' * (not shape)}"
        for shape in shapes
    )
    return (
        f"{_short(node, names)} doesn't go with {'shapes' if len(shapes) > 1 else 'shape'} {listed}"
    )


def _short(node: Node, names: Mapping[int, str] | None = None) -> str:
    text = text_of(node, lengths=names or {})
    return text if len(text) <= _LONGEST else node.op
