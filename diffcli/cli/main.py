"""The entry point: arguments in, exit code out, one message for every error."""

from __future__ import annotations

import gc
import os
import signal
import sys
import traceback
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Annotated, Any, NoReturn

from typer import Exit, Option, Typer, TyperException
from typer.main import get_command

from diffcli._version import __version__
from diffcli.cli.arguments import rewrite
from diffcli.cli.check import EXAMPLES as CHECK_EXAMPLES
from diffcli.cli.check import check
from diffcli.cli.critical import EXAMPLES as CRITICAL_EXAMPLES
from diffcli.cli.critical import critical
from diffcli.cli.derivatives import register
from diffcli.cli.descend import EXAMPLES as DESCEND_EXAMPLES
from diffcli.cli.descend import descend
from diffcli.cli.functions import functions
from diffcli.cli.graph import EXAMPLES as GRAPH_EXAMPLES
from diffcli.cli.graph import graph
from diffcli.cli.help import Command, Group
from diffcli.cli.messages import show_error
from diffcli.cli.options import with_common
from diffcli.cli.plot import EXAMPLES as PLOT_EXAMPLES
from diffcli.cli.plot import plot
from diffcli.cli.profile import EXAMPLES as PROFILE_EXAMPLES
from diffcli.cli.profile import profile
from diffcli.cli.steps import EXAMPLES as STEPS_EXAMPLES
from diffcli.cli.steps import steps
from diffcli.cli.uncertainty import EXAMPLES as UNCERTAINTY_EXAMPLES
from diffcli.cli.uncertainty import uncertainty
from diffcli.errors import DiffcliError, FileError, UsageError

_EXAMPLES = """\
diffcli "6x^2 + 2x + 4" --at 3          the derivative, at a point
diffcli "x^2 + 3x"                      the formula alone
diffcli "u^3 + 4uv" --at u=3,v=4        a gradient
diffcli partial "x^2*y^3" x y y         a mixed partial
diffcli functions                       what a formula may use"""
_HELP_NAMES = ["-h", "--help"]

app = Typer(
    cls=Group,
    rich_markup_mode=None,
    epilog=_EXAMPLES,
    context_settings={"help_option_names": _HELP_NAMES, "max_content_width": 100},
)


def _version(wanted: bool) -> None:
    if wanted:
        sys.stdout.write(f"diffcli {__version__}\n")
        raise Exit


@app.callback()
def _program(
    version: Annotated[
        bool, Option("--version", "-V", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Differentiate a formula: the derivative, its value, and proof that the value is right."""


register(app)
app.command(cls=Command, epilog="diffcli functions\ndiffcli functions sin")(functions)
app.command(cls=Command, epilog=PLOT_EXAMPLES)(plot)
app.command(cls=Command, epilog=CHECK_EXAMPLES)(with_common(check))
app.command(cls=Command, epilog=DESCEND_EXAMPLES)(with_common(descend))
app.command(cls=Command, epilog=GRAPH_EXAMPLES)(with_common(graph))
app.command(cls=Command, epilog=UNCERTAINTY_EXAMPLES)(with_common(uncertainty))
app.command(cls=Command, epilog=PROFILE_EXAMPLES)(with_common(profile))
app.command(cls=Command, epilog=STEPS_EXAMPLES)(with_common(steps))
app.command(cls=Command, epilog=CRITICAL_EXAMPLES)(with_common(critical))
app.command("analyze", cls=Command, epilog=CRITICAL_EXAMPLES, hidden=True)(with_common(critical))


def main() -> NoReturn:
    """Run the command line on what was typed, and exit."""
    # Like any filter, end silently when whoever reads the output has read enough.
    if hasattr(signal, "SIGPIPE"):
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    # Imports make a million objects that stay: to look for garbage among them only takes time.
    gc.set_threshold(1_000_000)
    code = run(sys.argv[1:])
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError):  # an output that can't be written has been reported by now
            stream.flush()
    # What is written is written; to take torch and sympy apart takes a tenth of a second.
    os._exit(code)


def run(typed: Sequence[str]) -> int:
    """Run one command line; return its exit code."""
    try:
        code = _run(typed or ["--help"])
        sys.stdout.flush()
    except KeyboardInterrupt:
        return 130
    except Exception as error:  # noqa: BLE001 whatever went wrong, one message says so
        if "--debug" in typed:
            traceback.print_exc()
        known = _known(error)
        show_error(known)
        return known.exit_code
    return code


def _known(error: Exception) -> DiffcliError:
    """Return an error in this program's words; what it doesn't know is its own defect."""
    if isinstance(error, DiffcliError):
        return error
    if isinstance(error, TyperException):
        return _usage_error(error)
    if isinstance(error, OSError) and error.strerror:
        return FileError(f"{error.filename or 'the output'}: {error.strerror}")
    return DiffcliError(
        f"a defect of diffcli: {type(error).__name__}: {error}", hint="--debug shows where"
    )


def _run(typed: Sequence[str]) -> int:
    program = get_command(app)
    commands: Mapping[str, Any] = vars(program)["commands"]
    alone = {*_HELP_NAMES, *(option for param in program.params for option in param.opts)}
    options = {name: _options(command) for name, command in commands.items()}
    code: int | None = program.main(
        rewrite(typed, options, alone), prog_name="diffcli", standalone_mode=False
    )
    return code or 0


def _options(command: Any) -> dict[str, bool]:
    """Return a command's options, and whether each takes a value."""
    options = dict.fromkeys(_HELP_NAMES, False)
    for param in command.params:
        if param.param_type_name == "option":
            options |= dict.fromkeys(param.opts, not param.is_flag)
    return options


def _usage_error(error: TyperException) -> UsageError:
    """Return typer's own complaint in this program's words."""
    possible = getattr(error, "possibilities", None)
    context = getattr(error, "ctx", None)
    hint = f"{context.command_path} --help" if context else None
    if possible:
        hint = f"did you mean {' or '.join(sorted(possible))}?"
    message = error.message if possible else error.format_message()
    return UsageError(message[:1].lower() + message[1:].rstrip("."), hint=hint)
