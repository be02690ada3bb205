"""Definite integrals: functions of their bounds, and of what else their integrands depend on.

``integrate(exp(-s*t^2), t=0..x)`` is a function of 0, x and s. Its operation is named by its
integrand, ``∫ t,s: exp(-s*t**2)``, so its row of the table is made from its name, and every engine
finds what it needs there; nothing else need know that a node is an integral.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import count

from diffcli.language.expression import NUMBER, VARIABLE, Node, node, postorder, variable
from diffcli.language.rows import Row

SIGN = "∫"
_KEPT = 1024
"""Integrands and rows that are kept."""


@dataclass(frozen=True)
class Integrand:
    """A formula in the variable of integration and the parameters."""

    body: Node
    variable: str
    parameters: tuple[str, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The variable of integration, then the parameters."""
        return (self.variable, *self.parameters)


def is_integral(op: str) -> bool:
    """Whether an operation is an integral."""
    return op.startswith(SIGN)


def integral(body: Node, name: str, low: Node, high: Node, places: Mapping[str, Node]) -> Node:
    """Return the node of an integral; ``places`` stand for the integrand's other variables.

    A variable without a place stands for itself.
    """
    from diffcli.language.printer import text_of

    free = sorted(_variables(body) - {name})
    names = ",".join((name, *free))
    text = text_of(body, euler="E" if "e" in (name, *free) else "e")
    return node(
        f"{SIGN} {names}: {text}", low, high, *(places.get(each) or variable(each) for each in free)
    )


@lru_cache(_KEPT)
def integrand_of(op: str) -> Integrand:
    """Return what an integral's operation integrates."""
    from diffcli.language.parser import parse

    names, _, text = op.removeprefix(SIGN).strip().partition(": ")
    name, *parameters = names.split(",")
    (body,) = parse(text, variables=(name, *parameters)).outputs
    return Integrand(body, name, tuple(parameters))


def opened(each: Node) -> tuple[Node, str]:
    """Return an integral's integrand with its arguments in their places, and its variable."""
    found = integrand_of(each.op)
    places = {
        variable(name): arg for name, arg in zip(found.parameters, each.args[2:], strict=True)
    }
    taken = set().union(*(_variables(arg) for arg in each.args[2:]))
    name = unused(found.variable, taken)
    return substituted(found.body, {**places, variable(found.variable): variable(name)}), name


def unused(name: str, taken: Collection[str]) -> str:
    """Return a name, or one like it that isn't taken."""
    return next(each for n in count() if (each := f"{name}_{n}" if n else name) not in taken)


def substituted(root: Node, places: Mapping[Node, Node]) -> Node:
    """Return a formula with nodes in the places of its variables, else as it stands."""
    made = dict(places)
    for each in postorder([root]):
        if each not in made:
            inner = (made[arg] for arg in each.args)
            made[each] = each if each.is_leaf else node(each.op, *inner, static=each.static)
    return made[root]


def moving_jump(body: Node, name: str, parameter: str) -> Node | None:
    """Return a term of an integrand in ``name`` that jumps where a parameter moves the jump.

    Leibniz's rule doesn't hold for such a parameter: the derivative of the integral is not that of
    the integrand, integrated. A divisor with a kink makes a jump too, as in ``(x - t)/abs(x - t)``.
    """
    from diffcli.language.functions import TABLE

    both = {name, parameter}
    depends: dict[Node, set[str]] = {}
    has_kink: dict[Node, bool] = {}
    for each in postorder([body]):
        own = {str(each.value)} if each.op == VARIABLE else set()
        depends[each] = own.union(*(depends[arg] for arg in each.args)) & both
        if each.is_leaf or depends[each] < both:
            has_kink[each] = False
            continue
        row = TABLE[each.op]
        has_kink[each] = _is_kinked(each) or any(has_kink[arg] for arg in each.args)
        jumps = row.jumps or row.boolean
        if is_integral(each.op):
            jumps = moving_jump(opened(each)[0], name, parameter) is not None
        divides = each.op == "div" or (each.op == "pow" and each.args[1].op != NUMBER)
        if jumps or (divides and has_kink[each.args[1 if each.op == "div" else 0]]):
            return each
    return None


def _is_kinked(each: Node) -> bool:
    if each.op == "sqrt":
        return each.args[0].op == "pow"
    return each.op in _KINKED


_KINKED = frozenset("abs cbrt relu leaky_relu elu selu max min clamp hardtanh softsign".split())
"""The functions that have a kink where one term is 0."""


@lru_cache(_KEPT)
def integral_row(op: str) -> Row:
    """Return the row of the table of an integral."""
    from diffcli.language.latex.printer import name_latex, node_latex

    found = integrand_of(op)
    body = node_latex(found.body, variables=found.names)
    arity = len(found.parameters) + 2
    return Row(
        name=op,
        group="calculus",
        arity=(arity, arity),
        meaning="definite integral",
        torch=f"kernels.quadrature:{op}",
        sympy=f"terms.integrals:{op}",
        enclosure=f"balls.quadrature:{op}",
        latex=rf"\int_{{{{0}}}}^{{{{1}}}} {body} \, d{name_latex(found.variable)}",
        domain="where the integrand is finite between the bounds",
        ulps=64,
    )


def _variables(root: Node) -> set[str]:
    return {str(each.value) for each in postorder([root]) if each.op == VARIABLE}
