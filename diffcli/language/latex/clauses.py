r"""Words between formulas: ``x^2 \text{ if } x>0``, ``\text{otherwise}``, ``\text{where } k=2``.

They are tokens of a kind of their own until the whole formula is read; then they become the tokens
of ``piecewise`` or definitions, and those that are neither are refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType

from diffcli.errors import FormulaError
from diffcli.language.latex.reader import Reader
from diffcli.language.tokens import NAME, SIGN, Token

WORD = "word"
"""The kind of tokens that are words between formulas."""

CLAUSES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        **dict.fromkeys(["if", "for", "when", "whenever", "provided"], (WORD, "if")),
        **dict.fromkeys(["where", "with"], (WORD, "where")),
        **dict.fromkeys(["otherwise", "else", "elsewhere"], (WORD, "otherwise")),
        "and": (WORD, "and"),
        "or": (WORD, "or"),
        "not": (NAME, "not"),
        "all": (WORD, "all"),
    }
)
"""Words that are read, by the token that they become."""
_LOGIC = ("and", "or")
_COMPARISONS = frozenset({"<", "<=", ">", ">=", "!=", "=="})
_OPENING, _CLOSING = frozenset("([{⌊⌈"), frozenset(")]}⌋⌉")
_PROSE = re.compile(r"[A-Za-z0-9]+")
_READ = r"the words if, for, when, otherwise, where, and, or are read; a name is \text{name}"


def prose(reader: Reader, start: int) -> None:
    """Read words in braces, with formulas between dollars among them."""
    if reader.peek() != "{":
        raise reader.fail("a name is missing", start, r"write \mathrm{name}")
    reader.take()
    in_dollars = False
    while (unit := reader.peek()) not in ("}", ""):
        position = reader.position
        match = None if in_dollars else reader.match(_PROSE)
        if match:
            clause = CLAUSES.get(match[0].lower())
            if clause is None:
                raise reader.fail(f"{match[0]!r} is no part of a formula", position, _READ)
            reader.emit(*clause, position)
        elif unit == "$":
            reader.take()
            in_dollars = not in_dollars
        elif unit in ".,;:":
            reader.take()
        else:
            reader.unit(unit)
    reader.take()


def is_prose(tokens: Sequence[Token]) -> bool:
    r"""Whether tokens are words alone, as in ``{\text{if }}``."""
    return bool(tokens) and all(token.kind == WORD for token in tokens)


def trimmed(tokens: list[Token]) -> list[Token]:
    """Return tokens without the punctuation at their end, and braces around all of them."""
    while tokens:
        if tokens[-1].text in (",", ";", "."):
            tokens = tokens[:-1]
        elif tokens[0].text == "{" and _closer(tokens) == len(tokens) - 1:
            tokens = tokens[1:-1]
        else:
            break
    return tokens


def _closer(tokens: Sequence[Token]) -> int:
    """Return the place of the brace that closes the first token."""
    depth = 0
    for index, token in enumerate(tokens):
        depth += (token.text == "{") - (token.text == "}")
        if depth == 0:
            return index
    return -1


def value_of(cell: Sequence[Token]) -> list[Token]:
    """Return the tokens of a value in a line of cases, without an ``if`` at its end."""
    while cell and cell[-1].kind == WORD and cell[-1].text == "if":
        cell = cell[:-1]
    return list(cell)


def condition_of(cell: Iterable[Token]) -> list[Token]:
    """Return the tokens of a condition in a line of cases."""
    return [_logical(token) for token in cell if (token.kind, token.text) not in _DROPPED]


_DROPPED = frozenset({(WORD, "if"), (WORD, "where"), (WORD, "all")})


def _logical(token: Token) -> Token:
    """Return a word or sign of a condition as the plain language writes it."""
    if token.kind == WORD:
        return token._replace(kind=NAME)
    return token._replace(text="==") if token.text == "=" else token


def completed(reader: Reader, tokens: list[Token]) -> list[Token]:
    """Return the tokens of a whole formula, its words read."""
    tokens = _first_of_chain(reader, tokens)
    parts = _parts(tokens)
    if len(parts) < 2:
        return tokens
    head, parts = _head(parts)
    words = [part[0].text for part in parts if _is_word(part)]
    if words and "where" in words:
        return _defined(reader, head, parts)
    if not words and not _is_domain(parts):
        return tokens
    return head + _pieces(reader, parts)


def _first_of_chain(reader: Reader, tokens: list[Token]) -> list[Token]:
    """Return ``f(x) = a`` of ``f(x) = a = b``: what is said to be equal is read once."""
    is_call = len(tokens) > 1 and tokens[0].kind == NAME and tokens[1].text == "("
    signs = [index for index in _outside(tokens) if tokens[index].text == "="]
    marks = any(tokens[index].text in (",", ";") or tokens[index].kind == WORD
                for index in _outside(tokens))  # fmt: skip
    if not is_call or len(signs) < 2 or marks or tokens[signs[0] - 1].text != ")":
        return tokens
    typed = reader.text[tokens[signs[1]].end :].strip()
    reader.say(f"what is said to be equal isn't read: {typed[:30]}{'…' * (len(typed) > 30)}")
    return tokens[: signs[1]]


def _outside(tokens: Sequence[Token]) -> Iterator[int]:
    """Yield the places of the tokens that stand in no bracket."""
    depth = 0
    for index, token in enumerate(tokens):
        if token.kind == SIGN:
            depth -= token.text in _CLOSING
        if depth == 0:
            yield index
        if token.kind == SIGN:
            depth += token.text in _OPENING


def _parts(tokens: Sequence[Token]) -> list[list[Token]]:
    """Cut tokens at words and commas outside brackets; each of these is a part of its own."""
    parts, depth = [list[Token]()], 0
    for token in tokens:
        if token.kind == SIGN:
            depth += (token.text in _OPENING) - (token.text in _CLOSING)
        if depth == 0 and (token.kind == WORD or token.text in (",", ";")):
            parts += [[token], []]
        else:
            parts[-1].append(token)
    return [part for part in parts if part]


def _is_word(part: Sequence[Token]) -> bool:
    return part[0].kind == WORD


def _is_mark(part: Sequence[Token]) -> bool:
    return part[0].text in (",", ";")


def _head(parts: list[list[Token]]) -> tuple[list[Token], list[list[Token]]]:
    """Return what stands up to the first sign of equality, and the parts without it."""
    if parts[1:] and any(token.text == ";" for part in parts for token in part[:1]):
        return [], parts
    for index, token in enumerate(parts[0]):
        if token.text == "=" and not any(t.text in _COMPARISONS for t in parts[0][:index]):
            rest = [parts[0][index + 1 :], *parts[1:]]
            return parts[0][: index + 1], [part for part in rest if part]
    return [], parts


def _compares(part: Sequence[Token]) -> bool:
    return any(token.text in _COMPARISONS for token in part)


def _is_domain(parts: Sequence[Sequence[Token]]) -> bool:
    """Whether a condition stands after a comma: ``ln x, x > 0``."""
    is_pair = len(parts) == 3 and parts[1][0].text == ","
    return is_pair and _compares(parts[2]) and not _compares(parts[0])


def _pieces(reader: Reader, parts: list[list[Token]]) -> list[Token]:
    """Return the tokens of ``piecewise`` for values with their conditions."""
    parts = _without_marks(parts)
    signs = [part[0].text if _is_word(part) or _is_mark(part) else "" for part in parts]
    signs += ["end"] * 3
    pieces: list[tuple[list[Token], list[Token] | None]] = []
    index = 0
    while index < len(parts):
        if pieces and signs[index] in (",", "and"):
            index += 1
        elif pieces and signs[index : index + 3] == ["otherwise", "", "end"]:
            pieces.append((parts[index + 1], None))
            index += 2
        elif signs[index : index + 2] == ["", "otherwise"]:
            pieces.append((parts[index], None))
            index += 2
        elif signs[index : index + 3] in (["", "if", ""], ["", ",", ""]):
            if signs[index + 1] == "," and not _compares(parts[index + 2]):
                raise _unread(reader, parts[index + 1][0])
            value, condition = parts[index], parts[index + 2]
            index += 3
            while signs[index] in _LOGIC and not signs[index + 1]:
                if signs[index + 2] in ("if", "otherwise"):
                    break
                condition = [*condition, parts[index][0], *parts[index + 1]]
                index += 2
            pieces.append((value, condition))
        else:
            raise _unread(reader, parts[index][0])
    return _piecewise(pieces)


def _without_marks(parts: Sequence[list[Token]]) -> list[list[Token]]:
    """Return parts without the commas beside a word."""
    padded = [[], *parts, []]
    return [
        part
        for before, part, after in zip(padded, parts, padded[2:], strict=False)
        if not (_is_mark(part) and any(beside and _is_word(beside) for beside in (before, after)))
    ]


def _piecewise(pieces: Sequence[tuple[list[Token], list[Token] | None]]) -> list[Token]:
    start = pieces[0][0][0].start
    tokens = [Token(NAME, "piecewise", start, start), Token(SIGN, "(", start, start)]
    for number, (value, condition) in enumerate(pieces):
        comma, close = (Token(SIGN, sign, value[-1].end, value[-1].end) for sign in ",)")
        tokens += [comma] * (number > 0) + [
            Token(SIGN, "(", value[0].start, value[0].start),
            *value,
        ]
        tokens += [comma, *condition_of(condition)] if condition else []
        tokens.append(close)
    return [*tokens, Token(SIGN, ")", tokens[-1].end, tokens[-1].end)]


def _defined(reader: Reader, head: list[Token], parts: list[list[Token]]) -> list[Token]:
    r"""Return the tokens of definitions, ``k = 2; f``, for ``f \text{ where } k=2``."""
    where = next(index for index, part in enumerate(parts) if part[0].text == "where")
    before, after = parts[:where], [part for part in parts[where + 1 :] if not _is_mark(part)]
    values = [part for part in after if not _is_word(part)]
    body = [part for part in before if not _is_mark(part)]
    if len(body) == 1 and len(values) == 1 and _compares(values[0]):
        return head + _piecewise([(body[0], values[0])])
    is_list = all(part[0].text == "and" for part in after if _is_word(part))
    signs = [[token.text for token in part[:2]] for part in values]
    named = values and all(len(sign) == 2 and sign[1] == "=" for sign in signs)
    if len(body) != 1 or not is_list or not named:
        raise _unread(reader, parts[where][0])
    if head:
        name = "".join(token.text for token in head[:-1])
        reader.say(f"{name} is the name of the formula after '='")
    tokens = list[Token]()
    for part in values:
        tokens += [*part, Token(SIGN, ";", part[-1].end, part[-1].end)]
    return tokens + body[0]


def check_words(reader: Reader, tokens: Iterable[Token]) -> None:
    """Raise FormulaError at a word that is left over."""
    for token in tokens:
        if token.kind == WORD:
            raise _unread(reader, token)


def _unread(reader: Reader, token: Token) -> FormulaError:
    typed = reader.text[token.start : token.end]
    return FormulaError(
        f"{typed!r} isn't read here", hint=r"x^2 \text{ if } x>0, \quad 0 \text{ otherwise}",
        text=reader.text, column=token.start, width=max(token.end - token.start, 1),
    )  # fmt: skip
