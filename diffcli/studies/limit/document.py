"""A limit as an answer: the limit, the rules that lead to it, what is proved on each side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from diffcli.engines.balls.decimals import FORMATS, certain_float, outward
from diffcli.engines.one_sided.limits import Approach, Behaviour
from diffcli.engines.one_sided.spelling import spelled
from diffcli.language.latex.printer import name_latex
from diffcli.language.printer import text_of
from diffcli.output.answers import function_lines
from diffcli.output.document import Answer, Document, Formulas, Math, Remarks, Tree, equal
from diffcli.output.report import Facts
from diffcli.output.text import DIGITS, number, proved
from diffcli.studies.limit.expansions import math
from diffcli.studies.limit.finding import LimitResult, Verdict
from diffcli.studies.limit.rules import INFINITIES, Step, Words, explain

EXITS = {Verdict.PROVED: 0, Verdict.NONE: 4, Verdict.UNDEFINED: 4, Verdict.UNVERIFIED: 6}
_SIDES = {-1: ("-", "left"), 1: ("+", "right")}
BOUNDS = 20
"""Digits of an enclosure."""


def limit_answer(facts: Facts, results: Sequence[LimitResult]) -> Answer:
    """Return a tree a point; the exit code is the worst one's."""
    steps = [explain(result) for result in results]

    def document(digits: int | None) -> Document:
        trees = [_tree(result, its, digits) for result, its in zip(results, steps, strict=True)]
        said = [remark for result in results for remark in _remarks(result)]
        return Document((Formulas((*function_lines(facts),)), *trees, Remarks(tuple(said))))

    records = [_record(result, its) for result, its in zip(results, steps, strict=True)]
    code = max((EXITS[result.verdict] for result in results), default=0)
    return Answer(facts, code, lambda: {**facts.data, "results": records}, document)


def _tree(result: LimitResult, steps: Sequence[Step], digits: int | None) -> Tree:
    limit = result.limit
    lines = [_step(step) for step in steps]
    if limit is None:
        lines = [*_sides(result, digits), *lines]
        alone = result.approaches.sides[0].side if len(result.place.sides) == 1 else 0
        mark = 0 if result.place.infinite else alone
        return Tree((_arrow(result, mark), f"  {_ABSENT[result.verdict]}"), tuple(lines))
    value = _value(limit, digits)
    side = result.one_sided or (limit if len(result.place.sides) == 1 else None)
    mark = side.side if side and not result.place.infinite else 0
    return Tree((equal(_arrow(result, mark), value), "   (proved)"), tuple(lines))


def _step(step: Step) -> Tree:
    rule = f"{step.rule}:  " if step.words else step.rule
    return Tree((rule, *step.words), tuple(map(Tree, step.lines)))


_ABSENT = {
    Verdict.NONE: "doesn't exist   (proved)",
    Verdict.UNDEFINED: "has no meaning: the point isn't next to the domain   (proved)",
    Verdict.UNVERIFIED: "isn't known",
}


def _arrow(result: LimitResult, side: int) -> Math:
    """Return ``lim x->0+ f`` in text and in LaTeX."""
    name, point = result.place.name, result.place.point
    mark = _SIDES[side][0] if side else ""
    target = math(point)
    tex = rf"\lim_{{{name_latex(name)} \to {target.latex}{f'^{mark}' if mark else ''}}} f"
    return Math(f"lim {name}->{target.text}{mark} f", tex)


def _sides(result: LimitResult, digits: int | None) -> list[Tree]:
    """Return what is known on each side, where both were asked for."""
    if result.place.infinite or len(result.approaches.sides) < 2:
        return []
    return [
        Tree((f"from the {_SIDES[side.side][1]}:  ", *_said(side, digits)))
        for side in result.approaches.sides
    ]


def _said(side: Approach, digits: int | None) -> Words:
    match side.behaviour:
        case Behaviour.OUTSIDE:
            return (f"outside the domain: {side.reason}",)
        case Behaviour.OSCILLATES:
            return ("no limit: it oscillates",)
        case Behaviour.UNKNOWN:
            return (f"not known: {side.reason}",)
    return (_value(side, digits),)


