"""The derivative commands: one an operator, made from the registry."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from math import hypot
from typing import Any

from typer import Typer

from diffcli.cli.answer import answer, parse_asked
from diffcli.cli.help import Command
from diffcli.cli.messages import say
from diffcli.cli.options import (
    Common,
    Directional,
    Formulas,
    Mode,
    Order,
    Sparse,
    Vector,
    Wrt,
    one_of,
    variables,
    with_common,
)
from diffcli.cli.taylor import taylor
from diffcli.errors import PointError, UsageError
from diffcli.language.expression import Node
from diffcli.language.parser import parse
from diffcli.language.points import Tensor, Typed, read_points
from diffcli.operators import MODES, OPERATORS, Grad, Operator, Partial
from diffcli.operators import Directional as Along


def read_vector(text: str | None) -> Typed | None:
    """Read a vector. Raises PointError where it can't be read, or is several."""
    if text is None:
        return None
    first, *more = read_points([text])
    if more:
        raise PointError("several vectors", hint="give one: x=1,y=-1")
    return first


FIELDS: Mapping[str, tuple[Any, Callable[[Any], Any]]] = {
    "wrt": (Wrt, variables),
    "order": (Order, int),
    "mode": (Mode, lambda text: one_of(text, MODES, "--mode")),
    "vector": (Vector, read_vector),
    "sparse": (Sparse, bool),
}
"""The option that sets each field of an operator, and how its text is read."""

_EXAMPLES: Mapping[str, str] = {
    "eval": 'diffcli eval "x^2 + y" --at x=3,y=1',
    "grad": """\
diffcli grad "6x^2 + 2x + 4" --at 3
diffcli grad "u^3 + v^2 + 4uv" --at u=3,v=4
diffcli grad "sin(x)/x" --at "x=linspace(1,2,5)" --order 2
diffcli grad "x^2 + 3x"\
""",
    "partial": 'diffcli partial "x^2*y^3" x y y --at 1,2',
    "jacobian": 'diffcli jacobian "x^2*y" "5x + sin(y)" --at 1,2',
    "hessian": """\
diffcli hessian "x^2*y + y^3" --at 1,2
diffcli hessian "logsumexp(X@w)" --wrt w --at "X=[[1,2],[3,4]],w=[1,1]"\
""",
    "jvp": 'diffcli jvp "[x^2*y, 5x + sin(y)]" --at 1,2 --vector x=1,y=-1',
    "vjp": 'diffcli vjp "2x" --at "x=ones(3)" --vector "[0.1,1,10]"',
    "hvp": 'diffcli hvp "x^2*y + y^3" --at 1,2 --vector x=1,y=-1',
    "vhp": 'diffcli vhp "x^2*y + y^3" --at 1,2 --vector x=1,y=-1',
    "laplacian": 'diffcli laplacian "x^2*y + y^3" --at 1,2',
    "divergence": 'diffcli divergence "[x^2*y, 5x + sin(y)]" --at 1,2',
    "taylor": """\
diffcli taylor "exp(sin(x))" --order 8
diffcli taylor "log(x)" --at 1
diffcli taylor "exp(x)*cos(y)" --at 0,0 --order 2\
""",
    "curl": 'diffcli curl "[y*z, x*z, 2*x*y]" --at 1,2,3',
}


def register(app: Typer, name: str) -> None:
    """Add the command of an operator."""
    operator = OPERATORS[name]
    command = _WITH_ARGUMENTS_OF_ITS_OWN.get(name) or _command(operator)
    text = (inspect.getdoc(operator) or "").replace("``", "")
    app.command(
        name,
        cls=Command,
        help=text,
        short_help=text.partition(";")[0].removesuffix(".") + ".",
        epilog=_EXAMPLES.get(name),
    )(with_common(command))


def _command(operator: Callable[..., Operator]) -> Callable[..., int]:
    """Return the command whose options are the operator's fields."""
    fields = inspect.signature(operator).parameters.values()

    def command(formulas: Formulas = None, *, common: Common, **chosen: Any) -> int:
        read = {field: FIELDS[field][1](value) for field, value in chosen.items()}
        return answer(operator(**read), formulas or (), common, read.get("wrt", ()))

    own = inspect.signature(command, eval_str=True).parameters
    options = [
        inspect.Parameter(
            field.name,
            inspect.Parameter.KEYWORD_ONLY,
            default=field.default or None,
            annotation=FIELDS[field.name][0],
        )
        for field in fields
    ]
    vars(command)["__signature__"] = inspect.Signature(
        [own["formulas"], own["common"], *options], return_annotation=int
    )
    return command


def _grad(
    formulas: Formulas = None,
    *,
    common: Common,
    order: Order = 1,
    wrt: Wrt = None,
    mode: Mode = "auto",
    directional: Directional = None,
) -> int:
    chosen = variables(wrt)
    along = read_vector(directional)
    if along and (order > 1 or chosen):
        raise UsageError("--directional goes without --order and --wrt", hint="the vector says all")
    if along and not common.quiet:
        _tell_length(along)
    if along:
        return answer(Along(along), formulas or (), common)
    operator = Grad(order, chosen, FIELDS["mode"][1](mode))
    reader = parse if order > 1 or chosen else parse_asked
    return answer(operator, formulas or (), common, chosen, reader)


def _tell_length(vector: Typed) -> None:
    """Say how long a direction is, which another convention would make a unit vector."""
    from diffcli.engines.enclosure import nearest_float

    values = (*vector.ordered, *vector.named.values())
    entries = [each.entries if isinstance(each, Tensor) else (each,) for each in values]
    numbers = [each for part in entries for each in part if isinstance(each, Node)]
    length = hypot(*map(nearest_float, numbers))
    if length != 1:
        say(f"the vector is taken as it is, of length {length:.6g}: no unit vector is made of it")


def _partial(formulas: Formulas = None, *, common: Common) -> int:
    texts = formulas or []
    start = 0 if common.file else 1
    chosen = tuple(name for text in texts[start:] for name in variables(text))
    if texts and not chosen:
        raise UsageError("a partial in which variables?", hint=_EXAMPLES["partial"])
    return answer(Partial(wrt=chosen), texts[:start], common, chosen)


_WITH_ARGUMENTS_OF_ITS_OWN: Mapping[str, Callable[..., int]] = {
    "grad": _grad,
    "partial": _partial,
    "taylor": taylor,
}
