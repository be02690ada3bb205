"""What the API gives back: numbers to compute with, that also show themselves.

In a notebook a result is a table or a picture, in rich a renderable, printed it is the table that
the command line shows.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from diffcli.api.values import one_of
from diffcli.language.formula import Formula
from diffcli.output.report import Report
from diffcli.verdict import Check, Verdict, worst

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from rich.console import Console, ConsoleOptions
    from rich.text import Text

    from diffcli.engines.enclosure import Enclosure
    from diffcli.output.document import Answer
    from diffcli.output.plots.pictures import Picture


class Shown(ABC):
    """A result that shows itself through the output formats."""

    @abstractmethod
    def _answered(self) -> Answer:
        """Return what the command of this result answers."""

    def to(self, format: str, digits: int | None = None) -> str:  # noqa: A002  (the option's name)
        """Return it in a format of the command line: ``table plain json csv markdown latex html``.

        ``digits`` are those of a number. Raises UsageError for another format.
        """
        from diffcli.output.formats import FORMATS, View, render

        return render(one_of("format", format, FORMATS), self._answered(), View(digits=digits))

    def __str__(self) -> str:
        return self.to("table")

    def _repr_html_(self) -> str:
        from diffcli.output.formats import View
        from diffcli.output.html import fragment

        return fragment(self._answered().illustrated(None), View())

    def _repr_latex_(self) -> str:
        return self.to("latex")

    def __rich__(self) -> Drawn:
        return Drawn(self._table)

    def _table(self, columns: int, _rows: int) -> str:
        from diffcli.output.formats import View, render

        return render("table", self._answered(), View(width=columns, colour=True))


@dataclass(frozen=True)
class Drawn:
    """Text for rich, drawn when it is known for how many columns and rows."""

    draw: Callable[[int, int], str]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Text]:
        from rich.text import Text

        yield Text.from_ansi(self.draw(options.max_width, console.height))


@dataclass(frozen=True, repr=False)
class Derivative(Shown):
    """A derivative at a point: its numbers, the function's value, and how far both are proved.

    ``derivative`` is laid out as the command does: by variable (``grad partial curl``),
    a matrix with a row a formula or a variable (``jacobian hessian``), or shaped like the value
    (``jvp laplacian divergence``). Numbers are floats, or arrays or tensors of the kind that the
    point was given in; a number that doesn't exist is nan. At many points every array has the axes
    of the points first. ``report`` has everything else: a result for the point, or for each of the
    points that were answered one by one; ``answer`` makes what is shown where the command has a
    way of its own, ``figure`` the plot beside it. Without a point there are formulas alone, and
    ``value`` and ``derivative`` are None.
    """

    report: Report
    value: Any = None
    derivative: Any = None
    answer: Callable[[], Answer] | None = field(default=None, compare=False)
    figure: Callable[[], str | None] | None = field(default=None, compare=False)

    def _answered(self) -> Answer:
        from diffcli.output.answers import answer_of

        found = self.answer() if self.answer else answer_of(self.report)
        return replace(found, figure=self.figure) if self.figure else found

    @property
    def verdict(self) -> Verdict | None:
        """How far the numbers are proved: the worst of :attr:`checks`; None without a point."""
        verdicts = [result.verdict for result in self.report.results if result.at is not None]
        return worst(verdicts) if verdicts else None

    @property
    def checks(self) -> tuple[Check, ...]:
        """What every engine says of each number that was checked, point by point."""
        results = self.report.results
        return tuple(check for result in results for check in result.checks or result.value_checks)

    @property
    def symbolic(self) -> Mapping[str, Formula]:
        """The formula of each entry."""
        return self.report.results[0].symbolic

    def __getitem__(self, key: Any) -> Any:
        return self.derivative[key]

    def __iter__(self) -> Iterator[Any]:
        return iter(self.derivative)

    def __float__(self) -> float:
        numbers = self.derivative
        if isinstance(numbers, Mapping):
            (numbers,) = numbers.values()
        return float(numbers)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        """Return the numbers, one after the other where they stand by variable."""
        import numpy as np

        numbers = self.derivative
        if isinstance(numbers, Mapping):
            numbers = np.concatenate([np.ravel(_plain(number)) for number in numbers.values()])
        array = np.asarray(_plain(numbers), dtype=dtype)
        return array.copy() if copy else array

    def __repr__(self) -> str:
        if self.verdict is None:
            formulas = (
                (name, formula.text or formula.reason) for name, formula in self.symbolic.items()
            )
            return f"<{self.report.command} {', '.join(f'{n}: {text}' for n, text in formulas)}>"
        return f"<{self.report.command} {self.derivative}, {self.verdict.words}>"


def _plain(numbers: Any) -> Any:
    return numbers.detach().cpu().numpy() if hasattr(numbers, "detach") else numbers


@dataclass(frozen=True, repr=False)
class Finding(Shown):
    """What a study found: ``found`` as the study's own record, ``answer`` as its command gives it.

    ``holds`` says whether nothing disagrees.
    """

    found: Any
    answer: Callable[[], Answer] = field(compare=False)
    holds: bool = True

    def _answered(self) -> Answer:
        return self.answer()

    def __bool__(self) -> bool:
        return self.holds

    def __repr__(self) -> str:
        return str(self)


@dataclass(frozen=True, repr=False)
class Ball(Shown):
    """A number that is proved: ``digits`` of it that are certain, and an interval that holds it.

    Where there is none, ``reason`` says why.
    """

    name: str
    digits: str | None
    interval: tuple[str, str] | None
    enclosure: Enclosure = field(compare=False)

    @property
    def reason(self) -> str | None:
        """Why there is no number."""
        return self.enclosure.reason

    def _answered(self) -> Answer:
        from diffcli.output.document import Answer, Document, Table
        from diffcli.output.report import Facts

        low, high = self.interval or (None, None)
        row = (self.name, self.digits or self.reason, low, high)
        table = Table("", ("", "value", "from", "to"), (row,))
        facts = Facts(command="enclosure", expression=(self.name,), read_as=self.name, variables=())
        data = {"entry": self.name, "value": self.digits, "enclosure": self.interval}
        return Answer(facts, 0, lambda: data, lambda _: Document((table,)))

    def __float__(self) -> float:
        result = self.enclosure.nearest()
        if result is None:
            raise ValueError(self.reason or "the ball is too wide for a float")
        return result

    def __repr__(self) -> str:
        return f"<{self.name} = {self.digits or self.reason}>"


@dataclass(frozen=True, repr=False)
class Plot:
    """A plot of a formula, drawn when it is shown.

    ``chosen`` are the ranges that nobody asked for.
    """

    of: str
    picture: Picture
    title: str | None = None
    chosen: str | None = None

    def save(
        self, path: str | Path, *, size: tuple[float, float] = (8, 5), dpi: float = 200
    ) -> None:
        """Write a png, svg or pdf, as the path ends; ``size`` is in inches.

        Raises UsageError for another ending, FileError where it can't be written.
        """
        from diffcli.errors import UsageError
        from diffcli.output.files import ending, write_whole

        kind = ending(Path(path))
        if kind not in ("png", "svg", "pdf"):
            raise UsageError(f"no picture ends in .{kind}", hint="png, svg or pdf")
        write_whole(Path(path), self._drawn(kind, size, dpi))

    def _drawn(self, kind: str, size: tuple[float, float] = (8, 5), dpi: float = 100) -> bytes:
        from diffcli.output.plots.canvas import render
        from diffcli.output.plots.style import Canvas

        return render(self.picture.paint, Canvas(kind, size, dpi, title=self.title))

    def to_text(self, columns: int = 80, rows: int = 24, *, colour: bool = False) -> str:
        """Return the plot drawn with characters."""
        return self.picture.text(columns, rows, colour=colour)

    def _repr_png_(self) -> bytes:
        return self._drawn("png")

    def _repr_html_(self) -> str:
        return self._drawn("svg").decode().partition("\n")[2]

    def _repr_latex_(self) -> None:
        """Leave it to the picture."""

    def __rich__(self) -> Drawn:
        return Drawn(lambda columns, rows: self.to_text(columns, rows - 2, colour=True))

    def __repr__(self) -> str:
        return f"<plot of {self.of}>"
