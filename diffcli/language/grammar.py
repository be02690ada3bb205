"""The whole grammar: which file reads what. A new form of the language is registered here."""

from __future__ import annotations

from typing import ClassVar

from diffcli.language import binders, calls, evaluations, indexing, parameters
from diffcli.language.borrowed import in_square_brackets, without_library
from diffcli.language.differentials import diff, differential, primed
from diffcli.language.expression import Node
from diffcli.language.functions import Row
from diffcli.language.parameters import barred
from diffcli.language.rules import Formulas
from diffcli.language.tokens import Token


class Grammar(Formulas):
    """Reads every expression of the language."""

    PREFIX: ClassVar = {
        **Formulas.PREFIX,
        **dict.fromkeys("∑∏", binders.big_sign),
        "∂": differential,
    }
    POSTFIX: ClassVar = {**Formulas.POSTFIX, **indexing.POSTFIX}
    FORMS: ClassVar = {
        **Formulas.FORMS,
        **binders.FORMS,
        **evaluations.FORMS,
        **calls.FORMS,
        **parameters.FORMS,
        "diff": diff,
    }

    def name(self, token: Token) -> Node:
        """Read a name, or a derivative that begins with ``d``, or a name of another system."""
        if token.text[0] == "d" and not self.names.is_value(token.text):
            derivative = differential(self, token)
            if derivative is not None:
                return derivative
        token = without_library(self, token)
        if self.at("["):
            token = in_square_brackets(self, token)
        if self.at("("):
            token = barred(self, token)
        return super().name(token)

    def apply(self, name: Token, meaning: Row | str) -> Node:
        """Read a function's primes or its power, and its arguments; return its node."""
        if self.at("'") and meaning not in calls.FORMS:
            return primed(self, name, meaning)
        return super().apply(name, meaning)
