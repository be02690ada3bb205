"""Long texts whose rows, or terms of a sum, repeat: each kind is parsed once.

Numbers and names with an index (``x12``) are slots. Rows of one skeleton, the text between the
slots, are one template with other slots, unless the parser looks at what stands in one: a number
whose value it looks at, such as an exponent, stays as it was typed. Wherever something is in doubt
the text isn't taken for a repetition, and the parser reads all of it; both ways give the same
Function.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate, pairwise
from typing import NoReturn

from diffcli.errors import DiffcliError
from diffcli.language.builder import Builder
from diffcli.language.expression import VARIABLE, Node, number, postorder, variable
from diffcli.language.functions import BY_NAME
from diffcli.language.grammar import Grammar
from diffcli.language.names import Names
from diffcli.language.pratt import SUM
from diffcli.language.repetition import RepeatedRows, Template
from diffcli.language.spellings import SPELLED
from diffcli.language.tokens import END, NAME, Token, exact, tokenize
from diffcli.language.tokens import NUMBER as NUMERAL
from diffcli.language.vocabulary import CALLABLE

_SLOT = re.compile(
    r"""(
    (?<![A-Za-z_0-9.]) (?:[0-9][0-9_]*(?:\.(?!\.)[0-9]*)?|\.[0-9]+) (?:[eE][+-]?[0-9]+)?
  | (?<![A-Za-z_.]) [A-Za-z]_?[0-9]+ (?![A-Za-z0-9_.'\[]|[ \t\r\n\f\v]*\()
    )""",
    re.VERBOSE,
)
"""A number as the tokenizer reads it, or a letter with an index that isn't called."""
_DOUBTFUL = re.compile(
    r"[^ -~\t\r\n]|[\\$=#;'|{}&~\"]|[\^_]\{|[A-Za-z_][0-9]+[A-Za-z_]|[0-9]_"
    r"|[0-9]C[0-9]|\b0[bx][0-9]"
)
"""Signs of what one row alone doesn't decide: definitions, bars, LaTeX, other bases."""
_WORD = re.compile("[A-Za-z_][A-Za-z0-9_]*")
_POWERS = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)\s*(?:\^|\*\*)")
"""A word with an exponent: of a function, the inverse where that is −1."""
_WORDS = frozenset({*BY_NAME, "log", "pow", "power", "exp2", "where", "pi", "e", "E", "tau"})
_WORDS -= SPELLED
_WORDS |= frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") - {"d"}
"""Words that mean the same in each row, whatever stands in the slots."""
_DECIMAL_COMMA = re.compile("[0-9.],[0-9.]")
"""A comma between digits, which outside brackets has several readings."""
_HOLE, _BREAK = "\0", "\1"
_UNLIKELY = 10**300
"""Plus the place of a slot: a number that nobody types."""


class _DoubtError(Exception):
    """The parser looks at what stands in a slot."""


class _Slot(str):
    """The text of a number that stands for those of a column.

    To compare it with one of them raises _DoubtError, as the rows differ there.
    """

    __slots__ = ("column",)
    column: frozenset[str]

    def __eq__(self, other: object) -> bool:
        if other in self.column:
            raise _DoubtError
        return str.__eq__(self, other)

    def __ne__(self, other: object) -> bool:
        return not self == other

    __hash__ = str.__hash__


def read(texts: Sequence[str], declared: Collection[str], names: _NamesOf) -> RepeatedRows | None:
    """Return the rows of some texts, or the terms of their one sum, or None in any doubt.

    ``names`` makes the names of the request from its tokens.
    """
    joined = _BREAK.join(texts)
    if any(_DOUBTFUL.search(text) for text in texts):
        return None
    pieces = _SLOT.split(joined)
    slots, skeleton = pieces[1::2], _HOLE.join(pieces[::2])
    words = set(_WORD.findall(skeleton))
    if not words <= _WORDS or not CALLABLE.isdisjoint(_POWERS.findall(skeleton)):
        return None
    split = _rows(skeleton, len(texts) - 1)
    if split is None:
        return None
    rows, is_sum = split
    if not (is_sum or joined.lstrip().startswith("[")) and _DECIMAL_COMMA.search(joined):
        return None
    # In the order of the text, which is mostly that of the variables.
    indexed = [slot for slot in dict.fromkeys(slots) if slot[0].isalpha()]
    if any("_" in name and name.replace("_", "") in declared for name in indexed):
        return None
    kinds = _kinds(rows, slots)
    if 2 * len(kinds) > len(rows):
        return None
    try:
        return _Reader(slots, indexed, names, is_sum=is_sum).repetition(kinds, len(rows))
    except (_DoubtError, DiffcliError):
        return None


_NamesOf = Callable[[Sequence[Token]], Names]


@dataclass(frozen=True)
class _Kind:
    """A skeleton, the rows that have it, and at which slot of the text each begins."""

    skeleton: str
    rows: list[int]
    starts: list[int]

    def columns(self, slots: Sequence[str]) -> list[list[str]]:
        """Return what stands in each slot, row by row."""
        count = self.skeleton.count(_HOLE)
        return [[slots[start + k] for start in self.starts] for k in range(count)]


def _kinds(rows: Sequence[str], slots: Sequence[str]) -> list[_Kind]:
    """Return the kinds of rows, by their first: one skeleton, numbers and names in one order."""
    starts = accumulate((row.count(_HOLE) for row in rows), initial=0)
    by_skeleton: dict[str, _Kind] = {}
    for index, (row, start) in enumerate(zip(rows, starts, strict=False)):
        kind = by_skeleton.get(row) or by_skeleton.setdefault(row, _Kind(row, [], []))
        kind.rows.append(index)
        kind.starts.append(start)
    kinds = [part for kind in by_skeleton.values() for part in _unmixed(kind, slots)]
    return sorted(kinds, key=lambda kind: kind.rows[0])


def _unmixed(kind: _Kind, slots: Sequence[str]) -> Iterable[_Kind]:
    """Return a kind, or several where a number stands in one row and a name in another."""
    columns = kind.columns(slots)
    if not any(min(column) < _NAMES <= max(column) for column in columns):
        return (kind,)
    parts: dict[tuple[bool, ...], _Kind] = {}
    for row, start, typed in zip(kind.rows, kind.starts, zip(*columns, strict=True), strict=True):
        part = parts.setdefault(
            tuple(text < _NAMES for text in typed), _Kind(kind.skeleton, [], [])
        )
        part.rows.append(row)
        part.starts.append(start)
    return parts.values()


_NAMES = "A"
"""The first of all names; numbers come before."""


def _rows(skeleton: str, breaks: int) -> tuple[list[str], bool] | None:
    """Cut a skeleton into rows, or into the terms of a sum, each with its sign.

    ``breaks`` are those between texts, which stand within no bracket.
    """
    import numpy as np

    whole = skeleton.strip()
    is_list = not breaks and whole.startswith("[") and whole.endswith("]")
    whole = whole[1:-1] if is_list else whole
    if "[" in whole or "]" in whole:
        return None
    signs = np.frombuffer(whole.encode("ascii"), dtype=np.uint8)
    depth = np.cumsum((signs == ord("(")).astype(np.int64) - (signs == ord(")")))
    outside = depth == 0
    commas = np.flatnonzero(outside & ((signs == ord(",")) | (signs == ord(_BREAK))))
    if whole.count(_BREAK) != np.count_nonzero(signs[commas] == ord(_BREAK)):
        return None
    if len(commas) or is_list:
        return [row.strip() for row in _cut(whole, commas.tolist())], False
    if "<" in whole or ">" in whole:
        return None
    # A sign stands between terms where something ends before it.
    printed = np.flatnonzero(signs > ord(" ")) if _HOLE not in whole else np.flatnonzero(
        (signs > ord(" ")) | (signs == ord(_HOLE))
    )  # fmt: skip
    ends = np.isin(signs[printed[:-1]], np.frombuffer(_ENDS, dtype=np.uint8))
    cuts = printed[1:][ends]
    cuts = cuts[outside[cuts] & np.isin(signs[cuts], np.frombuffer(b"+-", dtype=np.uint8))]
    first, *others = _cut(whole, cuts.tolist())
    between = [whole[cut] for cut in cuts.tolist()]
    rest = [sign + term.strip() for sign, term in zip(between, others, strict=True)]
    return ["+" + first.strip(), *rest], True


_ENDS = b"\0)!" + bytes(range(ord("a"), ord("z") + 1)) + bytes(range(ord("A"), ord("Z") + 1))
"""The characters that a term may end with."""


def _cut(text: str, cuts: Iterable[int]) -> list[str]:
    edges = [-1, *cuts, len(text)]
    return [text[first + 1 : last] for first, last in pairwise(edges)]


class _Reader:
    """Reads the kinds of rows of one request, in the order in which they stand there."""

    def __init__(
        self, slots: Sequence[str], indexed: Sequence[str], names: _NamesOf, *, is_sum: bool
    ) -> None:
        self.slots, self.indexed, self.is_sum = slots, indexed, is_sum
        self._names_of = names
        self._numbers: dict[str, Fraction] = {}

    def repetition(self, kinds: Sequence[_Kind], count: int) -> RepeatedRows:
        texts = [self._text(kind) for kind in kinds]
        scans = [tokenize(text) for text, _ in texts]
        tokens = [token for scan in scans for token in scan]
        names = self._names_of([*tokens, *(Token(NAME, name, 0, 0) for name in self.indexed)])
        templates: list[Template] = []
        alone: dict[int, Node] = {}
        for kind, (text, starts), scan in zip(kinds, texts, scans, strict=True):
            if len(kind.rows) == 1:
                alone[kind.rows[0]] = self._row(_Trial(text, scan, names), kind)
            else:
                templates.append(self._template(kind, text, starts, scan, names))
        own = {slot for template in templates for slot in template.slots}
        roots = [*alone.values(), *(template.body for template in templates)]
        others = [
            str(node.value) for node in postorder(roots) if node.op == VARIABLE and node not in own
        ]
        return RepeatedRows(
            tuple(templates),
            alone,
            count,
            self.is_sum,
            tuple(dict.fromkeys([*self.indexed, *others])),
            self._numbers,
            tuple(names.readings),
        )

    def _text(self, kind: _Kind) -> tuple[str, list[int]]:
        """Return the first row of a kind as it was typed, and where its slots begin."""
        pieces = (kind.skeleton[1:] if self.is_sum else kind.skeleton).split(_HOLE)
        text, starts = pieces[0], []
        for index, piece in enumerate(pieces[1:], kind.starts[0]):
            starts.append(len(text))
            text += self.slots[index] + piece
        return text, starts

    def _row(self, parser: _Trial, kind: _Kind) -> Node:
        """Return the node of a row, which is an output or a signed term."""
        term = parser.row(is_term=self.is_sum)
        return parser.build("neg", term) if kind.skeleton[0] == "-" and self.is_sum else term

    def _template(
        self, kind: _Kind, text: str, starts: Sequence[int], scan: list[Token], names: Names
    ) -> Template:
        columns = kind.columns(self.slots)
        index_at = {token.start: index for index, token in enumerate(scan)}
        tokens, slots, typed = list(scan), [], []
        for k, (start, column) in enumerate(zip(starts, columns, strict=True)):
            if column.count(column[0]) == len(column):
                continue
            token = tokens[index_at[start]]
            is_number = token.kind == NUMERAL
            unlikely = _slot(_UNLIKELY + k, column) if is_number else f"{_HOLE}{k}"
            tokens[index_at[start]] = token._replace(text=unlikely)
            slots.append(number(_UNLIKELY + k) if is_number else variable(unlikely))
            typed.append(column)
            for entry in set(column) - self._numbers.keys() if is_number else ():
                self._numbers[entry] = exact(Token(NUMERAL, entry, 0, len(entry)), entry)
        before = len(names.readings)
        body = self._row(_Trial(text, tokens, names, frozenset(slots)), kind)
        if any(_HOLE in reading for reading in names.readings[before:]):
            raise _DoubtError
        if not set(slots) <= set(postorder([body])):
            raise _DoubtError
        return Template(body, tuple(slots), tuple(typed), kind.rows)


def _slot(number: int, column: Iterable[str]) -> _Slot:
    slot = _Slot(number)
    slot.column = frozenset(column)
    return slot


class _Trial(Grammar):
    """Parses one row that stands for others; raises _DoubtError at what may differ in those."""

    def __init__(
        self, text: str, tokens: list[Token], names: Names, slots: frozenset[Node] = frozenset()
    ) -> None:
        super().__init__(text, tokens, names)
        self.build = _TrialBuilder(self.fail, names.echo, names.exact)
        self.build.slots = slots

    def row(self, *, is_term: bool) -> Node:
        """Read the row, inside the brackets or the sum that stand around it."""
        if is_term:
            self.nesting = 1
            value = self.expression(SUM)
        else:
            self.open.append("[")
            value = self.build.real(self.expression())
        if self.token.kind != END or self.build.steps:
            raise _DoubtError
        return value

    def source(self, *_: Token) -> NoReturn:
        """Refuse to quote what was typed."""
        raise _DoubtError


class _TrialBuilder(Builder):
    slots: frozenset[Node] = frozenset()

    def logarithm(self, x: Node, base: Node) -> Node:
        if not self.slots.isdisjoint(postorder([base])):
            raise _DoubtError
        return super().logarithm(x, base)

    def _check_size(self, result: Node, at: Token | None) -> None:
        is_constant = all(self.exact(arg) is not None for arg in result.args)
        if is_constant and not self.slots.isdisjoint(postorder([result])):
            raise _DoubtError
        super()._check_size(result, at)
