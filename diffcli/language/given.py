"""What a point says of a formula's names before it is read: shapes, and whole numbers.

LaTeX needs both: ``A^2`` is a matrix product where A is a matrix, ``∑_{i=1}^{n}`` has as many terms
as n says.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Given:
    """The shape of every name that has a value, and the value of those that are whole numbers."""

    shapes: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    wholes: Mapping[str, int] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.shapes)


NOTHING = Given()
