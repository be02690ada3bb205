"""Declarations of tensors beside a formula: shapes ``X=(m,n), w=n``, and ``A symmetric``.

A length with a name stands for any length. It is a prime that no formula has by chance, until a
point says which it is; the name is a whole number in the formula too, as in ``eye(n)``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from diffcli.errors import UsageError
from diffcli.language.tokens import variable_name

Shape = tuple[int, ...]
Typed = Mapping[str, tuple[int | str, ...]]
"""The shapes as they were typed, by variable."""

LENGTHS = (
    49979687, 67867967, 86028121, 104395301, 122949823, 141650939, 160481183, 179424673,
)  # fmt: skip
"""The numbers that stand for any length: primes, no two of which have a product in common."""
FACTS: Mapping[str, str] = MappingProxyType(
    {
        "symmetric": "symmetric",
        "posdef": "posdef",
        "positive definite": "posdef",
        "spd": "posdef",
        "diagonal": "diagonal",
        "orthogonal": "orthogonal",
    }
)
"""Properties that may be assumed of a matrix, by the word for them."""
_SHAPE = re.compile(r"\s*([^\W\d]\w*)\s*=\s*(?:[(\[]([^()\[\]]*)[)\]]|(\w+))\s*(?:,|$)")
_SHAPES_HINT = "as in X=(m,n), w=n, s=(): numbers, or names of lengths"
_FACTS_HINT = "as in A symmetric, S posdef, D diagonal, Q orthogonal"


@dataclass(frozen=True)
class Declarations:
    """The shapes of variables, the names of their lengths, and what is assumed of matrices.

    ``lengths`` gives a name its number; the numbers of ``any_length`` stand for any length.
    ``facts`` are those of :data:`FACTS`, by variable.
    """

    shapes: Mapping[str, Shape] = field(default_factory=dict)
    lengths: Mapping[str, int] = field(default_factory=dict)
    any_length: Mapping[int, str] = field(default_factory=dict)
    facts: Mapping[str, str] = field(default_factory=dict)

    @property
    def names(self) -> frozenset[str]:
        """The variables of which something is said."""
        return frozenset({*self.shapes, *self.facts})


NOTHING_SAID = Declarations()


def declarations(
    shapes: str | None, assume: str | None, given: Mapping[str, Shape] | None = None
) -> Declarations:
    """Return what two texts say; ``given`` are the shapes of the values of a point.

    Raises UsageError where a text can't be read, or where a value has another shape.
    """
    typed, facts = _shapes(shapes or ""), _facts(assume or "")
    for name in facts:
        if len(typed.get(name, ("n", "n"))) != 2 or len(set(typed.get(name, ("n",)))) > 1:
            raise UsageError(
                f"{name} is assumed {facts[name]}, and its shape isn't that of a square matrix",
                hint=f"--shapes {name}=(n,n)",
            )
    lengths = _given_lengths(typed, given or {})
    free = dict.fromkeys(
        part for parts in typed.values() for part in parts if isinstance(part, str)
    )
    unknown = [name for name in free if name not in lengths]
    if len(unknown) > len(LENGTHS):
        raise UsageError(f"{len(unknown)} names of lengths", hint=f"at most {len(LENGTHS)}")
    if clash := [name for name in free if name in typed]:
        raise UsageError(f"{clash[0]} is a variable and a length", hint="give one another name")
    chosen = dict(zip(unknown, LENGTHS, strict=False))
    lengths |= chosen
    return Declarations(
        {
            name: tuple(lengths[part] if isinstance(part, str) else part for part in parts)
            for name, parts in typed.items()
        },
        lengths,
        {number: name for name, number in chosen.items()},
        facts,
    )


def _given_lengths(typed: Typed, given: Mapping[str, Shape]) -> dict[str, int]:
    """Return the lengths that values give the names."""
    lengths: dict[str, int] = {}
    for name, parts in typed.items():
        if name not in given:
            continue
        sizes = given[name]
        pairs = list(zip(parts, sizes, strict=False))
        for part, size in pairs:
            if isinstance(part, str):
                lengths.setdefault(part, size)
        fits = all((lengths[p] if isinstance(p, str) else p) == size for p, size in pairs)
        if len(parts) != len(sizes) or not fits:
            raise UsageError(
                f"{name} has the shape {shape_text(sizes)} at the point, and --shapes says "
                f"{shape_text(parts)}",
                hint="leave out --shapes: the point says it",
            )
    return lengths


def shape_text(shape: tuple[int | str, ...], names: Mapping[int, str] | None = None) -> str:
    """Return a shape as it is typed: ``(m,n)``, ``n``, ``()``; some lengths by their names."""
    parts = [
        str((names or {}).get(part, part) if isinstance(part, int) else part) for part in shape
    ]
    return parts[0] if len(parts) == 1 else f"({','.join(parts)})"


def _shapes(text: str) -> dict[str, tuple[int | str, ...]]:
    shapes: dict[str, tuple[int | str, ...]] = {}
    position = 0
    while text[position:].strip():
        match = _SHAPE.match(text, position)
        name = variable_name(match[1]) if match else None
        if match is None or name is None:
            raise UsageError(
                "a shape can't be read", hint=_SHAPES_HINT, text=text,
                column=position + len(text[position:]) - len(text[position:].lstrip()),
            )  # fmt: skip
        if name in shapes:
            raise UsageError(f"{name} has two shapes", hint=_SHAPES_HINT)
        parts = match[2] if match[3] is None else match[3]
        shapes[name] = tuple(_lengths(parts, text, match.start(1)))
        position = match.end()
    return shapes


def _lengths(parts: str, text: str, column: int) -> Iterator[int | str]:
    for part in filter(None, map(str.strip, parts.split(","))):
        if part.isdecimal() and int(part) > 0:
            yield int(part)
        elif part.isidentifier():
            yield part
        else:
            raise UsageError(f"{part!r} is no length", hint=_SHAPES_HINT, text=text, column=column)


def _facts(text: str) -> dict[str, str]:
    facts: dict[str, str] = {}
    for part in filter(None, map(str.strip, text.split(","))):
        typed, _, words = part.partition(" ")
        name, fact = variable_name(typed), FACTS.get(" ".join(words.split()))
        if name is None or fact is None:
            raise UsageError(
                f"{part!r} can't be assumed", hint=_FACTS_HINT, text=text, column=text.find(part)
            )
        if facts.get(name, fact) != fact:
            raise UsageError(
                f"{name} is assumed {facts[name]} and {fact}",
                hint="posdef and diagonal matrices are symmetric: one word says it",
            )
        facts[name] = fact
    return facts
