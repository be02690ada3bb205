"""Calls of functions that the text defines, ``f(x) = x^2; f(3)``, or only names, ``f(x)*sin(x)``.

Free functions over the parser of :mod:`diffcli.language.pratt`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from types import MappingProxyType

from diffcli.errors import DiffcliError, LimitError
from diffcli.language.application import arguments
from diffcli.language.derivative import differentiate
from diffcli.language.expression import VARIABLE, Node, is_unknown, node, postorder, variable
from diffcli.language.functions import TABLE
from diffcli.language.limits import MAX_NODES, MAX_ORDER
from diffcli.language.names import Routine
from diffcli.language.pratt import Pratt
from diffcli.language.printer import text_of
from diffcli.language.tokens import Token
from diffcli.language.unknown import is_conventional, unknown


def defined_function(parser: Pratt, parameters: Sequence[str]) -> None:
    """Read ``f(x, y) = formula``, and let the name be that function from here on."""
    name = parser.advance()
    names = parser.names
    problem = names.cannot_define(name.text)
    if problem is None and (name.text in TABLE or names.is_function(name)):
        problem = f"{name.text} is a function already"
    if len(set(parameters)) < len(parameters):
        problem = f"{name.text} names a parameter twice"
    if problem:
        raise parser.fail(problem, token=name, hint="choose another name")
    parser.position += 2 * len(parameters) + 2
    with ExitStack() as scope:
        for parameter in parameters:
            scope.enter_context(names.meant(parameter, variable(parameter)))
        body = parser.build.real(parser.expression())
    names.routines[name.text] = Routine(tuple(parameters), body)


def _primes(parser: Pratt, name: Token) -> int:
    """Read the primes behind a name, and return how many there are."""
    order = 0
    while parser.accept("'"):
        order += 1
    if order > MAX_ORDER:
        raise parser.fail(f"{order} primes", token=name, hint=f"at most {MAX_ORDER} are read")
    return order


def _of_routine(parser: Pratt, name: Token) -> Node:
    """Read a call of a function that the text defines; return its formula there."""
    routine = parser.names.routines[name.text]
    order, listed = _primes(parser, name), ", ".join(routine.parameters)
    if not parser.at("("):
        raise parser.fail(
            f"{name.text} is a function here", token=name, hint=f"write {name.text}({listed})"
        )
    if order and len(routine.parameters) > 1:
        raise parser.fail(
            f"a prime goes with one parameter, and there are {listed}", token=name,
            hint=f"write diff({name.text}({listed}), {routine.parameters[0]})",
        )  # fmt: skip
    given = arguments(parser, name)
    if len(given) != len(routine.parameters):
        raise _wrong_count(parser, name, len(routine.parameters), len(given))
    body = routine.body
    if order:
        body = differentiate(body, routine.parameters[0], parser.build, order)
    places = {variable(x): arg for x, arg in zip(routine.parameters, given, strict=True)}
    return _put(parser, body, places, name)


def _wrong_count(parser: Pratt, name: Token, count: int, given: int) -> DiffcliError:
    return parser.fail(
        f"{name.text} has {count} argument{'s' * (count > 1)} elsewhere, and {given} here",
        token=name, hint="a function has as many arguments everywhere",
    )  # fmt: skip


def _put(parser: Pratt, body: Node, arguments: Mapping[Node, Node], name: Token) -> Node:
    """Return a formula with nodes in the places of its variables, their constants checked."""
    results = dict(arguments)
    order = postorder([body])
    parser.build.steps += len(order)
    if parser.build.steps > MAX_NODES:
        raise parser.fail(
            "the formula has too many terms", token=name, error=LimitError,
            hint=f"at most {MAX_NODES:,} are read",
        )  # fmt: skip
    for term in order:
        if term.is_leaf:
            results.setdefault(term, term)
            continue
        inner = [results[arg] for arg in term.args]
        is_number = term.op in TABLE and not term.static and not TABLE[term.op].boolean
        if is_number and term.op != "piecewise":
            results[term] = parser.build(term.op, *inner, at=name)
        else:
            results[term] = node(term.op, *inner, static=term.static)
    return results[body]


def _of_unknown(parser: Pratt, name: Token) -> Node:
    """Read a call of a function that is only named."""
    order = _primes(parser, name)
    if not parser.at("("):
        raise parser.fail(
            f"{name.text}' has no argument", token=name, hint=f"write {name.text}'(x)"
        )
    given = [parser.build.real(argument) for argument in arguments(parser, name)]
    plain = all(argument.op == VARIABLE or is_unknown(argument.op) for argument in given)
    if not given or not (plain or is_conventional(name.text)):
        raise parser.fail(
            f"unknown function {name.text!r}", token=name,
            hint=f"to multiply, write {name.text}*(…)",
        )  # fmt: skip
    count = parser.names.arities.setdefault(name.text, len(given))
    if count != len(given):
        raise _wrong_count(parser, name, count, len(given))
    if order and count > 1:
        raise parser.fail(
            f"{name.text}' has {count} arguments to be differentiated in", token=name,
            hint=f"write diff({name.text}(…), x)",
        )  # fmt: skip
    parser.names.echo(f"{name.text} is an unknown function of {', '.join(map(text_of, given))}")
    return unknown(name.text, (order, *[0] * (count - 1)), given)


FORMS: Mapping[str, Callable[[Pratt, Token], Node]] = MappingProxyType(
    {"routine": _of_routine, "unknown": _of_unknown}
)
"""Readers of such calls, by what the name means."""
