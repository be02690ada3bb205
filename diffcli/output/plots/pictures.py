"""What is asked of a plot, what a kind of plot is, and the picture that it makes of a Function."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from diffcli.language.expression import Node
from diffcli.language.function import Function
from diffcli.studies.curves.breaks import Floats
from diffcli.studies.curves.features import Feature
from diffcli.studies.curves.line import Range
from diffcli.studies.relations.notable import NotableKind

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Ends = tuple[float, float]


@dataclass(frozen=True)
class Request:
    """What a plot is to show; ranges by variable, None where the function is to decide.

    ``features`` None marks a few quietly. ``at``, ``tangents`` and ``normals`` are values of the
    one variable. ``notable`` is what is marked on curves, ``touching`` are points of tangents.
    """

    kind: str | None = None
    orders: tuple[int, ...] = (0, 1)
    ranges: Mapping[str, Ends] = field(default_factory=dict)
    y_range: Ends | None = None
    features: Sequence[Feature] | None = None
    tangents: Sequence[Node] = ()
    normals: Sequence[Node] = ()
    at: Sequence[float] = ()
    notable: Sequence[NotableKind] = ()
    touching: Sequence[Mapping[str, Node]] = ()
    fill: bool = False
    log: str = ""
    symlog: bool = False
    layout: str = "auto"
    family: Sequence[str] = ()
    proved: bool = False
    equal: bool = False

    @property
    def on_curves(self) -> list[str]:
        """What is asked for that only the curves of equations have."""
        asked = {"mark": self.notable, "tangent": self.touching}
        return [option for option, value in asked.items() if value]

    @property
    def on_lines(self) -> list[str]:
        """What is asked for that only lines have, as options of the command line."""
        asked = {
            "mark": self.features is not None,
            "tangent": self.tangents,
            "normal": self.normals,
            "at": self.at,
            "fill": self.fill,
            "proved": self.proved,
            "log": self.log,
            "symlog": self.symlog,
            "family": self.family,
            "y-range": self.y_range,
        }
        return [option for option, value in asked.items() if value]


class Picture(ABC):
    """A plot, knowing nothing of where it goes."""

    @abstractmethod
    def paint(self, figure: Figure) -> None:
        """Draw into an empty matplotlib figure, within a style."""

    @abstractmethod
    def text(self, columns: int, rows: int, *, colour: bool) -> str:
        """Return the plot drawn with characters, to fit a terminal."""

    @abstractmethod
    def columns(self) -> Iterator[tuple[str, Floats]]:
        """Yield every column of the samples, with its heading; nan is no value."""


@dataclass(frozen=True)
class PlotPlan:
    """A picture, the ranges that were chosen for it, as they are typed, and what is said of it."""

    picture: Picture
    chosen: str | None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class PlotKind:
    """A kind of plot.

    ``suits`` returns how well it shows a Function of one or two variables: 0 not at all, 2 where it
    is the usual one. ``compose`` samples the Function and lays out its picture.
    """

    suits: Callable[[Function], int]
    compose: Callable[[Function, Request], PlotPlan]
    takes_marks: bool = False
    """Whether it takes the options of lines."""
    takes: frozenset[str] = frozenset()
    """The options of lines that it takes, if not all."""
    takes_curves: bool = False
    """Whether it takes those of an equation's curve."""


def chosen(ranges: Sequence[Range]) -> str | None:
    """Return the ranges that the function decided, as they are typed."""
    return ",".join(each.text for each in ranges) or None
