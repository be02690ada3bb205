"""The record of a command: its help, its options, and its plan for an answer."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from diffcli.differentiation.settings import Progress, Settings, silent
from diffcli.language.function import Function
from diffcli.language.parser import parse
from diffcli.language.points import Point
from diffcli.options import COMMON, DEFAULTS, Option

if TYPE_CHECKING:
    from diffcli.output.document import Answer


class Watch(Protocol):
    """A callback for the number of steps that are done, and a note to show beside it."""

    def __call__(self, done: int, note: str = "") -> None:
        """Show it."""


@contextmanager
def _unseen(_what: str, _total: int | None) -> Iterator[Watch]:
    yield lambda done, note="": None  # noqa: ARG005  (nobody looks)


def _unsaid(_line: str) -> None:
    """Say nothing."""


def _unshown(*_: Any) -> AbstractContextManager[None]:
    return nullcontext()


@dataclass(frozen=True)
class Host:
    """Who asks, as far as a command tells them anything before the answer; by default nothing.

    ``say`` takes a remark; ``progress`` opens a bar of a study, ``points_done`` one of points;
    ``preview`` surrounds a derivation and may show what is proved first; ``rows`` are those of a
    table that the screen shows.
    """

    say: Callable[[str], None] = _unsaid
    progress: Callable[[str, int | None], AbstractContextManager[Watch]] = _unseen
    points_done: Progress = silent
    preview: Callable[..., AbstractContextManager[None]] = _unshown
    rows: int | None = None


@dataclass(frozen=True)
class Request:
    """A request: a command, formulas, and the values of options as they are typed."""

    command: str
    formulas: tuple[str, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)
    host: Host = Host()

    def __getitem__(self, option: str) -> Any:
        return self.options[option] if option in self.options else DEFAULTS[option]

    def filled(self, options: Sequence[Option]) -> Request:
        """Return the request with the defaults of a command's options."""
        defaults = {option.name: option.default for option in options}
        return replace(self, options={**defaults, **self.options})


parse_asked = partial(parse, leaves_derivative=True)
"""Reads ``d/dx x^2`` as x^2, whose derivative in x is asked for."""

Compute = Callable[[Any, Sequence[Point], Settings], "Answer"]


@dataclass(frozen=True)
class Plan:
    """How a request is answered: what is read, and what is computed from it.

    ``formulas`` and ``at`` replace those of the request; ``declared`` are names that are variables
    whatever else they might mean; ``reader`` takes what ``parse`` takes. Where ``is_code``, the
    Python function of ``--py`` takes the place of the formulas. Where ``is_complex``, the numbers
    are complex, and of the settings' dtype are their parts. With ``takes_unknowns``, a formula
    without a point may have functions that are only named.
    """

    compute: Compute
    formulas: Sequence[str] | None = None
    at: Sequence[str] | None = None
    declared: Sequence[str] = ()
    reader: Callable[..., Function] = parse
    is_code: bool = False
    is_complex: bool = False
    takes_unknowns: bool = False


@dataclass(frozen=True)
class Command:
    """A command: what its help says, its options, and its plan for a request.

    ``help`` is a page, of which ``short`` is the first sentence. Without a ``plan`` the command
    answers no requests. ``unused`` are ``common`` options that it accepts and that change nothing,
    so that its help doesn't list them. ``beside`` are the endings of files that ``-o`` writes
    beside the answer that is shown; a command that ``fills_files`` gives one answer a file. With
    ``takes_more``, what follows the first formula is no formula. ``arguments`` and ``about`` say in
    help how formulas are written and what they are.
    """

    name: str
    help: str
    examples: str
    plan: Callable[[Request], Plan] | None = None
    options: tuple[Option, ...] = ()
    common: tuple[Option, ...] = COMMON
    unused: tuple[Option, ...] = ()
    beside: tuple[str, ...] = ()
    fills_files: bool = False
    takes_more: bool = False
    arguments: str = "FORMULA"
    about: str = "Formula; - reads one a line from standard input."

    @property
    def short(self) -> str:
        """The line beside the command in the list of all."""
        first, _, _ = self.help.partition("\n\n")
        return first.partition(";")[0].removesuffix(".") + "."

    @property
    def all_options(self) -> tuple[Option, ...]:
        """The common options and its own, those without an effect hidden."""
        hidden = (
            replace(option, is_hidden=True) if option in self.unused else option
            for option in self.common
        )
        return (*hidden, *self.options)
