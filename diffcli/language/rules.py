"""The formulas that the tables of the language hold, as nodes: each text is read once.

They are formulas of numbers, so a part of the language reads them: its operators and functions.
"""

from __future__ import annotations

from typing import ClassVar

from diffcli.language import indexing
from diffcli.language.application import FORMS, apply
from diffcli.language.borrowed import spelled
from diffcli.language.expression import Node, substituted, variable
from diffcli.language.functions import Row
from diffcli.language.pratt import POWER, PRODUCT, Pratt
from diffcli.language.products import power, product
from diffcli.language.tokens import Token

ARGUMENTS = ("x", "y", "z", "w")
"""The names of a function's arguments in its formulas."""


class Formulas(Pratt):
    """Reads formulas of numbers: operators, and functions by their names."""

    INFIX: ClassVar = {**Pratt.INFIX, POWER: power, PRODUCT: product}
    FORMS: ClassVar = {**FORMS, **indexing.FORMS, "spelled": spelled}

    def apply(self, name: Token, meaning: Row | str) -> Node:
        """Read a function's power and its arguments, and return its node."""
        return apply(self, name, meaning)


def formula(text: str) -> Node:
    """Return a formula of the table in a function's arguments."""
    return Formulas.formula(text, ARGUMENTS)


def stated(text: str, node: Node) -> Node:
    """Return a formula of the table with the arguments of a function's node in it."""
    arguments = zip(ARGUMENTS, node.args, strict=False)
    return substituted(formula(text), {variable(name): arg for name, arg in arguments})
