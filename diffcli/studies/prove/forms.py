"""Claims of comparisons as typed, and in the form in which they are decided."""

from __future__ import annotations

import re
from collections.abc import Sequence

from diffcli.language.expression import NUMBER, Node, node
from diffcli.language.functions import TABLE

_EQUALS = re.compile(r"(?<![<>=!:])=(?!=)")


def with_equality(text: str) -> str:
    """Return a text in which a single equals sign compares, as in ``x^2 + y^2 = 1``."""
    return _EQUALS.sub("==", text)


def condition_of(output: Node) -> Node | None:
    """Return the condition that was typed where a formula stands; None for a formula."""
    states = (
        output.op == "piecewise"
        and len(output.args) == 4
        and output.args[0].op == NUMBER
        and output.args[1].op in TABLE
        and TABLE[output.args[1].op].boolean
        and output.args[2].value == 0
    )
    return output.args[1] if states else None


def spoken(readings: Sequence[str]) -> tuple[str, ...]:
    """Return the readings without the remark that a condition counts as a number."""
    return tuple(said for said in readings if not said.startswith("a condition counts"))


def difference(comparison: Node) -> tuple[Node, bool]:
    """Return what is to be positive (or not negative: False) for a comparison to hold."""
    left, right = comparison.args
    if comparison.op in ("gt", "ge"):
        left, right = right, left
    if left.op == NUMBER and left.value == 0:
        apart = right
    elif right.op == NUMBER and right.value == 0:
        apart = node("neg", left)
    else:
        apart = node("add", right, node("neg", left))
    return apart, comparison.op in ("lt", "gt")


_OPPOSITES = {"lt": "ge", "le": "gt", "gt": "le", "ge": "lt", "eq": "ne", "ne": "eq"}
_DUALS = {"and": "or", "or": "and"}


def positive_form(claim: Node, *, negated: bool = False) -> Node:
    """Return a claim whose ``not`` are carried into the comparisons."""
    if claim.op == "not":
        return positive_form(claim.args[0], negated=not negated)
    if claim.op in _DUALS:
        op = _DUALS[claim.op] if negated else claim.op
        return node(op, *(positive_form(arg, negated=negated) for arg in claim.args))
    if claim.op in _OPPOSITES and negated:
        return node(_OPPOSITES[claim.op], *claim.args)
    if negated:
        return node("not", claim)
    return claim


def parts(claim: Node) -> list[Node]:
    """Return the claims that must all hold."""
    if claim.op == "and":
        return [part for arg in claim.args for part in parts(arg)]
    if claim.op == "eq":
        left, right = claim.args
        return [node("le", left, right), node("ge", left, right)]
    return [claim]
