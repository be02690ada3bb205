"""A session of the prompt without the program behind it."""

from __future__ import annotations

from collections.abc import Sequence

from diffcli.cli import repl
from diffcli.errors import DiffcliError


class Recorder(repl.Interpreter):
    """Takes the place of the program: keeps what it would have run, and the errors."""

    def __init__(self) -> None:
        self.ran: list[list[str]] = []
        self.errors: list[DiffcliError] = []

    def run(self, typed: Sequence[str]) -> int:
        self.ran.append(list(typed))
        return 0

    def show_error(self, error: DiffcliError) -> None:
        self.errors.append(error)
