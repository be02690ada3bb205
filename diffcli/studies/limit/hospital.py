"""L'Hôpital's rule on a quotient: differentiated above and below until its form is determinate.

Each quotient's limit is proved by its own expansion, so that the rule is shown only where it holds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from diffcli.engines.one_sided.limits import Approach, Approaches, Behaviour, Limits
from diffcli.errors import DiffcliError
from diffcli.language.algebra import Algebra
from diffcli.language.builder import Builder
from diffcli.language.derivative import differentiate
from diffcli.language.expression import Node, postorder
from diffcli.studies.limit.place import Place

MAX_ROUNDS = 4
MAX_NODES = 40
"""Nodes of a quotient that is differentiated; a longer one is no help to a reader."""


@dataclass(frozen=True)
class Round:
    """A quotient of an indeterminate ``form``, and that of its derivatives."""

    form: str
    before: Node
    after: Node


def rounds(output: Node, place: Place, limit: Approach) -> tuple[Round, ...]:
    """Return the rounds that lead to a determinate form, none where the rule doesn't help."""
    found: list[Round] = []
    current = output
    while current.op == "div" and (form := _form(current, place)) and len(found) < MAX_ROUNDS:
        after = _differentiated(current, place.name)
        if after is None or len(postorder([after])) > MAX_NODES or not _same(after, place, limit):
            return ()
        found.append(Round(form, current, after))
        current = after
    settled = current.op != "div" or _form(current, place) is None
    return tuple(found) if settled else ()


def _differentiated(quotient: Node, name: str) -> Node | None:
    build = Builder()
    try:
        above, below = (differentiate(arg, name, build) for arg in quotient.args)
        return Algebra(build).div(above, below)
    except (DiffcliError, ZeroDivisionError):
        return None


def _form(quotient: Node, place: Place) -> str | None:
    """Return 0/0 or inf/inf where both parts have these limits."""
    above, below = (_limit(part, place) for part in quotient.args)
    return _FORMS.get((_kind(above), _kind(below)))


_FORMS: Mapping[tuple[str, str], str] = {("0", "0"): "0/0", ("inf", "inf"): "inf/inf"}


def _kind(found: Approach | None) -> str:
    if found is None:
        return ""
    if found.behaviour is Behaviour.INFINITE:
        return "inf"
    return "0" if found.number.is_nothing else ""


def _limit(part: Node, place: Place) -> Approach | None:
    """Return a side that has a part's limit; from both sides it may be infinite of either sign."""
    found = _approaches(part, place)
    inside = found.inside
    if not inside or any(not each.is_known for each in inside):
        return None
    kinds = {_kind(each) for each in inside}
    return inside[0] if len(kinds) == 1 and inside[0].behaviour in _HAVE_LIMITS else None


_HAVE_LIMITS = (Behaviour.FINITE, Behaviour.INFINITE)


def _approaches(part: Node, place: Place) -> Approaches:
    at = {**place.fixed, place.name: place.point}
    return Limits(part, at, place.name, place.infinite).approaches(place.sides)


def _same(after: Node, place: Place, limit: Approach) -> bool:
    """Whether the quotient of derivatives is proved to have the limit."""
    found = _approaches(after, place)
    inside = found.inside
    if not found.is_one or not inside or inside[0].behaviour is not limit.behaviour:
        return False
    if limit.behaviour is Behaviour.INFINITE:
        return inside[0].sense == limit.sense
    return bool(inside[0].number.ball.overlaps(limit.number.ball))
