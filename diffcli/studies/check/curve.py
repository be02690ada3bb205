"""Whether a claim is dy/dx of an equation: as an identity, or on each branch of the curve.

The derivative is −Fₓ/F_y. A claim that equals it for all x and y holds on the curve; one that
doesn't may still hold there, which is decided on the branches y = g(x) where F is of degree one or
two in y.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from diffcli.differentiation import Settings
from diffcli.errors import LimitError, UsageError
from diffcli.language.algebra import ZERO, Algebra
from diffcli.language.builder import Builder
from diffcli.language.equations import Equations
from diffcli.language.expression import VARIABLE, Node, node, number, postorder
from diffcli.language.expression import variable as variable_node
from diffcli.language.parser import parse
from diffcli.language.printer import text_of
from diffcli.studies.check.claim import Claim
from diffcli.studies.check.judgement import Decision, Proof, decide


def decide_on_curve(
    equations: Equations, claim: Claim, of: str, wrt: str, settings: Settings
) -> Decision:
    """Decide whether a claim is the derivative of ``of`` in ``wrt`` where an equation holds.

    Raises UsageError for several equations or formulas, LimitError where the claim differs from
    −Fₓ/F_y and the curve's branches aren't known.
    """
    if len(equations.sides) != 1 or claim.shape != ():
        raise UsageError(
            "a claim about an equation is one formula", hint='check "x^2 + y^2 = 25" "-x/y"'
        )
    names = tuple(dict.fromkeys([*equations.function.variables, of, wrt]))
    residual = text_of(equations.function.outputs[0])
    text = f"-diff({residual}, {wrt})/diff({residual}, {of})"
    slope = parse(text, variables=names).read_as
    decision = _decided([slope, claim.formulas[0]], claim, names, settings, order=0)
    if decision.proof is Proof.WRONG:
        (term,) = parse(claim.formulas[0], variables=names).outputs
        branches = [
            _decided([text_of(branch), text_of(_put(term, of, branch))], claim, (wrt,), settings)
            for branch in _branches(equations.function.outputs[0], of)
        ]
        if not branches:
            raise LimitError(
                f"the claim isn't {slope} everywhere, and its values on the curve aren't decided",
                hint="diffcli implicit gives the derivative, and its number with --at",
            )
        wrong = [branch for branch in branches if branch.proof is Proof.WRONG]
        decision = (wrong or sorted(branches, key=lambda branch: branch.proof is Proof.PROVED))[0]
    report = replace(decision.report, expression=equations.function.text, read_as=equations.read_as)
    return replace(decision, report=report, claim=claim.text)


def _decided(
    texts: Sequence[str],
    claim: Claim,
    names: Sequence[str],
    settings: Settings,
    order: int = 1,
) -> Decision:
    function = parse(texts, variables=names)
    return decide(
        function, claim, wrt=names[:1], declared=names, order=order, budget=settings.budget,
        seed=settings.seed,
    )  # fmt: skip


def _put(term: Node, name: str, value: Node) -> Node:
    return Algebra(Builder()).graft(term, {variable_node(name): value})


def _branches(residual: Node, of: str) -> Iterator[Node]:
    """Yield the solutions for a variable in which the residual is of degree one or two."""
    text = text_of(residual)
    names = sorted({str(term.value) for term in postorder([residual]) if term.op == VARIABLE})

    def derived(order: int) -> Node:
        return parse(f"diff({text}, {of}, {order})" if order else text, variables=names).outputs[0]

    if any(term is variable_node(of) for term in postorder([derived(2)])):
        return
    make = Algebra(Builder())
    double, b, c = derived(2), *(_put(derived(order), of, ZERO) for order in (1, 0))
    if double is ZERO:
        yield make.neg(make.div(c, b))
        return
    square = make.add(make.pow(b, number(2)), make.neg(make.mul(number(2), double, c)))
    for rise in (node("sqrt", square), node("neg", node("sqrt", square))):
        yield make.div(make.add(make.neg(b), rise), double)
