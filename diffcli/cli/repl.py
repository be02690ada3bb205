"""``diffcli repl``: the program, kept running, for one line after the other."""

from __future__ import annotations

import gc
import signal
import sys
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from importlib import import_module
from threading import Thread
from typing import Annotated, Any

from diffcli.cli import answer, commands, watchdog
from diffcli.cli.messages import say, show_error
from diffcli.cli.options import as_typed
from diffcli.engines import remote
from diffcli.errors import DiffcliError, LimitError, OutOfTimeError, UsageError
from diffcli.options import TIMEOUT
from diffcli.repl.session import Session
from diffcli.repl.words import is_open

EXAMPLES = 'diffcli repl\nprintf "%s\\n" "f(x) = x^3" "f\'(2)" | diffcli repl'

_INTERRUPTED = 130
_NEEDED = (
    "torch",
    "diffcli.engines.autograd",
    "diffcli.differentiation.checks.checker",
    "diffcli.output.table",
)
_MOST_LINES = 1_000
"""Lines of one input at most."""
_OBJECTS = 50_000
"""New ones after which garbage is looked for: what was imported is none."""


def repl(*, timeout: Annotated[float | None, as_typed(TIMEOUT)] = None) -> int:
    """Answer one line after the other, with names that last.

    The engines stay loaded, so that an answer takes milliseconds. help tells what a line may be.
    """
    if timeout is not None:
        # Ctrl-C ends what a line does, not the session: it is for the child alone.
        interrupted = signal.signal(signal.SIGINT, signal.SIG_IGN)
        watchdog.limit_time(timeout)
        signal.signal(signal.SIGINT, interrupted)
    session = Session(Interpreter())
    is_terminal = sys.stdin.isatty() and sys.stdout.isatty()
    lines = _prompted(session) if is_terminal else _joined(answer.lines_of(sys.stdin))
    remote.prepare()
    Thread(target=_load, daemon=True).start()
    code = 0
    answer.listeners.append(session.note)
    try:
        for line in lines:
            code = max(code, session.answer(line))
            if session.is_over:
                break
    finally:
        answer.listeners.remove(session.note)
    return 0 if is_terminal else code


def _prompted(session: Session) -> Iterator[str]:
    try:
        from diffcli.repl.prompt import prompted
    except ImportError as error:
        raise UsageError(
            "the prompt needs prompt_toolkit", hint="pip install 'diffcli[repl]'"
        ) from error
    return prompted(session, say)


def _load() -> None:
    """Import what the first answer needs, while it is being typed."""
    for module in _NEEDED:
        import_module(module)
    gc.freeze()
    gc.set_threshold(_OBJECTS)


def _joined(lines: Iterable[str]) -> Iterator[str]:
    """Yield lines, each with those that follow while a bracket is open."""
    text, count = "", 0
    for line in lines:
        text, count = text + line, count + 1
        if not is_open(text):
            yield text
            text, count = "", 0
        elif count >= _MOST_LINES:
            raise LimitError(f"a bracket is open for {count:,} lines", hint="close it")
    if text:
        yield text


class Interpreter:
    """The command line, which an interrupt and the end of the time leave running."""

    def run(self, typed: Sequence[str]) -> int:
        """Run a command line; return its exit code."""
        from diffcli.cli.main import run

        alarm = _Alarm()
        watchdog.limits.append(alarm.start)
        try:
            code = run(typed)
        finally:
            watchdog.limits.pop()
            alarm.stop()
        if alarm.has_rung:
            error = OutOfTimeError("the time ran out", hint="allow more with --timeout")
            self.show_error(error)
            return error.exit_code
        if code == _INTERRUPTED:
            say("interrupted")
        return code

    def names(self) -> Sequence[str]:
        """Return the names of the commands that a session has."""
        return [name for name in commands.names() if name != "repl"]

    def options(self, command: str) -> Mapping[str, bool]:
        """Return a command's options, and whether each takes a value."""
        return commands.options(command)

    def show_error(self, error: DiffcliError) -> None:
        """Write an error's message."""
        show_error(error)

    def say(self, text: str) -> None:
        """Write a remark."""
        say(text)

    def choices(self, option: str) -> Collection[str]:
        """Return the values of an option that has a few, else none."""
        return commands.choices(option)


class _Alarm:
    """Interrupts the work after its time, where to end the process would end the session."""

    def __init__(self) -> None:
        self.is_set = self.has_rung = False

    def start(self, seconds: float) -> None:
        self.is_set = True
        signal.signal(signal.SIGALRM, self._ring)
        signal.setitimer(signal.ITIMER_REAL, seconds)

    def stop(self) -> None:
        if self.is_set:
            signal.setitimer(signal.ITIMER_REAL, 0)

    def _ring(self, *_: Any) -> None:
        self.has_rung = True
        raise KeyboardInterrupt
