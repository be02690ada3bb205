"""How the names of a request occur in its texts: defined, raised to a power, alone, in bounds."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from itertools import islice, pairwise

from diffcli.language.limits import MAX_DEPTH
from diffcli.language.tokens import END, NAME, NUMBER, Token

_OPENING, _CLOSING, _ENDS = frozenset("([{"), frozenset(")]}"), frozenset({"..", ",", ";", "="})


class Occurrences:
    """Where names occur in a sequence of tokens: those of all texts, each text with its end.

    A name before ``=`` is to be defined, unless it is the index of a range; a name is ``raised``
    where ``**`` follows it, and ``alone`` where no bracket does, nor a prime if functions may be
    only named.
    """

    def __init__(self, tokens: Sequence[Token], *, unknowns: bool = False) -> None:
        self._tokens = tokens
        self.names = frozenset(token.text for token in tokens)
        pairs = [(token, after.text) for token, after in pairwise(tokens) if token.kind == NAME]
        self.raised = frozenset(token.text for token, after in pairs if after == "**")
        behind = ("(", "'") if unknowns else ("(",)
        self.alone = frozenset(token.text for token, after in pairs if after not in behind)
        self.to_define = frozenset(
            token.text
            for index, (token, after) in enumerate(pairwise(tokens))
            if after.text == "="
            and token.kind == NAME
            and not has_range(tokens, index)
            and tokens[index + 2].kind != END
        )

    @cached_property
    def outside_exponents(self) -> frozenset[str]:
        """The tokens that occur behind another token than ``**``."""
        pairs = pairwise(self._tokens)
        return frozenset(token.text for before, token in pairs if before.text != "**")

    @cached_property
    def before_factors(self) -> frozenset[Token]:
        """The names before a name, a number or a round bracket."""
        pairs = pairwise(self._tokens)
        return frozenset(
            token
            for token, after in pairs
            if token.kind == NAME and (after.kind in (NAME, NUMBER) or after.text == "(")
        )

    @cached_property
    def typed_names(self) -> frozenset[str]:
        """The tokens that are names, not numbers or signs."""
        return frozenset(token.text for token in self._tokens if token.kind == NAME)

    @cached_property
    def in_bounds(self) -> frozenset[str]:
        """The names in the bounds of sums and products over an index."""
        return _names_in_bounds(self._tokens)


def has_range(tokens: Sequence[Token], index: int) -> bool:
    """Whether the name before ``=`` has a range, ``i=1..5``: it is bound, not defined."""
    depth = 0
    for later in range(index + 2, len(tokens)):
        text = tokens[later].text
        depth += (text in _OPENING) - (text in _CLOSING)
        if not 0 <= depth <= MAX_DEPTH or (depth == 0 and text in _ENDS):
            return text == ".."
    return False


def _names_in_bounds(tokens: Sequence[Token]) -> frozenset[str]:
    names: set[str] = set()
    for index, token in enumerate(tokens):
        is_call = token.text in ("sum", "prod") and tokens[index + 1].text == "("
        if token.text in ("∑", "∏") or is_call:
            depth, is_bound = 0, False
            for later in islice(tokens, index + 1, None):
                depth += (later.text in _OPENING) - (later.text in _CLOSING)
                if depth < is_call or (is_bound and later.text == "," and depth == is_call):
                    break
                is_bound |= later.text == "="
                if is_bound and later.kind == NAME:
                    names.add(later.text)
                if not is_bound and not is_call and later.kind != NAME:
                    break
    return frozenset(names)
