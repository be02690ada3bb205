"""Typed arguments → those that typer reads: bare formulas, formulas that begin with a minus."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Mapping, Sequence
from difflib import get_close_matches
from itertools import pairwise

from diffcli.errors import UsageError
from diffcli.options import Option

DEFAULT = "grad"
"""The command that a bare formula means."""


def rewrite(
    typed: Sequence[str],
    options: Callable[[str], Mapping[str, bool]],
    commands: Callable[[], Collection[str]],
    alone: Collection[str],
    bare: Callable[[str], Mapping[str, Option]] = lambda _: {},
    single: Callable[[str], Mapping[str, str]] = lambda _: {},
) -> list[str]:
    """Return the arguments with the command named, and everything that is no option after ``--``.

    ``commands`` names all of them; ``options`` gives a command's options, and whether each takes a
    value, ``bare`` those that may stand without one, and ``single`` the names of those that take
    one value, by their spellings; ``alone`` are those that stand without a command. Raises
    UsageError for a command mistyped.
    """
    if not typed or typed[0].partition("=")[0] in alone:
        return list(typed)
    known = commands()
    is_named = typed[0] in known
    command, rest = (typed[0], typed[1:]) if is_named else (DEFAULT, typed)
    shorts = bare(command) if is_named else {}
    rewritten = [command, *_separated(rest, options(command), command, shorts, single(command))]
    if is_named:
        return rewritten
    if typed[0].isalpha():
        is_only_formula = rewritten[-2:] == ["--", typed[0]]
        is_formula = is_only_formula and (len(typed) > 1 or _is_formula(typed[0]))
        _check_word(typed[0], known, is_formula=is_formula)
    return rewritten


_ELSEWHERE = {
    "help": "diffcli --help",
    "version": "diffcli --version",
    "schema": "diffcli --schema",
    "list": "diffcli --help",
}
"""Commands of other programs, and what to type instead."""


def _check_word(word: str, commands: Collection[str], *, is_formula: bool) -> None:
    """Refuse a word that is more likely a command mistyped than a formula."""
    close = get_close_matches(word.lower(), [*commands, *_ELSEWHERE], n=1, cutoff=0.7)
    if not close and (len(word) == 1 or is_formula):
        return
    from diffcli.language.vocabulary import formula_meant

    if not close and (meant := formula_meant(word)):
        raise UsageError(f"no command {word!r}", hint=f'did you mean diffcli {DEFAULT} "{meant}"')
    meant = f"did you mean {_ELSEWHERE.get(close[0]) or repr(close[0])}" if close else ""
    known = meant or "diffcli --help lists the commands"
    raise UsageError(
        f"no command {word!r}", hint=f"{known}; as a formula: diffcli {DEFAULT} {word}"
    )


def _is_formula(word: str) -> bool:
    """Whether a word is a formula without a doubt: a Greek letter or a constant."""
    from diffcli.language.limits import MAX_NAME
    from diffcli.language.tokens import GREEK, GREEK_NAMES
    from diffcli.language.vocabulary import CONSTANTS

    return (
        len(word) > MAX_NAME
        or word in GREEK_NAMES
        or word in CONSTANTS
        or not GREEK.keys().isdisjoint(word)
    )


_PLAIN_WORDS = {"for": "--at", "where": "--at", "from": "--range", "over": "--range"}
"""Words that people write in place of an option, and that option."""


def _check_plain_words(rest: Sequence[str], options: Mapping[str, bool], command: str) -> None:
    """Refuse an option that was typed without its dashes, as in ``diffcli grad "x^2" at 3``."""
    for word, value in pairwise(rest[1:]):
        name = f"--{word}" if f"--{word}" in options else _PLAIN_WORDS.get(word, "")
        if name not in options:
            continue
        rewrite = f"{name} A:B" if word in ("from", "over") else f"{name} {value}"
        raise UsageError(
            f"{word!r} stands where diffcli {command} reads a formula",
            hint=f"did you mean {rewrite}; as a formula: ({word})",
        )


_SIGNS = frozenset("+ - * / ^ ** = == < > <= >=".split())
"""Arguments that are no formulas: the shell cuts a formula without quotes at them."""


def _check_quotes(rest: Sequence[str], command: str) -> None:
    """Refuse a formula that the shell cut at its blanks, as in ``diffcli grad x^2 + 3``."""
    if not _SIGNS.isdisjoint(rest[1:-1]):
        raise UsageError(
            f"the formula comes in {len(rest)} parts",
            hint=f'write it in quotes: diffcli {command} "{" ".join(rest)}"',
        )


def _check_single(chosen: Sequence[tuple[str, str]], single: Mapping[str, str]) -> None:
    """Refuse an option of one value that was typed twice: the last would win in silence."""
    values: dict[str, str] = {}
    for spelling, value in chosen:
        name = single.get(spelling, "")
        if name in values:
            raise UsageError(
                f"{spelling} is typed twice: {values[name]!r} and {value!r}",
                hint=f"{spelling} takes one value: leave one of the two out",
            )
        if name:
            values[name] = value


def _separated(
    typed: Sequence[str],
    options: Mapping[str, bool],
    command: str,
    bare: Mapping[str, Option],
    single: Mapping[str, str],
) -> list[str]:
    """Return the options with their values, then ``--``, then the rest.

    Raises UsageError where a value is missing or there are two for one, an option has no dashes,
    or a formula is cut at its blanks. A short option stands alone (``-q``); whatever else begins
    with one minus is a formula.
    """
    chosen: list[str] = []
    rest: list[str] = []
    valued: list[tuple[str, str]] = []
    waiting = deque(typed)
    while waiting:
        text = waiting.popleft()
        if text == "--":
            rest.extend(waiting)
            break
        if text in bare and not (waiting and waiting[0] in bare[text].values()):
            chosen += [text, str(bare[text].bare)]
            valued.append((text, chosen[-1]))
        elif options.get(text):
            if not waiting:
                raise UsageError(f"{text} has no value", hint=f"write it after {text}")
            chosen += [text, waiting.popleft()]
            valued.append((text, chosen[-1]))
        elif text in options or (text.startswith("--") and text[2:3].isalpha()):
            chosen.append(text)
            valued.append((text.partition("=")[0], text.partition("=")[2]))
        else:
            rest.append(text)
    _check_single(valued, single)
    _check_plain_words(rest, options, command)
    _check_quotes(rest, command)
    return [*chosen, "--", *rest] if rest else chosen
