"""The prompt: completion, colour, history and lines that go on, by prompt_toolkit."""

# ruff: noqa: TID253  (whoever prompts has it, and imports this module late)
from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from prompt_toolkit import PromptSession
from prompt_toolkit.application.current import get_app
from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document
from prompt_toolkit.filters import Condition
from prompt_toolkit.formatted_text import StyleAndTextTuples
from prompt_toolkit.history import FileHistory, History, InMemoryHistory
from prompt_toolkit.lexers import Lexer
from prompt_toolkit.styles import Style

from diffcli.errors import FormulaError
from diffcli.language.catalogue import BORROWED, entries
from diffcli.language.catalogue import names as function_names
from diffcli.language.tokens import NAME, NUMBER, Token, token_at
from diffcli.language.vocabulary import CONSTANTS
from diffcli.repl.definitions import names
from diffcli.repl.session import OWN, Session
from diffcli.repl.words import is_open

_PROMPT, _GOES_ON = "∂ ", "… "
_BEGUN = re.compile(r"(?<!\S)--?[\w-]*$|[^\W\d]\w*$")
_OPTION = re.compile(r"(?<!\S)--?[A-Za-z][\w-]*")
_STYLE = Style.from_dict(
    {
        "prompt": "ansicyan bold",
        "number": "ansicyan",
        "function": "ansiblue",
        "constant": "ansimagenta",
        "defined": "ansigreen",
        "command": "bold",
        "option": "ansiyellow",
        "unreadable": "ansired",
    }
)


def prompted(session: Session, say: Callable[[str], None]) -> Iterator[str]:
    """Yield what is typed, until the end of input; ``say`` is told what can't be done."""

    @Condition
    def goes_on() -> bool:
        return is_open(get_app().current_buffer.text)

    prompt: PromptSession[str] = PromptSession(
        [("class:prompt", _PROMPT)],
        prompt_continuation=[("class:prompt", _GOES_ON)],
        multiline=goes_on,
        history=_history(say),
        completer=_Names(session),
        complete_while_typing=False,
        lexer=_Colours(session),
        style=_STYLE,
    )
    while True:
        try:
            yield prompt.prompt()
        except KeyboardInterrupt:  # at the prompt it takes the line away
            continue
        except EOFError:
            return


def _history(say: Callable[[str], None]) -> History:
    """Return what was typed before, kept in the folder for state (XDG base directories)."""
    state = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    path = Path(state, "diffcli", "history")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.open("a", encoding="utf-8").close()
    except OSError as error:
        say(f"warning: no history is kept: {path}: {error.strerror}")
        return InMemoryHistory()
    return FileHistory(path)


class _Names(Completer):
    """Completes commands, options, functions, definitions and the variables of the line."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def get_completions(
        self,
        document: Document,
        complete_event: CompleteEvent,  # noqa: ARG002  (prompt_toolkit's interface)
    ) -> Iterable[Completion]:
        match = _BEGUN.search(document.text_before_cursor)
        begun = match[0] if match else ""
        before = document.text_before_cursor.removesuffix(begun)
        for text, what in self._known(before, begun, document.text):
            if text.startswith(begun):
                yield Completion(text, start_position=-len(begun), display_meta=what)

    def _known(self, before: str, begun: str, line: str) -> Iterator[tuple[str, str]]:
        program, definitions = self._session.program, self._session.definitions
        option = next(reversed(before.split()), "")
        if choices := program.choices(option):
            yield from ((choice, "") for choice in choices)
            return
        if begun.startswith("-"):
            first = line.split(maxsplit=1)[0]
            command = first if first in program.names() else "grad"
            yield from ((option, "") for option in program.options(command))
            return
        if before.strip() in ("", "?", "help"):
            yield from ((name, "command") for name in (*program.names(), *OWN))
        yield from ((name, "defined") for name in (*definitions.values, *definitions.routines))
        for entry in entries():
            if entry.group != BORROWED:
                yield from ((name, entry.meaning) for name in entry.names)
        yield from ((name, "variable") for name in sorted(_named(line) - {begun}))


def _named(line: str) -> set[str]:
    try:
        return names([line]) - function_names()
    except FormulaError:  # half a line may be no formula yet
        return set()


class _Colours(Lexer):
    """Colours a line by the tokens of the language."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def lex_document(self, document: Document) -> Callable[[int], StyleAndTextTuples]:
        first = document.text.split(maxsplit=1)[:1]
        commands = {*first} & {*self._session.program.names(), "let", "help", "exit"}
        known = {
            **dict.fromkeys(function_names(), "class:function"),
            **dict.fromkeys(CONSTANTS, "class:constant"),
            **dict.fromkeys(self._session.definitions.values, "class:defined"),
            **dict.fromkeys(self._session.definitions.routines, "class:defined"),
        }

        def line(number: int) -> StyleAndTextTuples:
            text = document.lines[number]
            shown: StyleAndTextTuples = []
            position = 0
            while position < len(text):
                end, style = _coloured(text, position, known)
                if number == 0 and text[position:end].strip() in commands:
                    style = "class:command"
                shown.append((style, text[position:end]))
                position = end
            return shown

        return line


def _coloured(text: str, position: int, known: dict[str, str]) -> tuple[int, str]:
    """Return where the next piece of a line ends, and its style."""
    if option := _OPTION.match(text, position):
        return option.end(), "class:option"
    try:
        token: Token = token_at(text, position)
    except FormulaError:
        return position + 1, "" if text[position] in " \"'?$\\&{}" else "class:unreadable"
    styles = {NUMBER: "class:number", NAME: known.get(token.text, "")}
    return token.end, styles.get(token.kind, "")
