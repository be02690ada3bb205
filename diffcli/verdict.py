"""Verdicts: what is known about a number, and the evidence it rests on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import repeat
from types import MappingProxyType
from typing import Any

from diffcli.clock import uncollected


class Verdict(Enum):
    """How far a number can be trusted; the worst first."""

    DISAGREES = "disagrees"
    UNDEFINED = "undefined"
    NOT_DIFFERENTIABLE = "not_differentiable"
    UNVERIFIED = "unverified"
    INEXACT = "inexact"
    AGREES = "agrees"
    CERTIFIED = "certified"

    # Enum's own, of the name, is computed in Python each time that verdicts are counted.
    __hash__ = object.__hash__

    @property
    def has_value(self) -> bool:
        """Whether a number can be given at all."""
        return self not in (Verdict.UNDEFINED, Verdict.NOT_DIFFERENTIABLE)

    @property
    def words(self) -> str:
        """The verdict as a person reads it."""
        return self.value.replace("_", " ")


NOT_A_NUMBER = "the value is not a number to torch"
"""Why there is no derivative where torch gives no value."""

_SEVERITY = {verdict: severity for severity, verdict in enumerate(Verdict)}


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """Return the worst of some verdicts; of none, ``certified``."""
    return min(set(verdicts), key=_SEVERITY.__getitem__, default=Verdict.CERTIFIED)


@dataclass(frozen=True)
class Check:
    """One number, what each engine says of it, and the verdict.

    ``value`` is the truth rounded to the dtype where it is proved, else autograd's number, else
    None. ``autograd`` is torch's number and ``symbolic`` that of sympy's derivative; ``enclosure``
    the ends of an interval that provably holds the truth, as decimal text; ``quotient`` a
    difference quotient and its error, where nothing is proved of code. ``error_ulps`` is
    |autograd − truth| in units in the last place of the dtype. ``left`` and ``right`` are the
    one-sided derivatives where they decide; ``reason`` says why, in words.
    """

    entry: str
    verdict: Verdict
    value: float | None = None
    autograd: float | None = None
    symbolic: float | None = None
    enclosure: tuple[str, str] | None = None
    quotient: tuple[float, float] | None = None
    error_ulps: float | None = None
    left: float | None = None
    right: float | None = None
    reason: str | None = None

    @classmethod
    def each(
        cls,
        verdict: Verdict,
        entries: Sequence[str],
        values: Iterable[float | None],
        autograd: Iterable[float | None],
        error_ulps: Iterable[float] | None = None,
        *,
        reason: str | None = None,
    ) -> list[Check]:
        """Return the checks of numbers that have one verdict, for one reason.

        Of a million numbers a frozen dataclass sets a million times eleven fields, one by one, most
        of them None: here the class's own defaults stand for these.
        """
        common = {"verdict": verdict} | ({"reason": reason} if reason is not None else {})
        off = repeat(None, len(entries)) if error_ulps is None else error_ulps
        with uncollected():
            return [
                cls._of(
                    {"entry": entry, "value": value, "autograd": own, "error_ulps": ulps, **common}
                )
                for entry, value, own, ulps in zip(entries, values, autograd, off, strict=True)
            ]

    def because(self, reason: str) -> Check:
        """Return the check with another reason."""
        return self._of({**vars(self), "reason": reason})

    @classmethod
    def _of(cls, fields: dict[str, Any]) -> Check:
        check = object.__new__(cls)
        object.__setattr__(check, "__dict__", fields)
        return check


def unchecked(count: int) -> tuple[Check, ...]:
    """Return a check that stands for numbers at difficult points that weren't checked, if any."""
    reason = f"{count:,} more may stand at a kink, a jump or an edge, and weren't checked"
    return (Check("f", Verdict.UNVERIFIED, reason=reason),) if count else ()


@dataclass(frozen=True)
class Agreement:
    """At how many random points an engine has the derivative that a closed form gives."""

    engine: str
    points: int

    @property
    def words(self) -> str:
        """The sentence that is said of a closed form."""
        if not self.points:
            return "not checked: no engine has a value at a random point"
        count = f"{self.points} random point{'s' * (self.points > 1)}"
        return f"agrees with {CALLED[self.engine]} at {count}"

    @property
    def data(self) -> dict[str, object]:
        """The agreement as JSON has it."""
        return {"engine": self.engine, "points": self.points}


CALLED: Mapping[str, str] = MappingProxyType({"enclosure": "the enclosure", "autograd": "autograd"})
"""What an engine is called in a sentence."""
