"""The exception tree. Each class owns the exit code of the command line.

DiffcliError                  1   a defect of diffcli
├── UsageError                2   an option, a name, a shape
│   ├── PointError            2   a point or range that can't be read, or doesn't fit the formula
│   └── FileError             2   a file that can't be read or written
├── FormulaError              3   the formula can't be read; knows the place
├── NoDerivativeError         4   a user's function that cuts the graph
├── DisagreementError         5   two engines that share no rules contradict each other
└── LimitError                6   too large, too deep, too long
    └── OutOfTimeError        6   the time ran out
"""

from __future__ import annotations

from typing import ClassVar


class DiffcliError(Exception):
    """Base of every error that diffcli raises on purpose.

    ``message`` states the cause; ``hint`` the remedy; ``text`` and ``column`` (0-based) show the
    place in what was typed, where there is one.
    """

    exit_code: ClassVar[int] = 1
    kind: ClassVar[str] = "defect"

    def __init__(
        self,
        message: str,
        *,
        hint: str | None = None,
        text: str | None = None,
        column: int | None = None,
        width: int = 1,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.text = text
        self.column = column
        self.width = width

    def __str__(self) -> str:
        return f"{self.message}: {self.hint}" if self.hint else self.message


class UsageError(DiffcliError):
    """What was asked for doesn't fit: an option, a name, a shape, a length."""

    exit_code = 2
    kind = "usage"


class PointError(UsageError):
    """A point or a range can't be read, or doesn't give every variable a value."""

    kind = "point"


class FileError(UsageError):
    """A file can't be read or written."""

    kind = "file"


class FormulaError(DiffcliError):
    """The formula can't be read."""

    exit_code = 3
    kind = "formula"


class NoDerivativeError(DiffcliError):
    """A user's Python function has no derivative that autograd can follow."""

    exit_code = 4
    kind = "no_derivative"


class DisagreementError(DiffcliError):
    """Two engines that share no differentiation rules contradict each other."""

    exit_code = 5
    kind = "disagreement"


class LimitError(DiffcliError):
    """The request is larger than the limits of :mod:`diffcli.language.limits`."""

    exit_code = 6
    kind = "limit"


class OutOfTimeError(LimitError):
    """The time that the user allowed ran out."""

    kind = "time"


def is_out_of_memory(error: Exception) -> bool:
    """Whether an error says that memory didn't suffice: Python's, numpy's or torch's."""
    # torch has a class of its own for a GPU's memory, and none for the processor's.
    return isinstance(error, MemoryError) or any(
        sign in str(error) for sign in ("can't allocate memory", "CUDA out of memory")
    )
