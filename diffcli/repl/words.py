"""A line → words. Quotes are the shell's, but operators and brackets hold a formula together."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from diffcli.errors import UsageError

_WORD = re.compile(
    r"""'(?P<single>[^']*)'(?!\S) | (?P<plain> (?: "[^"]*" | [^\s"] )+ )""", re.VERBOSE
)
_GOES_ON = (*"+*/^%@<>=,;:)]}", "!=")
"""Signs that no formula begins with."""
_UNFINISHED = (*"+-*/^%@<>=,;([{", " and", " or", " not", " if", " else")
"""Signs and words that no formula ends with."""

_DIFFERENTIAL = re.compile(
    r"(?:.*[\s(+*-])?(?:d|∂)(?:\^\d+|[²³])?/(?:d|∂)[^\W\d]\w*(?:\^\d+|[²³])?"
)
"""The operator before a formula: d/dx, d^2/dx^2."""


class Word(NamedTuple):
    """A word of a line, without its quotes."""

    text: str
    is_quoted: bool = False


class Line(NamedTuple):
    """The words of a line that are options, with their values, and the others."""

    options: tuple[str, ...]
    others: tuple[Word, ...]

    @property
    def formula(self) -> tuple[str, ...]:
        """The others as one formula, unless quotes part them."""
        if any(word.is_quoted for word in self.others):
            return self.arguments
        return (" ".join(word.text for word in self.others),) if self.others else ()

    @property
    def arguments(self) -> tuple[str, ...]:
        """The others as arguments: what one formula can't begin or end with joins its words."""
        joined: list[Word] = []
        for word in self.others:
            before = joined[-1] if joined else None
            if before and not (before.is_quoted or word.is_quoted) and _belong(before, word):
                joined[-1] = Word(f"{before.text} {word.text}")
            else:
                joined.append(word)
        return tuple(word.text for word in joined)


def words(line: str) -> list[Word]:
    """Cut a line into words. Raises UsageError where a quote isn't closed."""
    offered: list[Word] = []
    position = len(line) - len(line.lstrip())
    while position < len(line):
        match = _WORD.match(line, position)
        if match is None:
            raise UsageError("a quote isn't closed", hint='write "…"')
        single, plain = match["single"], match["plain"]
        if single is None:
            offered.append(Word(plain.replace('"', ""), '"' in plain))
        else:
            offered.append(Word(single, is_quoted=True))
        position = match.end()
        position += len(line[position:]) - len(line[position:].lstrip())
    return offered


def separated(line: Iterable[Word], options: Mapping[str, bool]) -> Line:
    """Part the options from the rest; ``options`` says which there are, and which take a value.

    Raises UsageError where a value is missing.
    """
    chosen: list[str] = []
    others: list[Word] = []
    waiting = iter(line)
    for word in waiting:
        is_long = word.text.startswith("--") and word.text[2:3].isalpha()
        if word.is_quoted or not (word.text in options or is_long):
            others.append(word)
            continue
        chosen.append(word.text)
        if options.get(word.text):
            value = next(waiting, None)
            if value is None:
                raise UsageError(f"{word.text} has no value", hint=f"write it after {word.text}")
            chosen.append(value.text)
    return Line(tuple(chosen), tuple(others))


def is_open(text: str) -> bool:
    """Whether a bracket or a quote still has to be closed, so that the text goes on."""
    try:
        words(text)
    except UsageError:
        return True
    return _depth(text) > 0


def _depth(text: str) -> int:
    return sum((char in "([{") - (char in ")]}") for char in text)


def _belong(left: Word, right: Word) -> bool:
    ends = f" {left.text}".endswith(_UNFINISHED) or _depth(left.text) > 0
    ends = ends or _DIFFERENTIAL.fullmatch(left.text) is not None
    goes_on = right.text in ("-", "and", "or", "if", "else")
    return ends or goes_on or right.text.startswith(_GOES_ON)
