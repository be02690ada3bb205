"""The options that every derivative command shares, and the record that carries them."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection
from dataclasses import dataclass, fields
from difflib import get_close_matches
from functools import wraps
from pathlib import Path
from typing import Annotated, Any, get_type_hints

from typer import Argument, Option

from diffcli.errors import UsageError
from diffcli.language.tokens import variable_name
from diffcli.output.formats import FORMATS

POINTS, NUMBERS, CHECKS, OUTPUT, RUN = (
    "Points and names",
    "Numbers",
    "Checks",
    "Output",
    "Run",
)


def option(names: str, group: str, metavar: str | None, what: str, **more: Any) -> Any:
    """Return an option of all its names, without its default in the help."""
    return Option(
        *names.split(),
        help=what,
        metavar=metavar,
        rich_help_panel=group,
        show_default=False,
        **more,
    )


_FORMULAS = Argument(
    metavar="FORMULA", help="What to differentiate; - reads one a line.", show_default=False
)
_AT = "3, or x=3,y=pi/4, or x=[1,2]; several: x=1;x=2."
_FILE = "Read the formula from a file; - is standard input."
_ENGINES = "Of autograd,symbolic,enclosure; all by default."
_BUDGET = (
    "CPU seconds for the symbolic and enclosure engines (default 0.5, or DIFFCLI_CHECK_BUDGET)."
)
_FORMATS = f"{', '.join(FORMATS)}."

Formulas = Annotated[list[str] | None, _FORMULAS]
Wrt = Annotated[str | None, option("--wrt", POINTS, "NAMES", "Only these variables: x,y.")]
Order = Annotated[int, option("--order", NUMBERS, "N", "The n-th derivative.", min=1)]
Vector = Annotated[
    str | None, option("--vector", POINTS, "VECTOR", "x=1,y=-1, or [1,-1] in order.")
]
Directional = Annotated[
    str | None,
    option("--directional", POINTS, "VECTOR", "Along a vector, as long as it is: x=1,y=-1."),
]
Mode = Annotated[
    str, option("--mode", NUMBERS, "MODE", "auto, reverse (by rows), forward (by columns).")
]
Sparse = Annotated[
    bool, option("--sparse", NUMBERS, None, "Only what isn't zero by the formula's structure.")
]
At = Annotated[list[str] | None, option("--at", POINTS, "POINT", _AT)]
Points = Annotated[Path | None, option("--points", POINTS, "FILE", "From a csv or jsonl file.")]
Vars = Annotated[str | None, option("--vars", POINTS, "NAMES", "The order of the variables: y,x.")]
Let = Annotated[list[str] | None, option("--let", POINTS, "DEFINITION", "Define first: y=x+2.")]
File = Annotated[Path | None, option("--file", POINTS, "FILE", _FILE)]
Py = Annotated[str | None, option("--py", POINTS, "FILE:NAME", "A Python function of tensors.")]
Loss = Annotated[
    str | None,
    option("--loss", POINTS, "NAME", "The loss of --py's module, whose parameters vary."),
]
Inputs = Annotated[
    Path | None, option("--inputs", POINTS, "FILE", "The module's batch: an npz or pt file.")
]
Dtype = Annotated[str, option("--dtype", NUMBERS, "TYPE", "float64, float32 or complex128.")]
Device = Annotated[str, option("--device", NUMBERS, "DEVICE", "auto, cpu, cuda, cuda:1.")]
Seed = Annotated[int, option("--seed", NUMBERS, "N", "Of rand and randn, and of samples.")]
Engines = Annotated[str | None, option("--engines", CHECKS, "NAMES", _ENGINES)]
NoCheck = Annotated[bool, option("--no-check", CHECKS, None, "autograd alone.")]
Budget = Annotated[
    float,
    option("--check-budget", CHECKS, "SECONDS", _BUDGET, min=0, envvar="DIFFCLI_CHECK_BUDGET"),
]
Strict = Annotated[bool, option("--strict", CHECKS, None, "Refuse what has two readings.")]
Format = Annotated[str, option("--format", OUTPUT, "FORMAT", _FORMATS)]
Json = Annotated[bool, option("--json", OUTPUT, None, "The same as --format json.")]
Output = Annotated[Path | None, option("--output -o", OUTPUT, "FILE", "Written whole or not.")]
Digits = Annotated[int | None, option("--precision", OUTPUT, "DIGITS", "Shown; 12.", min=1)]
Quiet = Annotated[bool, option("--quiet -q", OUTPUT, None, "No readings, no warnings.")]
Verbose = Annotated[bool, option("--verbose -v", OUTPUT, None, "What each engine said.")]
Compile = Annotated[
    bool, option("--compile", RUN, None, "For very many points: compile the derivative.")
]
Timeout = Annotated[float | None, option("--timeout", RUN, "SECONDS", "Of the whole run.")]
Debug = Annotated[bool, option("--debug", RUN, None, "Show the traceback of an error.")]


@dataclass(frozen=True)
class Common:
    """What the options say that every derivative command has, as typed."""

    at: At = None
    points: Points = None
    vars: Vars = None
    let: Let = None
    file: File = None
    py: Py = None
    loss: Loss = None
    inputs: Inputs = None
    dtype: Dtype = "float64"
    device: Device = "auto"
    seed: Seed = 0
    engines: Engines = None
    no_check: NoCheck = False
    check_budget: Budget = 0.5
    strict: Strict = False
    format: Format = "table"
    json: Json = False
    output: Output = None
    precision: Digits = None
    quiet: Quiet = False
    verbose: Verbose = False
    compile: Compile = False
    timeout: Timeout = None
    debug: Debug = False


def with_common(command: Callable[..., int]) -> Callable[..., int]:
    """Give a command the options of its parameter ``common``: of Common, or of a class of it."""
    signature = inspect.signature(command, eval_str=True)
    record = signature.parameters["common"].annotation
    hints = get_type_hints(record, include_extras=True)
    taken = [field for field in fields(record) if field.init]
    first, *own = (value for name, value in signature.parameters.items() if name != "common")
    keyword = inspect.Parameter.KEYWORD_ONLY
    shared = [
        inspect.Parameter(field.name, keyword, default=field.default, annotation=hints[field.name])
        for field in taken
    ]

    @wraps(command)
    def wrapper(**given: Any) -> int:
        common = record(**{field.name: given.pop(field.name) for field in taken})
        return command(**given, common=common)

    vars(wrapper)["__signature__"] = signature.replace(parameters=[first, *shared, *own])
    return wrapper


def names(text: str | None) -> tuple[str, ...]:
    """Return the names of a list such as ``x,y``."""
    return tuple(name.strip() for name in text.split(",") if name.strip()) if text else ()


def variables(text: str | None) -> tuple[str, ...]:
    """Return the variables of a list such as ``x,β``; raises UsageError for what can't be one."""
    found = {name: variable_name(name) for name in names(text)}
    for typed, name in found.items():
        if name is None:
            raise UsageError(f"{typed!r} can't be a variable", hint="as in x, x_1, beta or β")
    return tuple(found[name] or name for name in names(text))


def one_of(value: str, choices: Collection[str], option: str) -> str:
    """Return the value if it is one of the choices; raises UsageError if not."""
    if value not in choices:
        close = get_close_matches(value, choices, n=1)
        hint = f"did you mean {close[0]}?" if close else f"there are {', '.join(choices)}"
        raise UsageError(f"{value!r} can't be given to {option}", hint=hint)
    return value
