"""Everything that a formula may call, for a person to read: rows, tensor operations, forms."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain

from diffcli.language.functions import ANY, BY_NAME, Row
from diffcli.language.spellings import CAPITALS, SPELLINGS, Spelling
from diffcli.language.tensors import TENSORS, TensorRow
from diffcli.language.vocabulary import LOWER

_NAMES = "xyabcdgh"


@dataclass(frozen=True)
class Entry:
    """An entry of the catalogue: its names, how it is written, and facts about it.

    ``facts`` have their titles; ``arguments`` is how many it takes, None being any number.
    """

    name: str
    written: str
    group: str
    meaning: str
    aliases: tuple[str, ...] = ()
    facts: dict[str, str] = field(default_factory=dict)
    arguments: tuple[int, int | None] | None = None
    accuracy: float | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """The name and its aliases."""
        return (self.name, *self.aliases)

    @property
    def others(self) -> tuple[str, ...]:
        """The names that it may be called by and isn't written with."""
        return tuple(
            name
            for name in self.names
            if name not in ("matmul", "index", "log_b") and not self.written.startswith(f"{name}(")
        )


FORMS = (
    Entry(
        "diff",
        "diff(f, x)",
        "calculus",
        "derivative of a formula",
        facts={
            "order": "diff(f, x, 2); mixed: diff(f, x, y)",
            "written": "d/dx f, d^2/dx^2 f, sin''(x), \\frac{d}{dx} f",
            "example": "x*diff(sin(x), x)",
        },
    ),
    Entry(
        "integrate",
        "integrate(f, t=a..b)",
        "calculus",
        "definite integral",
        ("integral", "int"),
        facts={
            "written": "\\int_{a}^{b} f \\, dt",
            "domain": "where f is finite from a to b",
            "example": "integrate(exp(-t^2), t=0..x)",
        },
    ),
    Entry(
        "sum",
        "sum(i=a..b, f)",
        "calculus",
        "sum of a formula over an index",
        facts={
            "bounds": "whole numbers; the last may be inf",
            "written": "\\sum_{i=1}^{5} f",
            "example": "sum(i=0..4, x^i/i!)",
        },
    ),
    Entry(
        "prod",
        "prod(i=a..b, f)",
        "calculus",
        "product of a formula over an index",
        facts={
            "bounds": "whole numbers",
            "written": "\\prod_{i=1}^{3} f",
            "example": "prod(i=1..3, x+i)",
        },
    ),
    Entry(
        "where",
        "where(c, a, b)",
        "rounding and choice",
        "a where the condition c holds, else b",
        facts={
            "written": "a if c else b",
            "kinks": "where the pieces meet",
            "example": "where(x > 0, x, x^2)",
        },
    ),
    Entry(
        "pow",
        "pow(x, y)",
        "powers and roots",
        "x^y",
        ("power",),
        {
            "domain": "x > 0, or y an integer, or y = p/q with q odd",
        },
    ),
    Entry(
        "matrix_power",
        "matrix_power(A, n)",
        "tensors",
        "A @ A @ … of n factors; of the inverse where n is negative",
        facts={"example": "trace(matrix_power(X, 3))"},
    ),
    Entry(
        "hyper",
        "hyper([a, …], [b, …], x)",
        "hypergeometric",
        "pFq by its lists of parameters, as ₀F₁, ₁F₁ and ₂F₁",
        ("hypergeom", "hypergeometric", "HypergeometricPFQ"),
        {"example": "hyper([1/2, 1], [3/2], -x^2)"},
    ),
    Entry("exp2", "exp2(x)", "exponential and logarithm", "2^x"),
    Entry(
        "log_b",
        "log_b(x)",
        "exponential and logarithm",
        "logarithm with base b",
        facts={
            "written": "log(x, b), log_2(x), \\log_{b} x",
            "domain": "x > 0, b > 0, b ≠ 1",
        },
    ),
)
"""The entries that are read by a form of their own, and have no row."""

BORROWED = "as other systems write it"
"""The group of the names that are written otherwise here."""

_WRITTEN = {
    "piecewise": "piecewise((x, c), …)",
    "matmul": "x @ y",
    "transpose": "x.T",
    "index": "x[0]",
    "amax": "max(x)",
    "amin": "min(x)",
    "differences": "diff(x)",
    "solve": "solve(A, b)",
    "eye": "eye(n)",
    "full": "full(x, n)",
}
"""How operations are written that aren't called by their name and arguments alone."""
_SHORT = {"amax": ("max",), "amin": ("min",), "differences": ("diff",)}


def entries() -> tuple[Entry, ...]:
    """Return everything that a formula may call, the entries of a group one after the other."""
    known = [
        *map(_of_row, dict.fromkeys(BY_NAME.values())),
        *FORMS,
        *map(_of_tensor, TENSORS.values()),
        *(_of_spelling(name) for name in SPELLINGS if name not in BY_NAME),
    ]
    groups = dict.fromkeys(entry.group for entry in known)
    return tuple(entry for group in groups for entry in known if entry.group == group)


def named(name: str) -> tuple[Entry, ...]:
    """Return the entries of a name; a sum is one over an index and one of a tensor."""
    matching = tuple(entry for entry in entries() if name in entry.names)
    return matching or (named(LOWER[name.lower()]) if name in CAPITALS else ())


def names() -> frozenset[str]:
    """Return every name of every entry."""
    return frozenset(chain.from_iterable(entry.names for entry in entries()))


def _of_row(row: Row) -> Entry:
    least, most = row.arity
    arguments = ", ".join(_NAMES[: least if most == ANY else most])
    facts = {
        "left out": ", ".join(row.defaults),
        "domain": row.domain,
        "kinks": row.kinks,
        "jumps": row.jumps,
        "calls": ", ".join(
            _calls(name, SPELLINGS[name]) for name in (row.name, *row.aliases) if name in SPELLINGS
        ),
    }
    return Entry(
        name=row.name,
        written=_WRITTEN.get(row.name, f"{row.name}({arguments}{', …' if most == ANY else ''})"),
        group=row.group,
        meaning=row.meaning,
        aliases=row.aliases,
        facts={title: fact for title, fact in facts.items() if fact},
        arguments=(least - len(row.defaults), None if most == ANY else most),
        accuracy=row.accuracy,
    )


def _of_spelling(name: str) -> Entry:
    first, *others = SPELLINGS[name]
    return Entry(
        name=name,
        written=_called(name, first),
        group=BORROWED,
        meaning=first.formula,
        facts={"calls": _calls(name, others)} if others else {},
        arguments=(len(first.arguments), len(SPELLINGS[name][-1].arguments)),
    )


def _calls(name: str, spellings: Iterable[Spelling]) -> str:
    return ", ".join(f"{_called(name, spelling)} is {spelling.formula}" for spelling in spellings)


def _called(name: str, spelling: Spelling) -> str:
    return f"{name}({', '.join(spelling.arguments)})"


def _of_tensor(row: TensorRow) -> Entry:
    return Entry(
        name=row.name,
        written=_WRITTEN.get(row.name, f"{row.name}({', '.join(_NAMES[: row.operands])})"),
        group="tensors",
        meaning=row.meaning,
        aliases=(*row.aliases, *_SHORT.get(row.name, ())),
        facts=dict(_axis(row)),
        arguments=(row.operands, row.operands),
    )


def _axis(row: TensorRow) -> Iterator[tuple[str, str]]:
    if row.axis:
        default = "the last" if row.default is not None else "all entries"
        yield "axis", f"{default}, unless axis=0 says which"
