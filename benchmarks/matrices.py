"""Jacobians of Broyden's tridiagonal function and Hessians of the chained Rosenbrock function.

Ours is the matrix as diffcli gives it without checks, sparse where it is; the peers are
torch.func.jacrev and torch.func.hessian on the same formula, compiled alike. Structure and colours
are found anew each time. Broyden: Moré, Garbow and Hillstrom (1981), problem 30.

Closed forms besides: the time to derive them, and to evaluate one beside the same expression
written by hand.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial

import torch
from torch import Tensor

from benchmarks.record import Goal, Row
from benchmarks.timing import interleaved
from diffcli.differentiation.forms.assumed import assumed_form
from diffcli.differentiation.forms.blocks import ClosedForm
from diffcli.engines.lambdify import lambdify
from diffcli.engines.matrices.compressed import Structured
from diffcli.engines.symbolic import expression, symbol
from diffcli.language.declarations import declarations
from diffcli.language.parser import parse
from diffcli.operators import Grad, Hessian, Operator

BROYDEN = """[(3 - 2*x[0])*x[0] - 2*x[1] + 1,
(3 - 2*x[1:-1])*x[1:-1] - x[:-2] - 2*x[2:] + 1,
(3 - 2*x[-1])*x[-1] - x[-2] + 1]"""
ROSENBROCK = "sum(100*(x[1:] - x[:-1]^2)^2 + (1 - x[:-1])^2)"
SIZES = (10, 100, 1000, 10_000)
MOST_BYTES = 2**31
"""Of a dense matrix and of what makes it, beyond which a peer is left out."""
SHAPES = "X=(m,n), W=(n,k), b=k, v=k, w=n, y=m, s=()"
LOSS = "mean(softplus(-(y*(tanh(X @ W + b) @ v)))) + s*(norm(W)^2 + norm(v)^2)/2"
MOST_MS = 300
ROWS, COLUMNS = 400, 200
BY_HAND: Mapping[str, Callable[..., Tensor]] = {
    "norm(X@w - y)^2": lambda X, w, y: 2 * X.T @ (X @ w - y),
    "sum(softplus(X@w) - y*(X@w))": lambda X, w, y: X.T @ (torch.sigmoid(X @ w) - y),
    "logsumexp(X@w) - dot(y, X@w)": lambda X, w, y: X.T @ (torch.softmax(X @ w, 0) - y),
}
COPIES = 4
"""Dense matrices that a peer holds at once."""


def rows(quick: bool) -> Iterator[Row]:
    """Yield a row a matrix and size; the largest is left out of a quick run."""
    for size in SIZES[: 3 if quick else 4]:
        for name, text, own, peer in (
            ("Jacobian, Broyden", BROYDEN, _jacobian, _jacrev),
            ("Hessian, Rosenbrock", ROSENBROCK, _hessian, _func_hessian),
        ):
            yield _measured(f"{name}, n = {size:,}", text, size, own, peer)
    yield _derived()
    yield from map(_evaluated, BY_HAND)


def _form(operator: Operator, text: str) -> ClosedForm:
    form, _ = assumed_form(operator, parse(text, said=declarations(SHAPES, None)))
    return form


def _derived() -> Row:
    """Return the time of a gradient in all variables and of a Hessian, as text."""

    def ours() -> object:
        gradient = _form(Grad(wrt=("W", "b", "v")), LOSS)
        return gradient.formulas, _form(Hessian(wrt=("v", "b")), LOSS).formulas

    times = interleaved({"ours": ours}, 5)
    name = "closed gradient and Hessian, 16 operations"
    return Row(name, 1000 * times["ours"].least, goal=Goal(MOST_MS))


def _evaluated(text: str) -> Row:
    """Return the time of a closed gradient at a point, and of the expression by hand."""
    form = _form(Grad(wrt=("w",)), text)
    names = [*form.variables]
    program = lambdify(expression(form.function), [symbol(name) for name in names])
    torch.manual_seed(0)
    point = {
        "X": torch.randn(ROWS, COLUMNS, dtype=torch.float64),
        "w": torch.randn(COLUMNS, dtype=torch.float64),
        "y": torch.randn(ROWS, dtype=torch.float64),
    }
    given = [point[name] for name in names]
    runs: dict[str, Callable[[], object]] = {
        "ours": lambda: program(*given, shape=()),
        "by hand": lambda: BY_HAND[text](**point),
    }
    times = {each: 1000 * found.least for each, found in interleaved(runs, 200).items()}
    name = f"closed gradient of {text}, {ROWS} × {COLUMNS}"
    peers = {"by hand": times["by hand"]}
    return Row(name, times["ours"], peers=peers, goal=Goal(1.2, "by hand"))


def _measured(
    name: str,
    text: str,
    size: int,
    own: Callable[[Structured], object],
    peer: Callable[[Callable[[Tensor], Tensor], Tensor], object],
) -> Row:
    function = parse(text)
    program = partial(
        lambdify(expression(function), [symbol(each) for each in function.variables]), shape=()
    )
    x = torch.linspace(-1, 1, size, dtype=torch.float64)

    def flat(point: Tensor) -> Tensor:
        outputs = [output.reshape(-1) for output in program(point)]
        return torch.cat(outputs) if len(outputs) > 1 else outputs[0].squeeze()

    def ours() -> object:
        return own(Structured(function, program, {"x": x.clone().requires_grad_()}))

    runs: dict[str, Callable[[], object]] = {"ours": ours}
    fits = COPIES * 8 * size * size <= MOST_BYTES
    if fits:
        runs["torch.func"] = lambda: peer(flat, x)
    times = {each: 1000 * found.least for each, found in interleaved(runs, 5).items()}
    mine = times.pop("ours")
    goal = Goal(1, "torch.func") if fits and size >= 1000 else None
    note = "" if fits else "torch.func left out: its dense matrices do not fit the memory"
    return Row(name, mine, peers=times, goal=goal, note=note)


def _jacobian(at: Structured) -> object:
    return at.sparse_jacobian()


def _hessian(at: Structured) -> object:
    return at.sparse_hessian()


def _jacrev(function: Callable[[Tensor], Tensor], x: Tensor) -> object:
    return torch.func.jacrev(function)(x)


def _func_hessian(function: Callable[[Tensor], Tensor], x: Tensor) -> object:
    return torch.func.hessian(function)(x)


def main() -> None:
    """Print the table alone."""
    from rich.console import Console

    from benchmarks.record import table

    Console().print(table("matrices", list(rows(quick=False))))


if __name__ == "__main__":
    main()
