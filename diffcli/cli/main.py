"""The entry point: arguments in, exit code out, one message for every error."""

from __future__ import annotations

import gc
import os
import signal
import sys
import traceback
import warnings
from collections.abc import Sequence
from contextlib import suppress
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, NoReturn

from typer import Exit, Option, Typer, TyperException
from typer.main import get_command

from diffcli._version import __version__
from diffcli.cli.arguments import rewrite
from diffcli.cli.commands import HELP_NAMES, Program, bare_options, names, options, single_options
from diffcli.cli.messages import show_error
from diffcli.cli.warm.choice import COLD, options_of
from diffcli.engines import worker
from diffcli.errors import DiffcliError, FileError, LimitError, UsageError, is_out_of_memory

_EXAMPLES = """\
diffcli "6x^2 + 2x + 4" --at 3          the derivative, at a point
diffcli "x^2 + 3x"                      the formula alone
diffcli "u^3 + 4uv" --at u=3,v=4        a gradient
diffcli partial "x^2*y^3" x y y         a mixed partial
diffcli functions                       what a formula may use"""

app = Typer(
    cls=Program,
    rich_markup_mode=None,
    epilog=_EXAMPLES,
    context_settings={"help_option_names": HELP_NAMES, "max_content_width": 100},
)


def _version(wanted: bool) -> None:
    if wanted:
        sys.stdout.write(f"diffcli {__version__}\n")
        raise Exit


def _schema(wanted: bool) -> None:
    if wanted:
        sys.stdout.write(files("diffcli.output").joinpath("schema.json").read_text("utf-8"))
        raise Exit


@app.callback()
def _program(
    version: Annotated[
        bool, Option("--version", "-V", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
    cold: Annotated[
        bool, Option(COLD, help="Run without the warm process, if there is one.")
    ] = False,
    schema: Annotated[
        bool, Option("--schema", callback=_schema, is_eager=True, help="Show the JSON Schema.")
    ] = False,
) -> None:
    """Differentiate a formula: the derivative, its value, and proof that the value is right."""


def main() -> NoReturn:
    """Run the command line on what was typed, and exit."""
    code = completed()
    # What is written is written; to take torch and sympy apart takes a tenth of a second.
    os._exit(code)


def completed() -> int:
    """Run the command line on what was typed, write all of its output, and return the exit code."""
    # Like any filter, end silently when whoever reads the output has read enough.
    if hasattr(signal, "SIGPIPE"):
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    sys.unraisablehook = _end_if_interrupted
    _open_closed_streams()
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    # What the user should know is said by diffcli itself: a library's warnings are for developers.
    if not sys.warnoptions and "--debug" not in sys.argv:
        warnings.simplefilter("ignore")
    # Imports make a million objects that stay: to look for garbage among them only takes time.
    gc.set_threshold(1_000_000)
    worker.start()
    code = run(_without_cold(sys.argv[1:]))
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError):  # an output that can't be written has been reported by now
            stream.flush()
    return code


def _without_cold(typed: Sequence[str]) -> list[str]:
    """Return the arguments without ``--cold``, which says that this process runs them."""
    options = options_of(typed)
    return [*(text for text in options if text != COLD), *typed[len(options) :]]


def _end_if_interrupted(lost: sys.UnraisableHookArgs) -> None:
    """End where Ctrl-C came while Python was clearing up, where no exception can be raised."""
    if isinstance(lost.exc_value, KeyboardInterrupt):
        os._exit(130)
    sys.__unraisablehook__(lost)


def _open_closed_streams() -> None:
    """Read and write nothing where a standard stream is closed, lest a file or a pipe become it."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open(mode, encoding="utf-8"))  # noqa: SIM115  (to the end)


def run(typed: Sequence[str]) -> int:
    """Run one command line; return its exit code."""
    try:
        code = _run(typed or ["--help"])
        sys.stdout.flush()
    except KeyboardInterrupt:
        return 130
    except Exception as error:  # noqa: BLE001 whatever went wrong, one message says so
        if _was_interrupted(error):
            return 130
        if "--debug" in typed:
            traceback.print_exc()
        known = _known(error)
        show_error(known)
        return known.exit_code
    return code


def _was_interrupted(error: BaseException | None) -> bool:
    """Whether an interrupt is behind an error, as where it came in a function called from C."""
    while error is not None and not isinstance(error, KeyboardInterrupt):
        error = error.__cause__ or error.__context__
    return error is not None


def _known(error: Exception) -> DiffcliError:
    """Return an error in this program's words; what it doesn't know is its own defect."""
    if isinstance(error, DiffcliError):
        return error
    if isinstance(error, TyperException):
        return _usage_error(error)
    if is_out_of_memory(error):
        return LimitError("there isn't enough memory for this", hint="ask for fewer numbers")
    if isinstance(error, OSError) and error.strerror:
        return FileError(f"{error.filename or 'the output'}: {error.strerror}")
    return DiffcliError(
        f"a defect of diffcli: {type(error).__name__}: {error}", hint="--debug shows where"
    )


def _run(typed: Sequence[str]) -> int:
    program = _program_of_typer()
    alone = {*HELP_NAMES, *(option for param in program.params for option in param.opts)}
    arguments = rewrite(typed, options, names, alone, bare_options, single_options)
    code: int | None = program.main(arguments, prog_name="diffcli", standalone_mode=False)
    return code or 0


@lru_cache(1)
def _program_of_typer() -> Any:
    return get_command(app)


def _usage_error(error: TyperException) -> UsageError:
    """Return typer's own complaint in this program's words."""
    possible = getattr(error, "possibilities", None)
    context = getattr(error, "ctx", None)
    hint = f"{context.command_path} --help" if context else None
    if possible:
        hint = f"did you mean {' or '.join(sorted(possible))}?"
    message = error.message if possible else error.format_message()
    message = message.replace("Input should be", "it has to be").partition(", unable to parse")[0]
    return UsageError(message[:1].lower() + message[1:].rstrip("."), hint=hint)
