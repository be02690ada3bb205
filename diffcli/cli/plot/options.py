"""The options of ``diffcli plot``, and its record."""

from __future__ import annotations

from diffcli.commands.record import Command
from diffcli.options import DEBUG, LET, QUIET, TIMEOUT, VARS, Kind, Option
from diffcli.output.plots.kinds import KINDS

_EXAMPLES = """\
diffcli plot "sin(x)"
diffcli plot "tan(x)" --range=-pi:pi -o tan.pdf
diffcli plot "x^5-5x^3+4x" --range=-2.5:2.5 --mark zeros,extrema,inflections
diffcli plot "exp(-x^2)" --orders 0,1,2 --tangent 1 -o bell.svg
diffcli plot "x^2" "x^3" --range=-2:2 --data powers.csv
diffcli plot "x^2 - y^2" --range x=-2:2,y=-2:2 --kind surface -o saddle.png
diffcli plot "[cos t, sin 2t]" -o figure.svg
diffcli plot "sin(10x)" --layout stacked -o waves.png
diffcli plot "1/(1+x^2)" --log xy -o decay.png
diffcli plot "a*sin(x)*exp(-x/5)" --slider a=0:2 -o wave.html
diffcli plot "x^3 + y^3 = 3x*y" --mark horizontal,vertical,crossings
diffcli plot "x^2 + y^2 <= 25 and y >= x" -o sector.svg"""

PAGE, MOVING = "html", ("gif", "mp4")
FORMATS = ("png", "svg", "pdf", PAGE, *MOVING)
"""The endings of files; a page computes by itself, and a gif and an mp4 move."""
LOG_AXES = ("x", "y", "xy")
LAYOUTS = ("auto", "overlay", "twin", "stacked")
MARKS = ("zeros", "extrema", "inflections", "poles", "kinks")
CURVE_MARKS = ("horizontal", "vertical", "crossings", "cusps", "isolated")

_PLOT, _ON, _FILE = "What is drawn", "On the lines", "Where it goes"


RANGE = Option(
    "range", Kind.TEXT, "Range to plot over: -pi:pi, or x=-1:1,y=0:2.", metavar="A:B", group=_PLOT
)
Y_RANGE = Option(
    "y_range", Kind.TEXT, "Range of the values that are shown.", metavar="A:B", group=_PLOT
)
ORDERS = Option(
    "orders",
    Kind.NAMES,
    "Orders of the derivatives to draw (default 0,1).",
    default="0,1",
    metavar="LIST",
    group=_PLOT,
)
KIND = Option(
    "kind", Kind.TEXT, "Kind of plot: {choices}.", metavar="KIND", group=_PLOT, choices=tuple(KINDS)
)
SLIDER = Option(
    "slider",
    Kind.TEXTS,
    "Move a variable by a slider in a page, -o plot.html: a=0:2.",
    metavar="A:B",
    group=_PLOT,
)
EQUAL = Option(
    "equal",
    Kind.FLAG,
    "Draw lines with the same scale on both axes, as curves are anyway.",
    default=False,
    group=_PLOT,
)
ANIMATE = Option(
    "animate",
    Kind.TEXT,
    "Move a variable in the terminal, or in a file, -o plot.gif or plot.mp4: a=0:2; that of the "
    "line, x=-2:2, moves a tangent.",
    metavar="X=A:B",
    group=_PLOT,
)
LAYOUT = Option(
    "layout",
    Kind.TEXT,
    "Where derivatives stand: {choices}. auto gives them an axis of their own where their size "
    "differs from the function's by more than twenty times.",
    default="auto",
    metavar="NAME",
    group=_PLOT,
    choices=LAYOUTS,
)
LOG = Option(
    "log",
    Kind.TEXT,
    "Logarithmic axes: {choices}; y where nothing is said.",
    metavar="AXES",
    group=_PLOT,
    choices=LOG_AXES,
    bare="y",
)
SYMLOG = Option(
    "symlog",
    Kind.FLAG,
    "Draw the values by their logarithms on both sides of 0.",
    default=False,
    group=_PLOT,
)
FAMILY = Option(
    "family",
    Kind.TEXT,
    "Draw a line for each value of a variable: a=0.5,1,2.",
    metavar="X=A,..",
    group=_PLOT,
)
TITLE = Option("title", Kind.TEXT, "Title above the plot.", metavar="TEXT", group=_PLOT)
MARK = Option(
    "mark",
    Kind.NAMES,
    f"What to mark: {','.join(MARKS)}; of an equation {','.join(CURVE_MARKS)}; or none.",
    metavar="LIST",
    group=_ON,
)
TANGENT = Option(
    "tangent",
    Kind.TEXT,
    "Draw the tangents there: 1,2; of an equation at its points: 3,4;-3,4.",
    metavar="X,..",
    group=_ON,
)
NORMAL = Option("normal", Kind.TEXT, "Draw the normals there.", metavar="X,..", group=_ON)
DOTS = Option(
    "at",
    Kind.TEXT,
    "Draw dots at these points; of several variables, hold those that are named: T=3.",
    metavar="X,..",
    group=_ON,
)
FILL = Option("fill", Kind.FLAG, "Shade what lies between f and 0.", default=False, group=_ON)
PROVED = Option(
    "proved",
    Kind.FLAG,
    "Shade the proved enclosure of f: bounds that hold all of its values on every stretch.",
    default=False,
    group=_ON,
)
PICTURE = Option(
    "output",
    Kind.FILE,
    "Write the plot to this png, svg, pdf, gif or mp4 file, or to a live html page.",
    metavar="FILE",
    group=_FILE,
    flags=("--output", "-o"),
)
DATA = Option(
    "data",
    Kind.FILE,
    "Write the samples to this csv file; - is standard output.",
    metavar="FILE",
    group=_FILE,
)
TERM = Option("term", Kind.FLAG, "Draw in the terminal.", default=False, group=_FILE)
SHOW = Option("show", Kind.FLAG, "Draw in a window.", default=False, group=_FILE)
SIZE = Option(
    "size",
    Kind.TEXT,
    "Width and height in inches (default 8x5).",
    default="8x5",
    metavar="WxH",
    group=_FILE,
)
DPI = Option(
    "dpi",
    Kind.REAL,
    "Pixels an inch of a png (default 200).",
    default=200,
    metavar="N",
    group=_FILE,
)
STYLE = Option(
    "style",
    Kind.TEXT,
    "Style of the plot: diffcli (default), diffcli-dark, or one of matplotlib's.",
    default="diffcli",
    metavar="NAME",
    group=_FILE,
)


COMMAND = Command(
    "plot",
    help="""Plot a function and its derivative, broken at poles, jumps and the edges of the domain.

Two variables make contours with the gradient, [x(t), y(t)] a curve as do [x(t), y(t), z(t)] in
space and r = r(theta) in polar coordinates, [u(x,y), v(x,y)] a field
of arrows; an equation makes a curve, and a condition a region, each cell proved. Without -o,
--show, --term or --data it is drawn in a window if there is a screen, else in the terminal.""",
    examples=_EXAMPLES,
    options=(
        *(RANGE, Y_RANGE, ORDERS, KIND, SLIDER, FAMILY, ANIMATE),
        *(LAYOUT, EQUAL, LOG, SYMLOG, TITLE),
        *(MARK, TANGENT, NORMAL, DOTS, FILL, PROVED),
        *(PICTURE, DATA, TERM, SHOW, SIZE, DPI, STYLE),
        *(VARS, LET, QUIET, TIMEOUT, DEBUG),
    ),
    common=(),
)
