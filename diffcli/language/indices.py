"""Names that are bound in a text: the indices of sums and products, and what stands in bounds."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

from diffcli.language.limits import MAX_DEPTH
from diffcli.language.tokens import NAME, Token

_OPENING, _CLOSING, _ENDS = frozenset("([{"), frozenset(")]}"), frozenset({"..", ",", ";", "="})


def has_range(tokens: Sequence[Token], place: int) -> bool:
    """Whether the name before ``=`` has a range, ``i=1..5``: it is bound, not defined."""
    depth = 0
    for later in range(place + 2, len(tokens)):
        text = tokens[later].text
        depth += (text in _OPENING) - (text in _CLOSING)
        if not 0 <= depth <= MAX_DEPTH or (depth == 0 and text in _ENDS):
            return text == ".."
    return False


def in_bounds(tokens: Sequence[Token]) -> frozenset[str]:
    """Return the names in the bounds of sums and products over an index."""
    found: set[str] = set()
    for place, token in enumerate(tokens):
        is_call = token.text in ("sum", "prod") and tokens[place + 1].text == "("
        if token.text in ("∑", "∏") or is_call:
            depth, is_bound = 0, False
            for later in islice(tokens, place + 1, None):
                depth += (later.text in _OPENING) - (later.text in _CLOSING)
                if depth < is_call or (is_bound and later.text == "," and depth == is_call):
                    break
                is_bound |= later.text == "="
                if is_bound and later.kind == NAME:
                    found.add(later.text)
                if not is_bound and not is_call and later.kind != NAME:
                    break
    return frozenset(found)
