"""What the numbers of an answer say together, in words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from diffcli.output.text import number, numbers


def analysis_text(analysis: Mapping[str, Any], digits: int | None) -> str:
    """Return ``eigenvalues [1, 3], positive definite``."""
    return ", ".join(
        words(analysis[key], digits) for key, words in _WORDS.items() if key in analysis
    )


_WORDS: Mapping[str, Callable[[Any, int | None], str]] = {
    "rank": lambda rank, _: f"rank {rank}",
    "determinant": lambda value, digits: f"determinant {number(value, digits)}",
    "condition": lambda value, digits: (
        "singular" if value is None else f"condition number {number(value, digits)}"
    ),
    "eigenvalues": lambda values, digits: f"eigenvalues {numbers(values, digits)}",
    "definiteness": lambda word, _: str(word),
    "critical_point": lambda kind, _: f"a critical point: {kind}",
    "entries": lambda count, _: f"{count:,} entries may differ from zero",
    "products": lambda count, _: f"{count:,} product{'s' if count != 1 else ''} with vectors",
}
"""How each part is said, in order."""
