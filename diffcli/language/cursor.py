"""A place in a text's tokens, and the errors that show it."""

from __future__ import annotations

from collections.abc import Iterator

from diffcli.errors import DiffcliError, FormulaError
from diffcli.language.limits import MAX_DEPTH
from diffcli.language.tokens import END, NAME, SIGN, Token

_OPENING, _CLOSING = frozenset("([{⌊⌈"), frozenset(")]}⌋⌉")


class Cursor:
    """Walks over the tokens of one text."""

    def __init__(self, text: str, tokens: list[Token]) -> None:
        self.text, self.tokens = text, tokens
        self.position = 0

    @property
    def token(self) -> Token:
        """The current token."""
        return self.tokens[self.position]

    def peek(self, offset: int = 1) -> Token:
        """Return a token near the current one; beyond the ends, the first or the last."""
        return self.tokens[min(max(self.position + offset, 0), len(self.tokens) - 1)]

    def advance(self) -> Token:
        """Return the current token and go on; the end stays the end."""
        token = self.tokens[self.position]
        self.position += token.kind != END
        return token

    def at(self, *signs: str) -> bool:
        """Whether the current token is one of these signs or words."""
        token = self.tokens[self.position]
        return token.text in signs and token.kind in (SIGN, NAME)

    def accept(self, sign: str) -> bool:
        """Go past a sign or word, if it stands here."""
        is_here = self.at(sign)
        self.position += is_here
        return is_here

    def inner(self) -> Iterator[int]:
        """Yield the places inside the brackets just opened, but for those in brackets further."""
        depth = 1
        for index in range(self.position, len(self.tokens) - 1):
            token = self.tokens[index]
            if token.kind == SIGN:
                depth += (token.text in _OPENING) - (token.text in _CLOSING)
            if not 0 < depth <= MAX_DEPTH:
                return
            if depth == 1:
                yield index

    def expect(self, sign: str, after: Token) -> None:
        """Go past the sign that closes ``after``."""
        if self.accept(sign):
            return
        ends = self.token.kind == END
        typed = "the formula ends" if ends else repr(self.token.text)
        raise self.fail(
            f"{typed} where {sign!r} should close {after.text!r}",
            token=after if ends else self.token,
            hint=f"add {sign!r}",
        )

    def fail(
        self,
        message: str,
        *,
        hint: str | None = None,
        token: Token | None = None,
        error: type[DiffcliError] = FormulaError,
    ) -> DiffcliError:
        """Return the error that shows a token, by default the one just read."""
        culprit = token or self.peek(-1)
        width = max(culprit.end - culprit.start, 1)
        return error(message, hint=hint, text=self.text, column=culprit.start, width=width)

    def source(self, first: Token, last: Token) -> str:
        """Return the typed text from one token to another, shortened."""
        text = self.text[first.start : last.end]
        return text if len(text) <= 30 else f"{text[:14]}…{text[-14:]}"
