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

_POINTS, _NUMBERS, _CHECKS, _OUTPUT, _RUN = (
    "Points and names",
    "Numbers",
    "Checks",
    "Output",
    "Run",
)


def _option(names: str, group: str, metavar: str | None, what: str, **more: Any) -> Any:
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
_BUDGET = "Of processor time, for formula and enclosure; 0.5."
_FORMATS = f"{', '.join(FORMATS)}."

Formulas = Annotated[list[str] | None, _FORMULAS]
Wrt = Annotated[str | None, _option("--wrt", _POINTS, "NAMES", "Only these variables: x,y.")]
Order = Annotated[int, _option("--order", _NUMBERS, "N", "The n-th derivative.", min=1)]
Vector = Annotated[
    str | None, _option("--vector", _POINTS, "VECTOR", "x=1,y=-1, or [1,-1] in order.")
]
Directional = Annotated[
    str | None,
    _option("--directional", _POINTS, "VECTOR", "Along a vector, as long as it is: x=1,y=-1."),
]
Mode = Annotated[
    str, _option("--mode", _NUMBERS, "MODE", "auto, reverse (by rows), forward (by columns).")
]
Sparse = Annotated[
    bool, _option("--sparse", _NUMBERS, None, "Only what isn't zero by the formula's structure.")
]
At = Annotated[list[str] | None, _option("--at", _POINTS, "POINT", _AT)]
Points = Annotated[Path | None, _option("--points", _POINTS, "FILE", "From a csv or jsonl file.")]
Vars = Annotated[
    str | None, _option("--vars", _POINTS, "NAMES", "The order of the variables: y,x.")
]
Let = Annotated[list[str] | None, _option("--let", _POINTS, "DEFINITION", "Define first: y=x+2.")]
File = Annotated[Path | None, _option("--file", _POINTS, "FILE", _FILE)]
Py = Annotated[str | None, _option("--py", _POINTS, "FILE:NAME", "A Python function of tensors.")]
Dtype = Annotated[str, _option("--dtype", _NUMBERS, "TYPE", "float64, float32 or complex128.")]
Device = Annotated[str, _option("--device", _NUMBERS, "DEVICE", "auto, cpu, cuda, cuda:1.")]
Seed = Annotated[int, _option("--seed", _NUMBERS, "N", "Of rand and randn, and of samples.")]
Engines = Annotated[str | None, _option("--engines", _CHECKS, "NAMES", _ENGINES)]
NoCheck = Annotated[bool, _option("--no-check", _CHECKS, None, "autograd alone.")]
Budget = Annotated[float, _option("--check-budget", _CHECKS, "SECONDS", _BUDGET, min=0)]
Strict = Annotated[bool, _option("--strict", _CHECKS, None, "Refuse what has two readings.")]
Format = Annotated[str, _option("--format", _OUTPUT, "FORMAT", _FORMATS)]
Json = Annotated[bool, _option("--json", _OUTPUT, None, "The same as --format json.")]
Output = Annotated[Path | None, _option("--output -o", _OUTPUT, "FILE", "Written whole or not.")]
Digits = Annotated[int | None, _option("--precision", _OUTPUT, "DIGITS", "Shown; 12.", min=1)]
Quiet = Annotated[bool, _option("--quiet -q", _OUTPUT, None, "No readings, no warnings.")]
Verbose = Annotated[bool, _option("--verbose -v", _OUTPUT, None, "What each engine said.")]
Compile = Annotated[
    bool, _option("--compile", _RUN, None, "For very many points: compile the derivative.")
]
Timeout = Annotated[float | None, _option("--timeout", _RUN, "SECONDS", "Of the whole run.")]
Debug = Annotated[bool, _option("--debug", _RUN, None, "Show the traceback of an error.")]


@dataclass(frozen=True)
class Common:
    """What the options say that every derivative command has, as typed."""

    at: At = None
    points: Points = None
    vars: Vars = None
    let: Let = None
    file: File = None
    py: Py = None
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
    """Give a command the options of Common in place of its parameter ``common``."""
    hints = get_type_hints(Common, include_extras=True)
    signature = inspect.signature(command, eval_str=True)
    first, *own = (value for name, value in signature.parameters.items() if name != "common")
    keyword = inspect.Parameter.KEYWORD_ONLY
    shared = [
        inspect.Parameter(field.name, keyword, default=field.default, annotation=hints[field.name])
        for field in fields(Common)
    ]

    @wraps(command)
    def wrapper(**given: Any) -> int:
        common = Common(**{field.name: given.pop(field.name) for field in fields(Common)})
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
