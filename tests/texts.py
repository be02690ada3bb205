"""Formulas as texts: the files of data, whole formulas drawn over the table, two ways to read."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from unittest.mock import patch

from hypothesis import strategies as st

from diffcli.errors import DiffcliError
from diffcli.language import parser
from diffcli.language.expression import Node, constant, node, number, variable
from diffcli.language.function import Function
from diffcli.language.functions import BY_NAME, TABLE
from diffcli.language.parser import parse

DATA = Path(__file__).parent / "data"


def rows(name: str) -> list[list[str]]:
    """Return the rows of a file of data, cell by cell."""
    lines = (DATA / name).read_text(encoding="utf-8").splitlines()
    return [[cell.strip() for cell in split(line)] for line in lines if not line.startswith("#")]


def split(line: str) -> list[str]:
    """Cells stand between `` | ``; a bar inside a formula has no blank on both sides."""
    return line.split(" | ")


CALLED = sorted(
    row.name
    for row in TABLE.values()
    if row.name in BY_NAME and row.name not in ("mod", "piecewise")
)


def formulas() -> st.SearchStrategy[Node]:
    """Draw whole formulas over the table."""
    leaves = st.one_of(
        st.sampled_from(["x", "y", "x1", "theta"]).map(variable),
        st.fractions(0, 1000, max_denominator=1).map(number),
        st.integers(0, 10**6).map(lambda n: parse(f"{n}e-4").outputs[0]),
        st.sampled_from(["pi", "e", "tau"]).map(constant),
    )

    def grow(parts: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
        def call(name: str) -> st.SearchStrategy[Node]:
            low, high = TABLE[name].arity
            return st.lists(parts, min_size=low, max_size=min(high, 4)).map(
                lambda args: node(name, *args)
            )

        condition = st.builds(
            node, st.sampled_from(["lt", "le", "gt", "ge", "eq", "ne"]), parts, parts
        )
        both = st.builds(node, st.sampled_from(["and", "or"]), condition, condition)
        conditions = st.one_of(condition, both, condition.map(lambda c: node("not", c)))
        small = st.integers(0, 9).map(number)
        return st.one_of(
            st.lists(parts, min_size=2, max_size=4).map(lambda args: node("add", *args)),
            st.lists(parts, min_size=2, max_size=4).map(lambda args: node("mul", *args)),
            st.builds(lambda a, b: node("div", a, b), parts, parts),
            st.builds(lambda a, b: node("mod", a, b), parts, parts),
            st.builds(lambda a, b: node("pow", a, b), parts, small),
            parts.map(lambda a: node("pow", variable("x"), node("neg", a))),
            parts.map(lambda a: node("neg", a)),
            st.sampled_from(
                [name for name in CALLED if name not in ("factorial", "gamma")]
            ).flatmap(call),
            st.builds(
                lambda a, c, b: node("piecewise", a, c, b, constant("true")),
                parts,
                conditions,
                parts,
            ),
        )

    return st.recursive(leaves, grow, max_leaves=25)


def outcome(texts: Sequence[str], **options: object) -> object:
    """What reading gives: the Function and the readings, or the error as it is shown."""
    try:
        found = parse(texts if len(texts) > 1 else texts[0], **options)  # type: ignore[arg-type]
    except DiffcliError as error:
        return type(error), error.message, error.hint, error.column, error.text
    outputs = tuple(found.outputs)
    return outputs, found.variables, found.definitions, found.readings, found.text


def both_ways(texts: Sequence[str], **options: object) -> bool:
    """Check that a text read by its repetition is what it is read row by row; whether it was."""
    with patch.object(parser, "LEAST_REPEATED", 1):
        mine = outcome(texts, **options)
        repeated = isinstance(mine[0], tuple) and _repeats(texts, **options)
    with patch.object(parser, "LEAST_REPEATED", 10**9):
        assert mine == outcome(texts, **options)
    return repeated


def _repeats(texts: Sequence[str], **options: object) -> bool:
    found: Function = parse(texts if len(texts) > 1 else texts[0], **options)  # type: ignore[arg-type]
    return found.repetition is not None