def _value(side: Approach, digits: int | None) -> Math:
    """Return a limit exactly, with its decimal where it isn't rational."""
    if side.behaviour is Behaviour.INFINITE:
        return INFINITIES[side.sense]
    exact, ball = spelled(side.number), side.number.ball
    decimal = proved(outward(ball, (digits or DIGITS) + BOUNDS), digits or DIGITS)
    if exact is None:
        return Math(decimal, decimal)
    known = math(exact)
    if side.number.rational is not None or known.text == decimal:
        return known
    return Math(f"{known.text} = {decimal}", rf"{known.latex} \approx {decimal}")


def _remarks(result: LimitResult) -> list[str]:
    """Return what else is to be said: a gap, a side outside the domain, numbers without a proof."""
    name, point = result.place.name, text_of(result.place.point)
    said: list[str] = []
    approaches = result.approaches
    if result.is_removable and result.limit is not None:
        value = _value(result.limit, None).text
        said.append(
            f"f has no value at {name} = {point} ({approaches.gap}): the singularity is removable, "
            f"and {value} fills the gap"
        )
    elif approaches.is_value is False and approaches.here is not None:
        said.append(f"f has another value at {name} = {point}: it isn't continuous there")
    if result.verdict is Verdict.UNDEFINED:
        said.append(f"next to the point f has no value: {approaches.sides[0].reason}")
    if side := result.one_sided:
        out = next(each for each in approaches.sides if each.behaviour is Behaviour.OUTSIDE)
        near, far = _SIDES[side.side][1], _SIDES[out.side][1]
        said.append(f"the limit is that from the {near}; on the {far} f has no value: {out.reason}")
    said += [_unverified(result, side) for side in approaches.sides if not side.is_known]
    return list(dict.fromkeys(said))


def _unverified(result: LimitResult, side: Approach) -> str:
    estimate = result.estimates.get(side.side)
    where = "" if result.place.infinite else f" on the {_SIDES[side.side][1]}"
    if estimate is None:
        return f"nothing is proved{where}: {side.reason}"
    near = number(estimate, 6)
    return f"not proved{where} ({side.reason}); the numbers next to the point are near {near}"


def _record(result: LimitResult, steps: Sequence[Step]) -> dict[str, Any]:
    limit, approaches = result.limit, result.approaches
    return {
        "variable": result.place.name,
        "at": text_of(result.place.point),
        "fixed": {name: text_of(value) for name, value in result.place.fixed.items()},
        "verdict": result.verdict.value,
        **_numbers(limit),
        "gap": approaches.gap if result.is_removable else None,
        "sides": [_side(result, side) for side in approaches.sides],
        "steps": [
            {
                "rule": step.rule,
                "lines": [Tree(words).text for words in (step.words, *step.lines) if words],
            }
            for step in steps
        ],
        "reason": "; ".join(_remarks(result)) or None,
    }


def _numbers(side: Approach | None) -> dict[str, Any]:
    """Return a limit as JSON has it: infinity isn't a number there."""
    if side is None or side.behaviour not in (Behaviour.FINITE, Behaviour.INFINITE):
        return {"limit": None, "exact": None, "enclosure": None, "infinite": None}
    if side.behaviour is Behaviour.INFINITE:
        sense = "+inf" if side.sense > 0 else "-inf"
        return {"limit": None, "exact": None, "enclosure": None, "infinite": sense}
    ball, exact = side.number.ball, spelled(side.number)
    return {
        "limit": certain_float(ball, *FORMATS["float64"]),
        "exact": None if exact is None else text_of(exact),
        "enclosure": list(outward(ball, BOUNDS)),
        "infinite": None,
    }


_VERDICTS = {
    Behaviour.FINITE: Verdict.PROVED,
    Behaviour.INFINITE: Verdict.PROVED,
    Behaviour.OSCILLATES: Verdict.NONE,
    Behaviour.OUTSIDE: Verdict.UNDEFINED,
    Behaviour.UNKNOWN: Verdict.UNVERIFIED,
}


def _side(result: LimitResult, side: Approach) -> dict[str, Any]:
    return {
        "side": _SIDES[side.side][1] if not result.place.infinite else None,
        "verdict": _VERDICTS[side.behaviour].value,
        **_numbers(side),
        "estimate": result.estimates.get(side.side),
        "reason": side.reason or None,
    }
