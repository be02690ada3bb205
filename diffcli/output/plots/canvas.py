"""What every picture is drawn on: a figure in a style, as a file's bytes or in a window."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from io import BytesIO
from typing import TYPE_CHECKING

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.registry import BackendFilter, backend_registry
from matplotlib.colors import to_hex, to_rgb
from matplotlib.figure import Figure

from diffcli.output.plots.style import OWN, REPRODUCIBLE, STYLES, Canvas

if TYPE_CHECKING:
    from diffcli.output.plots.frame import Line

Paint = Callable[[Figure], None]
"""What draws into an empty figure."""

_DATES = {"png": {}, "svg": {"Date": None}, "pdf": {"CreationDate": None, "ModDate": None}}


def styles() -> list[str]:
    """Return the names of every style, the project's own first."""
    from matplotlib import style

    return [*STYLES, *style.available]


@contextmanager
def styled(name: str = OWN) -> Iterator[None]:
    """Draw in a style, whatever matplotlib is set to."""
    with mpl.rc_context():
        mpl.rcdefaults()
        if name in STYLES:
            mpl.rcParams.update(STYLES[name])  # type: ignore[arg-type]  # names of its settings
        else:
            from matplotlib import style

            style.use(name)
        mpl.rcParams.update(REPRODUCIBLE)  # type: ignore[arg-type]
        yield


@np.errstate(all="ignore")
def render(paint: Paint, canvas: Canvas) -> bytes:
    """Return a picture as the bytes of a png, svg or pdf file, the same every time."""
    with styled(canvas.style):
        figure = Figure(figsize=canvas.size)
        fill(figure, paint, canvas)
        buffer = BytesIO()
        figure.savefig(buffer, format=canvas.kind, dpi=canvas.dpi, metadata=_DATES[canvas.kind])
    return buffer.getvalue()


def show(paint: Paint, canvas: Canvas) -> None:
    """Show a picture in a window until it is closed."""
    from matplotlib import pyplot as plt

    with styled(canvas.style):
        fill(plt.figure(figsize=canvas.size), paint, canvas)
        plt.show()


# matplotlib squares lengths, and looks for places of ticks beyond both ends of an axis.
@np.errstate(all="ignore")
def fill(figure: Figure, paint: Paint, canvas: Canvas) -> None:
    """Draw a picture and its title into a figure."""
    paint(figure)
    if canvas.title:
        figure.suptitle(canvas.title, parse_math=False)


def has_windows() -> bool:
    """Whether matplotlib, as it is set up here, draws in windows."""
    interactive = backend_registry.list_builtin(BackendFilter.INTERACTIVE)  # type: ignore[no-untyped-call]
    return mpl.get_backend().lower() in interactive


def colours() -> list[str]:
    """Return the colours of the style in use, in turn."""
    return list(mpl.rcParams["axes.prop_cycle"].by_key()["color"])


def faint(axes: Axes) -> str:
    """Return the colour of what stands behind: halfway between the text and the ground."""
    red, green, blue = to_rgb(mpl.rcParams["text.color"])
    r, g, b = to_rgb(axes.get_facecolor())
    return to_hex(((red + r) / 2, (green + g) / 2, (blue + b) / 2))


def ink(line: Line, lines: Sequence[Line]) -> str:
    """Return a line's colour: by the order of one function, else by the function."""
    inks, several = colours(), len({each.output for each in lines}) > 1
    return inks[(line.output if several else line.order) % len(inks)]
