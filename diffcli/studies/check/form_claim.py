"""A claim about a formula of tensors of any shape: ``(A + A.T) @ x`` for ``x.T @ A @ x`` in x.

Both the derivative's closed form and the claim are written as sums of products; where these are the
same the claim is proved for all shapes. It is compared at random points of a few shapes besides, as
any claim of tensors is, where intervals prove what is wrong.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from math import prod
from random import Random

from diffcli.differentiation import Settings
from diffcli.differentiation.forms.assumed import guessed_shapes, in_words
from diffcli.differentiation.forms.blocks import ClosedForm
from diffcli.differentiation.forms.closed import closed_form
from diffcli.differentiation.forms.random_points import Spread, of_sizes, random_point
from diffcli.errors import LimitError, UsageError
from diffcli.language.expression import variable
from diffcli.language.function import Function
from diffcli.language.functions import TABLE
from diffcli.language.printer import text_of
from diffcli.language.tensors import TENSORS
from diffcli.operators import Grad, Hessian, Jacobian, Operator, Scalars
from diffcli.studies.check.claim import Claim
from diffcli.studies.check.judgement import Decision, Exceptions, Proof
from diffcli.studies.check.tensor_claim import decide_tensors
from diffcli.tensors.calculus.identity import are_equal
from diffcli.tensors.calculus.networks import Space
from diffcli.tensors.calculus.sizes import named_lengths
from diffcli.tensors.calculus.symmetry import orthogonal_in, symmetric_in
from diffcli.tensors.rules import Shape, Shapes, rule_of
from diffcli.tensors.shapes import shapes_of

SIZES = ((2, 3, 2, 3), (3, 2, 2, 3), (4, 2, 3, 2))
"""Numbers for the lengths that stand for any: the shapes at which a claim is compared."""
_AXES = 2
POINTS = 4
"""Random points of each shape."""


def decide_forms(
    function: Function,
    claim: Claim,
    settings: Settings,
    *,
    wrt: Sequence[str] = (),
    order: int | None = None,
) -> Decision:
    """Decide whether a claim is the derivative, whatever the shapes.

    ``function`` has one formula, then the claim's. Raises UsageError where nothing says the shapes
    and none go together.
    """
    first = len(function.outputs) - len(claim.formulas)
    if first != 1:
        raise UsageError(
            "nothing says the shapes of the tensors", hint="a point does, as x=[1,2,3]"
        )
    names = tuple(wrt) or _used(function)
    operators = _operators(names, order, len(claim.formulas))
    for operator in operators:
        guessed = guessed_shapes(function, partial(_fits, operator, function, names))
        if guessed is not None:
            whole, shapes = guessed
            words = in_words(function, whole, shapes)
            return _decided(operator, whole, claim, settings, names, shapes, words)
    raise UsageError(
        "no shapes were found that the formula and the claim both take",
        hint="--shapes says them, as in A=(n,n), x=n; so does a point",
    )


def _used(function: Function) -> tuple[str, ...]:
    """Return the variables of the formula, without those of the claim alone."""
    alone = replace(function, outputs=function.outputs[:1])
    return tuple(name for name in function.variables if variable(name) in alone.nodes)


def _operators(names: tuple[str, ...], order: int | None, claims: int) -> list[Operator]:
    """Return the operators that a claim may be about, the likeliest first."""
    firsts: list[Operator] = [Grad(wrt=names)]
    seconds: list[Operator] = [Hessian(wrt=names)]
    if claims == 1 and len(names) == 1:
        firsts.append(Jacobian(wrt=names))
    return seconds if order == 2 else firsts if order == 1 else [*firsts, *seconds]


def _fits(operator: Operator, function: Function, names: Sequence[str], shapes: Shapes) -> bool:
    """Whether the claim has the shape of the derivative, where the variables have these."""
    value, *claimed = (shapes[output] for output in function.outputs)
    wanted = [shapes[variable(name)] for name in names]
    if isinstance(operator, Jacobian):
        if len(value) == len(wanted[0]) == _AXES:
            return claimed == [(prod(value), prod(wanted[0]))]
        return len(value) == 1 and claimed == [(*value, *wanted[0])] and len(wanted[0]) < _AXES
    if value != ():
        return False
    if isinstance(operator, Hessian):
        return len(wanted) == 1 and wanted[0] != () and claimed == [(prod(wanted[0]),) * 2]
    return claimed == wanted


def _decided(
    operator: Operator,
    function: Function,
    claim: Claim,
    settings: Settings,
    names: Sequence[str],
    shapes: Mapping[str, Shape],
    words: str,
) -> Decision:
    lengths = function.said.any_length
    form = _form(operator, function, shapes, lengths)
    decisions: list[Decision] = []
    order = 2 if isinstance(operator, Hessian) else 1
    for sizes in SIZES:
        chosen = {length: sizes[index % len(sizes)] for index, length in enumerate(lengths)}
        here = of_sizes(function, shapes, lengths, chosen)
        draw = Random(f"{settings.seed} {sorted(here.said.shapes.items())}")  # noqa: S311
        points = [
            random_point(here.said.shapes, here.said.facts, draw, Spread()) for _ in range(POINTS)
        ]
        try:
            decision = decide_tensors(
                here, claim, points, settings, wrt=names, order=order, alone=True
            )
        except (UsageError, LimitError):
            continue
        if decision.proof is Proof.WRONG:
            return decision
        decisions.append(decision)
    if not decisions:
        raise UsageError(
            "no point was found where the formula and the claim both have a value",
            hint="name one with --at",
        )
    is_proved = form is not None and _is_identity(form, function, shapes, lengths)
    where = tuple(_kinks(function)) if is_proved else ()
    proof = (Proof.ALMOST if where else Proof.PROVED) if is_proved else Proof.EQUAL
    taken = f"taken for any lengths: {words}" if words else ""
    first = decisions[0]
    report = replace(
        first.report,
        variables=tuple(shapes),
        read_as=text_of(function.outputs[0], lengths=lengths),
        results=(replace(first.report.results[0], symbolic=form.formulas if form else {}),),
        notation=form.notation if form else {},
        warnings=(*first.report.warnings, *([taken] if taken else [])),
    )
    said = [text_of(output, lengths=lengths) for output in function.outputs[1:]]
    return replace(
        first,
        report=report,
        claim_read_as=said[0] if len(said) == 1 else f"[{', '.join(said)}]",
        proof=proof,
        points=sum(decision.points for decision in decisions),
        shapes=len(decisions),
        gaps=(),
        exceptions=Exceptions(where=where),
    )


def _form(
    operator: Operator,
    function: Function,
    shapes: Mapping[str, Shape],
    lengths: Mapping[int, str],
) -> ClosedForm | None:
    alone = replace(function, text=function.text[:1], outputs=function.outputs[:1])
    value = shapes_of(alone, shapes)[alone.outputs[0]]
    scalars = operator.moving(Scalars(None, shapes, (value,)))
    try:
        return closed_form(operator, alone, scalars, shapes, lengths).matrices
    except LimitError:
        return None


def _is_identity(
    form: ClosedForm,
    function: Function,
    shapes: Mapping[str, Shape],
    lengths: Mapping[int, str],
) -> bool:
    """Whether each formula of the derivative is the claim's, whatever the lengths are."""
    facts = function.said.facts
    nodes = {variable(name): shape for name, shape in shapes.items()}
    nodes |= {variable(name): () for name in lengths.values()}
    space = Space(
        nodes | shapes_of(function, shapes), lengths, symmetric_in(facts), orthogonal_in(facts)
    )
    return all(
        are_equal(
            space, block.node, named_lengths(claimed, lengths), space.labels(form.shape(block))
        )
        for block, claimed in zip(form.blocks, function.outputs[1:], strict=True)
    )


def _kinks(function: Function) -> list[str]:
    """Return in words where the formula may have no derivative that its operations have."""
    return [
        f"{text_of(node, lengths=function.said.any_length)} has a kink"
        for node in replace(function, outputs=function.outputs[:1]).nodes
        if (node.op in TENSORS and rule_of(node.op).kink)
        or (node.op in TABLE and TABLE[node.op].kinks)
        or node.op == "piecewise"
    ]
