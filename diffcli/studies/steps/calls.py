"""The derivative of a call, by the partials of its row in the table of functions."""

from __future__ import annotations

from diffcli.errors import FormulaError
from diffcli.language.algebra import Algebra
from diffcli.language.expression import Node, is_unknown, node, variable
from diffcli.language.functions import TABLE, Row
from diffcli.language.rules import ARGUMENTS, formula
from diffcli.language.unknown import parts_of, raised
from diffcli.studies.steps.rule_use import (
    ITSELF,
    Moves,
    Nodes,
    RuleUse,
    named,
    plus,
    scaled,
    times,
)


def call(term: Node, moves: Moves, x: Node, algebra: Algebra) -> RuleUse:
    """Return the rule of a function that is called; raises FormulaError where it has none."""
    if is_unknown(term.op):
        return _unknown(term, moves, x)
    row = TABLE[term.op]
    partials = row.between or row.partials
    moving = [index for index, arg in enumerate(term.args) if moves(arg)]
    for index in moving:
        if index >= len(partials) or not partials[index]:
            raise FormulaError(
                f"{row.name} has no closed derivative in its argument {index + 1}",
                hint="its derivative at a point: diffcli grad … --at …",
            )

    def slope(parts: Nodes, slopes: Nodes) -> Node:
        arguments = {variable(name): part for name, part in zip(ARGUMENTS, parts, strict=False)}
        return plus(
            *(
                scaled(algebra.graft(formula(partials[index]), arguments), slopes[index])
                for index in moving
            )
        )

    alone = all(term.args[index] is x for index in moving)
    return RuleUse(
        f"derivative of {row.name}" if alone else f"derivative of {row.name} and chain rule",
        tuple(named(arg, x) if moves(arg) else (ITSELF, arg) for arg in term.args),
        lambda *parts: node(term.op, *parts),
        slope,
        note=note_of(row),
    )


def _unknown(term: Node, moves: Moves, x: Node) -> RuleUse:
    """Return the rule of a function that is only named."""
    moving = [index for index, arg in enumerate(term.args) if moves(arg)]

    def slope(parts: Nodes, slopes: Nodes) -> Node:
        return plus(
            *(times(node(raised(term.op, index), *parts), slopes[index]) for index in moving)
        )

    alone = all(term.args[index] is x for index in moving)
    name = parts_of(term.op)[0]
    return RuleUse(
        f"derivative of {name}" if alone else f"derivative of {name} and chain rule",
        tuple(named(arg, x) if moves(arg) else (ITSELF, arg) for arg in term.args),
        lambda *parts: node(term.op, *parts),
        slope,
        note=f"{name} is only named",
    )


def note_of(row: Row) -> str | None:
    """Return where a function has no derivative, in words."""
    said = [f"no derivative: {row.kinks}"] if row.kinks else []
    return "; ".join([*said, f"jumps {row.jumps}"] if row.jumps else said) or None
