"""The options of all commands: one record each, which every way to ask reads alike.

The command line, its help and its completion, the JSON requests and the repl follow from an
option's record. A command's own options stand with the command.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from enum import Enum, auto
from importlib import import_module
from types import MappingProxyType
from typing import Any

from diffcli.errors import UsageError


class Kind(Enum):
    """How the value of an option is written."""

    TEXT = auto()
    NAMES = auto()
    """Names between commas; in JSON also a list."""
    TEXTS = auto()
    """Texts, for each of which the option is repeated; in JSON also a list."""
    POINTS = auto()
    VECTOR = auto()
    WHOLE = auto()
    REAL = auto()
    FLAG = auto()
    FILE = auto()


POINTS, NUMBERS, CHECKS, OUTPUT, RUN, OWN = (
    *("Points and names", "Numbers", "Checks", "Output", "Run", "Options"),
)
"""The sections of a help page."""


@dataclass(frozen=True)
class Option:
    """One option: its name, which is its key in a JSON request, and all that is said of it.

    ``flags`` are its spellings on the command line, ``--name`` unless given. ``least`` and ``most``
    bound a number. ``choices`` are its values, or a reference ``module:NAME`` to them; ``help``
    names them where it says ``{choices}``.
    ``environment`` is a variable that gives a default. An option that ``is_local`` is about the
    files and the screen of a command line, so that no request has it; one that ``is_hidden`` is
    accepted by the command line and not listed. One that is typed without a value stands for
    ``bare``, which is one of its choices.
    """

    name: str
    kind: Kind
    help: str
    default: Any = None
    metavar: str | None = None
    group: str = OWN
    flags: tuple[str, ...] = ()
    least: float | None = None
    most: float | None = None
    choices: str | tuple[str, ...] = ()
    environment: str | None = None
    is_local: bool = False
    is_hidden: bool = False
    bare: str | None = None

    @property
    def spellings(self) -> tuple[str, ...]:
        """The option as it is typed: ``--check-budget``."""
        return self.flags or (f"--{self.name.replace('_', '-')}",)

    def values(self) -> Collection[str]:
        """Return the values that the option may have, where they are few."""
        if isinstance(self.choices, tuple):
            return self.choices
        module, _, name = self.choices.partition(":")
        return tuple(getattr(import_module(module), name))

    @property
    def described(self) -> str:
        """What help says of the option."""
        has_choices = "{choices}" in self.help
        return self.help.format(choices=", ".join(self.values())) if has_choices else self.help


AT = Option(
    "at",
    Kind.POINTS,
    "Point to differentiate at: 3, or x=3,y=pi/4, or x=[1,2]; several: x=1;x=2.",
    metavar="POINT",
    group=POINTS,
)
POINTS_FILE = Option(
    "points",
    Kind.FILE,
    "Read the points from this csv, jsonl or Parquet file.",
    metavar="FILE",
    group=POINTS,
    is_local=True,
)
VARS = Option(
    "vars", Kind.NAMES, "Order of the variables, as in y,x.", metavar="NAMES", group=POINTS
)
LET = Option(
    "let",
    Kind.TEXTS,
    "Define a name that the formula uses, as in y=x+2.",
    metavar="DEFINITION",
    group=POINTS,
)
SHAPES = Option(
    "shapes",
    Kind.TEXT,
    "Shapes of variables without a value, as in X=(m,n),w=n,s=(); lengths may have names.",
    metavar="SHAPES",
    group=POINTS,
)
ASSUME = Option(
    "assume",
    Kind.TEXT,
    "What is known of matrices: A symmetric, S posdef, D diagonal, Q orthogonal.",
    metavar="FACTS",
    group=POINTS,
)
FILE = Option(
    "file",
    Kind.FILE,
    "Read the formula from this file; - is standard input.",
    metavar="FILE",
    group=POINTS,
    is_local=True,
)
PY = Option(
    "py",
    Kind.TEXT,
    "Differentiate this Python function of tensors instead of a formula.",
    metavar="FILE:NAME",
    group=POINTS,
    is_local=True,
)
LOSS = Option(
    "loss",
    Kind.TEXT,
    "Loss of the module of --py, whose parameters are the variables.",
    metavar="NAME",
    group=POINTS,
    is_local=True,
)
INPUTS = Option(
    "inputs",
    Kind.FILE,
    "Batch of the module of --py: an npz or pt file.",
    metavar="FILE",
    group=POINTS,
    is_local=True,
)
CODE = (PY, LOSS, INPUTS)
"""The options of code in place of a formula."""
DTYPE = Option(
    "dtype",
    Kind.TEXT,
    "Type of the numbers: float64 (default), float32 or complex128; of code also "
    "float16, bfloat16.",
    default="float64",
    metavar="TYPE",
    group=NUMBERS,
    choices=("float64", "float32", "complex128", "float16", "bfloat16"),
)
DEVICE = Option(
    "device",
    Kind.TEXT,
    "Device that computes: auto (default), cpu, cuda, cuda:1.",
    default="auto",
    metavar="DEVICE",
    group=NUMBERS,
)
SEED = Option(
    "seed",
    Kind.WHOLE,
    "Seed of rand, randn and of random samples (default 0).",
    default=0,
    metavar="N",
    group=NUMBERS,
)
ENGINES = Option(
    "engines",
    Kind.NAMES,
    "Engines that take part, of autograd,symbolic,enclosure (default all).",
    metavar="NAMES",
    group=CHECKS,
)
NO_CHECK = Option(
    "no_check",
    Kind.FLAG,
    "Compute by autograd alone; no number is checked.",
    default=False,
    group=CHECKS,
)
CHECK_BUDGET = Option(
    "check_budget",
    Kind.REAL,
    "CPU seconds for the symbolic and enclosure engines (default 0.5, for code 60, or "
    "DIFFCLI_CHECK_BUDGET).",
    metavar="SECONDS",
    group=CHECKS,
    least=0,
    environment="DIFFCLI_CHECK_BUDGET",
)
STRICT = Option(
    "strict",
    Kind.FLAG,
    "Refuse a formula that has two readings.",
    default=False,
    group=CHECKS,
)
FORMAT = Option(
    "format",
    Kind.TEXT,
    "Format of the answer (default table, or that of the ending of -o's file): {choices}.",
    metavar="FORMAT",
    group=OUTPUT,
    choices="diffcli.output.formats:FORMATS",
    is_local=True,
)
JSON = Option(
    "json",
    Kind.FLAG,
    "Write the answer as JSON; the same as --format json.",
    default=False,
    group=OUTPUT,
    is_local=True,
)
OUTPUT_FILE = Option(
    "output",
    Kind.FILE,
    "Write to this file, in the format of its ending; it is replaced only when complete.",
    metavar="FILE",
    group=OUTPUT,
    flags=("--output", "-o"),
    is_local=True,
)
PRECISION = Option(
    "precision",
    Kind.WHOLE,
    "Significant digits to show (default 12); beyond 17 they are proved ones.",
    metavar="DIGITS",
    group=OUTPUT,
    least=1,
)
QUIET = Option(
    "quiet",
    Kind.FLAG,
    "Show no readings and no warnings.",
    default=False,
    group=OUTPUT,
    flags=("--quiet", "-q"),
    is_local=True,
)
VERBOSE = Option(
    "verbose",
    Kind.FLAG,
    "Show what every engine says of every number.",
    default=False,
    group=OUTPUT,
    flags=("--verbose", "-v"),
    is_local=True,
)
COMPILE = Option(
    "compile",
    Kind.FLAG,
    "Compile the derivative, which pays for very many points.",
    default=False,
    group=RUN,
    is_local=True,
)
TIMEOUT = Option(
    "timeout",
    Kind.REAL,
    "Stop after this many seconds, with exit code 6.",
    metavar="SECONDS",
    group=RUN,
    is_local=True,
)
DEBUG = Option(
    "debug", Kind.FLAG, "Show the traceback of an error.", default=False, group=RUN, is_local=True
)
COMMON: tuple[Option, ...] = (
    AT, POINTS_FILE, VARS, LET, FILE, *CODE, DTYPE, DEVICE, SEED, ENGINES, NO_CHECK, CHECK_BUDGET,
    STRICT, FORMAT, JSON, OUTPUT_FILE, PRECISION, QUIET, VERBOSE, COMPILE, TIMEOUT, DEBUG,
)  # fmt: skip
"""The options that every command of formulas has."""
OF_DERIVATIVES: tuple[Option, ...] = (*CODE, COMPILE)
"""Those of the derivatives of code, and of very many points: most studies have no use for them."""
OF_POINTS: tuple[Option, ...] = (AT, POINTS_FILE, DTYPE, DEVICE, ENGINES, NO_CHECK)
"""Those of numbers at points: a study over a box, or of formulas alone, has no use for them."""
DEFAULTS: Mapping[str, Any] = MappingProxyType({option.name: option.default for option in COMMON})

WRT = Option(
    "wrt",
    Kind.NAMES,
    "Variables to differentiate in, as in x,y (default all); of a module with --py also parameters "
    "or layers, as in 0.bias,head.",
    metavar="NAMES",
    group=POINTS,
)
ORDER = Option(
    "order",
    Kind.WHOLE,
    "Order of the derivative (default 1).",
    default=1,
    metavar="N",
    group=NUMBERS,
    least=1,
)
CERTIFICATE = Option(
    "certificate",
    Kind.FILE,
    "Write what is claimed to this file, for python -m diffcli_certificate to prove again.",
    metavar="FILE",
    group=OUTPUT,
    is_local=True,
)


def names(text: str | None) -> tuple[str, ...]:
    """Return the names of a list such as ``x,y``."""
    return tuple(name.strip() for name in text.split(",") if name.strip()) if text else ()


def variables(text: str | None) -> tuple[str, ...]:
    """Return the variables of a list such as ``x,β``. Raises UsageError for any other name."""
    from diffcli.language.tokens import variable_name

    known = {name: variable_name(name) for name in names(text)}
    for typed, name in known.items():
        if name is None:
            raise UsageError(f"{typed!r} can't be a variable", hint="as in x, x_1, beta or β")
    return tuple(known[name] or name for name in names(text))


def one_of(value: str, choices: Collection[str], option: str) -> str:
    """Return the value if it is one of the choices. Raises UsageError if not."""
    if value not in choices:
        close = get_close_matches(value, choices, n=1)
        hint = f"did you mean {close[0]}?" if close else f"there are {', '.join(choices)}"
        raise UsageError(f"{value!r} can't be given to {option}", hint=hint)
    return value
