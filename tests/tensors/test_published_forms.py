"""Closed forms of gradients, Jacobians, Hessians and products, against torch's own derivatives."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from random import Random
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.autograd import functional

from diffcli.differentiation.forms.agreement import agreement
from diffcli.differentiation.forms.assumed import assumed_form
from diffcli.differentiation.settings import Settings
from diffcli.engines.lambdify import lambdify
from diffcli.engines.symbolic import expression, symbol
from diffcli.errors import UsageError
from diffcli.language.algebra import ZERO
from diffcli.language.declarations import declarations
from diffcli.language.expression import Node, node, number, variable
from diffcli.language.function import Function
from diffcli.language.parser import parse
from diffcli.operators import Grad, Hessian, Hvp, Jacobian, Jvp, Operator, Vjp
from diffcli.tensors.calculus import forms
from diffcli.tensors.calculus.errors import NoClosedFormError
from diffcli.tensors.calculus.networks import Space
from diffcli.tensors.calculus.presentation import text
from diffcli.tensors.shapes import shapes_of
from diffcli.verdict import Agreement
from tests.tensors.random_formulas import Formulas, Shape

SHAPES: Mapping[str, Shape] = {
    "s": (), "x": (3,), "w": (3,), "y": (4,), "A": (3, 3), "B": (3, 3), "S": (3, 3),
    "X": (4, 3), "W": (4, 3), "Y": (4, 2), "M": (3, 2), "H": (2, 3), "K": (4, 2),
}  # fmt: skip


def space_of(function: Function, shapes: Mapping[str, Shape]) -> Space:
    """Return the space of a formula of variables of these shapes."""
    known = {variable(name): shape for name, shape in shapes.items()}
    return Space(known | shapes_of(function, shapes))


HESSIANS = [
    ("norm(X@w - y)^2", "w", "2*X.T @ X"),
    ("x @ A @ x", "x", "A + A.T"),
    ("norm(X@w - y)^2 + s*norm(w)^2", "w", "2*(X.T @ X + s*eye(3))"),
    ("logsumexp(x)", "x", "diag(softmax(x)) - outer(softmax(x), softmax(x))"),
    ("sum(x)^2", "x", "2*ones(3,3)"),
    ("exp(dot(x, w))", "x", "exp(dot(x, w))*outer(w, w)"),
    ("norm(x)", "x", "(eye(3) - outer(x, x)/norm(x)**2)/norm(x)"),
    ("sum(x^3)", "x", "6*diag(x)"),
    ("dot(x, w)", "x", "0"),
    ("(x - w) @ inv(S) @ (x - w)", "w", "inv(S) + inv(S).T"),
    ("sum(diff(x)^2)", "x", "2*diff(eye(3), axis=0).T @ diff(eye(3), axis=0)"),
    ("sum(exp(X@w) + (X@w)^4/12)", "w", "X.T*(exp(X @ w) + (X @ w)**2) @ X"),
]  # fmt: skip

JACOBIANS = [
    ("A @ x", "x", "A"),
    ("softmax(x)", "x", "diag(softmax(x)) - outer(softmax(x), softmax(x))"),
    ("x/norm(x)", "x", "(eye(3) - outer(x, x)/norm(x)**2)/norm(x)"),
    ("solve(A, x)", "x", "solve(A, eye(3))"),
    ("cumsum(x)", "x", "cumsum(eye(3), axis=0)"),
    ("x[1:]", "x", "eye(3)[1:]"),
    ("x^2", "x", "diag(2*x)"),
    ("x*sum(x)", "x", "sum(x)*eye(3) + outer(x, ones(3))"),
]

ALONG = [
    ("logdet(A)", "trace(V @ inv(A))"),
    ("inv(A)", "-inv(A) @ V @ inv(A)"),
    ("A.T @ A", "V.T @ A + A.T @ V"),
    ("trace(A @ B)", "trace(V @ B)"),
]


@pytest.mark.sampled(2)
@pytest.mark.parametrize(("formula", "name", "expected"), HESSIANS)
def test_hessians(formula: str, name: str, expected: str) -> None:
    function = parse(formula, declared=SHAPES)
    space = space_of(function, SHAPES)
    assert_same(forms.hessian(space, function.outputs[0], name, name), expected)


@pytest.mark.parametrize(("formula", "name", "expected"), JACOBIANS)
def test_jacobians(formula: str, name: str, expected: str) -> None:
    function = parse(formula, declared=SHAPES)
    found = forms.jacobian(space_of(function, SHAPES), function.outputs[0], name)
    assert_same(found, expected)


@pytest.mark.parametrize(("formula", "expected"), ALONG)
def test_differentials(formula: str, expected: str) -> None:
    function = parse(formula, declared=SHAPES)
    space = space_of(function, {**SHAPES, "V": (3, 3)})
    found = forms.along(space, function.outputs[0], {"A": variable("V")})
    assert_same(found, expected)


def assert_same(found: Node, expected: str) -> None:
    """Assert that a formula is no longer than expected, and has the same value."""
    declared = {**SHAPES, "V": (3, 3)}
    printed = text(found)
    assert len(printed) <= len(expected) + 2, printed
    chance = np.random.default_rng(0)
    at = {name: torch.tensor(chance.uniform(0.5, 1.5, own)) for name, own in declared.items()}
    values = [
        evaluated(parse(each, declared=declared).outputs, at)[0] for each in (printed, expected)
    ]
    torch.testing.assert_close(*values, rtol=1e-12, atol=1e-12)


def evaluated(nodes: Sequence[Node], at: Mapping[str, Tensor]) -> Sequence[Tensor]:
    """Return the values of formulas of variables."""
    function = Function(tuple(map(text, nodes)), tuple(nodes), tuple(at))
    program = lambdify(expression(function), [symbol(name) for name in at])
    return [torch.as_tensor(each) for each in program(*at.values(), shape=())]


def test_a_number_in_a_sum_of_entries_is_taken_out() -> None:
    function = parse("dot(prod(y)*(x + s*w), w)", declared=SHAPES)
    space = space_of(function, SHAPES)
    assert_same(
        forms.along(space, function.outputs[0], {"w": variable("x")}),
        ("prod(y)*(dot(x, x + s*w) + s*dot(x, w))"),
    )


def test_what_cancels_has_no_derivative() -> None:
    function = parse("sum(softmax(A @ x))", declared=SHAPES)
    found = forms.gradient(space_of(function, SHAPES), function.outputs[0], ["A", "x"])
    assert [text(each) for each in found.values()] == ["0", "0"]


# -- random formulas at random shapes -----------------------------------------------------------


def value(function: Function, at: Mapping[str, Tensor]) -> Tensor:
    """Return the value of one formula."""
    return evaluated(function.outputs, {name: at[name] for name in function.variables})[0]


def check(seed: int, shape: Shape, depth: int) -> int:
    """Compare every closed form of a random formula with torch's; return how many there were."""
    formulas = Formulas(seed)
    shape = tuple(formulas.lengths[0] for _ in shape)
    function = parse(formulas.formula(shape, depth), declared=formulas.shapes)
    point = formulas.point()
    at = {name: torch.tensor(point[name]) for name in function.variables}
    if not at:
        return 0
    shapes = {name: formulas.shapes[name] for name in at}
    count = 0
    for kind in _KINDS[len(shape)]:
        space = space_of(function, shapes)
        try:
            cases = kind(function, space, at, Random(seed))
        except NoClosedFormError:
            # Three matrices meet in one index, say; the test counts what has a form.
            continue
        for form, given, expected in cases:
            if not torch.isfinite(expected).all():
                continue
            (found,) = evaluated([form], {**at, **given})
            size = max(1.0, float(expected.abs().max()))
            torch.testing.assert_close(
                found.broadcast_to(expected.shape).to(expected.dtype), expected,
                rtol=1e-8, atol=1e-9 * size, msg=lambda said, of=form: f"{text(of)}\n{said}",
            )  # fmt: skip
            count += 1
    return count


Case = tuple[Node, Mapping[str, Tensor], Tensor]
"""A closed form, the values of its directions, and what torch says."""


def of(function: Function, at: Mapping[str, Tensor], name: str) -> Callable[[Tensor], Tensor]:
    """Return the formula as a function of one variable."""
    return lambda own: value(function, {**at, name: own})


def directions(at: Mapping[str, Tensor], chance: Random) -> dict[str, Tensor]:
    """Return a direction for each variable."""
    torch.manual_seed(chance.randrange(2**32))
    return {name: torch.randn(own.shape, dtype=torch.float64) for name, own in at.items()}


def gradients(function: Function, space: Space, at: Any, _: Random) -> list[Case]:
    found = forms.gradient(space, function.outputs[0], list(at))
    return [
        (node, {}, functional.vjp(of(function, at, name), at[name])[1])
        for name, node in found.items()
    ]


def hessians(function: Function, space: Space, at: Any, _: Random) -> list[Case]:
    names = [name for name in at if at[name].ndim < 2][:2]
    return [
        (
            forms.hessian(space, function.outputs[0], name, name),
            {},
            functional.hessian(of(function, at, name), at[name]),
        )
        for name in names
    ]


def hessians_along(function: Function, space: Space, at: Any, chance: Random) -> list[Case]:
    given = {f"D_{name}": each for name, each in directions(at, chance).items()}
    for name, each in given.items():
        space.shapes[variable(name)] = tuple(each.shape)
    along = {name: variable(f"D_{name}") for name in at}
    found = forms.hessian_along(space, function.outputs[0], list(at), along)

    def whole(*values: Tensor) -> Tensor:
        return value(function, dict(zip(at, values, strict=True)))

    _, products = functional.hvp(whole, tuple(at.values()), tuple(given.values()))
    return [(found[name], given, each) for name, each in zip(at, products, strict=True)]


def jacobians(function: Function, space: Space, at: Any, _: Random) -> list[Case]:
    names = [name for name in at if at[name].ndim < 2][:2]
    return [
        (
            forms.jacobian(space, function.outputs[0], name),
            {},
            functional.jacobian(of(function, at, name), at[name]),
        )
        for name in names
    ]


def products(function: Function, space: Space, at: Any, chance: Random) -> list[Case]:
    """Return the Jacobian times a vector, and a vector times the Jacobian."""
    given = {f"D_{name}": each for name, each in directions(at, chance).items()}
    (weight,) = directions({"C": value(function, at)}, chance).values()
    for name, each in {**given, "weight": weight}.items():
        space.shapes[variable(name)] = tuple(each.shape)

    def whole(*values: Tensor) -> Tensor:
        return value(function, dict(zip(at, values, strict=True)))

    _, along = functional.jvp(whole, tuple(at.values()), tuple(given.values()))
    _, pulls = functional.vjp(whole, tuple(at.values()), weight)
    (root,) = function.outputs
    pushed = forms.along(space, root, {name: variable(f"D_{name}") for name in at})
    pulled = forms.cotangents(space, [root], [variable("weight")], list(at))
    cases = zip(pulled.values(), pulls, strict=True)
    return [(pushed, given, along), *((node, {"weight": weight}, each) for node, each in cases)]


_KINDS = {
    0: (gradients, hessians, hessians_along),
    1: (jacobians, products),
    2: (products,),
}
"""The closed forms of a formula, by how many axes it has."""
ORDERS: Mapping[str, Shape] = {"number": (), "vector": (0,), "matrix": (0, 0)}


@pytest.mark.sampled(2)
@pytest.mark.parametrize("order", ORDERS)
def test_random_formulas(order: str) -> None:
    assert sum(check(seed, ORDERS[order], 2) for seed in range(12)) > 12


@pytest.mark.slow
@pytest.mark.parametrize("part", range(10))
@pytest.mark.parametrize("order", ORDERS)
def test_more_random_formulas(order: str, part: int) -> None:
    seeds = range(100 + 40 * part, 140 + 40 * part)
    assert sum(check(seed, ORDERS[order], 2 + seed % 3) for seed in seeds) > 40


# -- held against autograd without a point ---------------------------------------------------------


def test_a_closed_form_without_a_point_is_held_against_autograd() -> None:
    function = parse("mean((X@w - y)^2)", declared=["X", "w", "y"])
    operator = Hessian(wrt=("w",))
    form, _ = assumed_form(operator, function)
    assert [block.text for block in form.formulas.values()] == ["2*X.T @ X/m"]
    assert agreement(operator, function, form, Settings()) == Agreement("enclosure", 3)
    (block,) = form.blocks
    wrong = replace(form, blocks=(replace(block, node=block.node.args[0]),))
    assert agreement(operator, function, wrong, Settings()) is None


def test_no_random_point_counts_without_a_value() -> None:
    function = parse("sum(log(-x^2))", declared=["x"])
    form, _ = assumed_form(Grad(), function)
    assert agreement(Grad(), function, form, Settings()) == Agreement("autograd", 0)


@pytest.mark.parametrize(
    ("formula", "fact", "expected"),
    [
        ("x @ A @ x", "A symmetric", "2*A @ x"),
        ("x @ inv(A) @ x", "A posdef", "2*inv(A) @ x"),
        ("norm(A @ x)^2", "A orthogonal", "2*x"),
        ("x @ A @ x", "A diagonal", "2*A @ x"),
    ],
)
def test_random_points_are_as_it_is_assumed(formula: str, fact: str, expected: str) -> None:
    said = declarations(None, fact)
    function = replace(parse(formula, declared=["A", "x"]), said=said)
    operator = Grad(wrt=("x",))
    form, _ = assumed_form(operator, function)
    assert [each.text for each in form.formulas.values()] == [expected]
    assert agreement(operator, function, form, Settings()) == Agreement("enclosure", 3)


def test_a_second_derivative_in_a_symmetric_matrix_is_the_unconstrained_one() -> None:
    function = replace(
        parse("trace(A @ A @ A)", declared=["A"]), said=declarations(None, "A symmetric")
    )
    form, _ = assumed_form(Hessian(), function)
    assert agreement(Hessian(), function, form, Settings()) == Agreement("enclosure", 3)
    assert [each.text for each in form.formulas.values()] == ["3*(V.T @ A.T + A.T @ V.T)"]


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    ("operator", "formula", "shapes"),
    [
        (Jvp(), "solve(A, x)", "A=(n,n), x=n"),
        (Vjp(wrt=("A",)), "softmax(A @ x)", "A=(m,n), x=n"),
        (Hvp(), "logdet(A) + x @ A @ x", "A=(n,n), x=n"),
        (Jacobian(), "[A @ x, x*sum(x)]", "A=(m,n), x=n"),
        (Hessian(), "norm(X @ w - y)^2", "X=(m,n), w=n, y=m"),
    ],
)
def test_every_derivative_is_held_against_the_enclosure(
    operator: Operator, formula: str, shapes: str
) -> None:
    function = parse(formula, said=declarations(shapes, None))
    form, _ = assumed_form(operator, function)
    assert agreement(operator, function, form, Settings()) == Agreement("enclosure", 3)
    for place, block in enumerate(form.blocks):
        doubled = replace(block, node=node("mul", number(2), block.node))
        if block.node is not ZERO:
            blocks = (*form.blocks[:place], doubled, *form.blocks[place + 1 :])
            wrong = replace(form, blocks=blocks)
            assert agreement(operator, function, wrong, Settings()) is None, block.label
    autograd = Settings(engines=("autograd", "symbolic"))
    assert agreement(operator, function, form, autograd) == Agreement("autograd", 3)


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        ("n*mean(x)", "ones(n)"),
        ("mean(x[1:])", "sum(eye(n)[1:], axis=0)/(n - 1)"),
        ("var(x[1:])", "2*eye(n)[1:].T @ (x[1:] - mean(x[1:]))/(n - 2)"),
        ("mean(x[4:]^2)", "2*eye(n)[4:].T @ x[4:]/(n - 4)"),
    ],
)
def test_a_length_that_is_made_of_another_is_written_so(formula: str, expected: str) -> None:
    function = parse(formula, said=declarations("x=n, y=m", None))
    form, _ = assumed_form(Grad(wrt=("x",)), function)
    assert [each.text for each in form.formulas.values()] == [expected]
    assert agreement(Grad(wrt=("x",)), function, form, Settings()) == Agreement("enclosure", 3)


def test_a_length_that_has_no_name_has_no_form() -> None:
    function = parse("mean(x[::2])", said=declarations("x=n", None))
    with pytest.raises(NoClosedFormError, match="no name"):
        assumed_form(Grad(), function)


@pytest.mark.parametrize(
    "formula",
    ["max(s*ones(3))", "max(where(x > s, x, s))", "min(relu(x - s) + s)", "max(x + s - x)"],
)
def test_a_greatest_entry_that_is_the_same_in_several_counts_once(formula: str) -> None:
    function = parse(formula, said=declarations("x=4, s=()", None))
    form, _ = assumed_form(Grad(wrt=("s",)), function)
    at = {"x": torch.tensor([0.5, 0.25, 0.125, 0.0]), "s": torch.tensor(1.0)}
    names = [name for name in form.variables if name in function.variables]
    (found,) = evaluated([form.blocks[0].node], {name: at[name].double() for name in names})
    assert float(found) == 1


@pytest.mark.parametrize("formula", ["sum(std(X, axis=1))", "mean(X[:,1:])"])
def test_a_line_of_one_entry_has_no_form(formula: str) -> None:
    function = parse(formula, said=declarations("X=(2,1)", None))
    with pytest.raises(NoClosedFormError):
        assumed_form(Grad(), function)


@pytest.mark.parametrize(
    ("formula", "shapes", "expected"),
    [
        ("trace(kron(X, X))", "X=(n,n)", "2*trace(X)*eye(n)"),
        ("norm(kron(A, X))^2", "A=(m,n), X=(p,q)", "2*norm(A)**2*X"),
        ("sum(eigvalsh(X))", "X=(n,n)", "eye(n)"),
        ("mean(vec(X)^2)", "X=(m,n)", "2*X/(m*n)"),
        ("dot(vec(X), vec(A))", "X=(m,n), A=(m,n)", "A"),
        ("log(sigmoid(trace(X)))", "X=(n,n)", "sigmoid(-trace(X))*eye(n)"),
    ],
)
def test_reductions_of_rearrangements(formula: str, shapes: str, expected: str) -> None:
    function = parse(formula, said=declarations(shapes, None))
    operator = Grad(wrt=("X",))
    form, _ = assumed_form(operator, function)
    assert [each.text for each in form.formulas.values()] == [expected]
    # Autograd differentiates the operation as it was typed.
    assert agreement(operator, function, form, Settings(engines=("autograd", "symbolic")))


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        ("sum(log(1 + exp(-y*(X@w))))", "-X.T @ (sigmoid(-y*(X @ w))*y)"),
        ("sum(log1p(exp(X@w)) - y*(X@w))", "X.T @ (-y + sigmoid(X @ w))"),
        (
            "-sum(y*log(sigmoid(X@w)) + (1-y)*log(1 - sigmoid(X@w)))",
            "X.T @ (-y + sigmoid(X @ w))",
        ),
        ("sum(log(1/(1 + e^(-X@w))))", "X.T @ sigmoid(-X @ w)"),
        ("sum(max(0, 1 - y*(X@w))^2)", "-2*X.T @ (relu(1 - y*(X @ w))*y)"),
        ("sum(max(X@w, y))", "X.T @ heaviside(X @ w - y)"),
        ("sum(min(X@w, 0))", "X.T @ heaviside(-(X @ w))"),
        ("sum(clamp(X@w, 0, 1))", "X.T @ (heaviside(X @ w) - heaviside(X @ w - 1))"),
        ("sum(clamp(X@w, y, 1/2))", None),
        ("sum(leaky_relu(X@w))", None),
        ("sum(hardtanh(X@w))", None),
    ],
)
def test_losses_of_margins_have_the_textbooks_form(formula: str, expected: str | None) -> None:
    function = parse(formula, said=declarations("X=(m,n), w=n, y=m", None))
    operator = Grad(wrt=("w",))
    form, _ = assumed_form(operator, function)
    if expected is not None:
        assert [each.text for each in form.formulas.values()] == [expected]
    # Autograd differentiates the operation as it was typed.
    assert agreement(operator, function, form, Settings(engines=("autograd",)))


@pytest.mark.parametrize(
    ("formula", "shapes", "name", "expected"),
    [
        # Lee and Seung, Algorithms for non-negative matrix factorization (NIPS 2000).
        (
            "sum(X*log(X/(W@H)) - X + W@H)", "X=(m,n), W=(m,k), H=(k,n)", "W",
            "(1 - X/(W @ H)) @ H.T",
        ),
        ("sum(p*log(p/q))", "p=n, q=n", "p", "log(p/q) + 1"),
        ("-sum(p*log(p))", "p=n", "p", "-(log(p) + 1)"),
        ("log(s*dot(x, x))", "x=n, s=()", "x", "2*x/dot(x, x)"),
        ("sum(log(x*x))", "x=n", "x", "2/x"),
        ("sum(softmax(z)*log(softmax(z)))", "z=n", "z", None),
        ("sum(log(x/y)^2)", "x=n, y=n", "y", "-2*log(x/y)/y"),
        ("-log(softmax(x)[0])", "x=n", "x", "-eye(n)[0] + softmax(x)"),
        # Mikolov and others, Distributed representations of words and phrases (2013), equation 4.
        (
            "-log(sigmoid(dot(u,v))) - sum(log(sigmoid(-N@u)))", "u=n, v=n, N=(m,n)", "u",
            "N.T @ sigmoid(N @ u) - sigmoid(-dot(u, v))*v",
        ),
        ("sum(gelu(x))", "x=n", "x", "normcdf(x) + x*normpdf(x)"),
        # Rasmussen and Williams, Gaussian Processes for Machine Learning (2006), equation 5.9.
        (
            "y.T@inv(K + s*eye(m))@y + logdet(K + s*eye(m))", "K=(m,m), y=m, s=()", "s",
            "R = inv(K + s*eye(m)); trace(R.T - outer(R.T @ y, R @ y))",
        ),
        # The normalisation of Zhang and Sennrich (NeurIPS 2019).
        (
            "dot(g, x/sqrt(mean(x^2) + s))", "g=n, x=n, s=()", "x",
            "(g - dot(g, x)*x/((mean(x**2) + s)*n))/sqrt(mean(x**2) + s)",
        ),
    ],
)  # fmt: skip
def test_logarithms_roots_and_traces(
    formula: str, shapes: str, name: str, expected: str | None
) -> None:
    function = parse(formula, said=declarations(shapes, None))
    operator = Grad(wrt=(name,))
    form, _ = assumed_form(operator, function)
    if expected is not None:
        assert [each.text for each in form.formulas.values()] == [expected]
    assert agreement(operator, function, form, Settings(engines=("autograd",)))


def test_a_term_over_itself_stays_where_the_formula_has_no_logarithm_of_it() -> None:
    function = parse("sum(x^3/x)", said=declarations("x=n", None))
    form, _ = assumed_form(Grad(), function)
    assert [each.text for each in form.formulas.values()] == ["-x**3/x**2 + 3*x**2/x"]


def test_a_mismatch_writes_lengths_by_their_names() -> None:
    function = parse("norm(X - ones(m)*c)^2", said=declarations("X=(m,n), c=n", None))
    with pytest.raises(UsageError, match=r"^ones\(m\)\*c doesn't go with shapes \[m\] and \[n\]"):
        assumed_form(Grad(wrt=("c",)), function)


def test_a_squared_hinge_has_a_slope_of_0_at_its_kink() -> None:
    function = parse("sum(relu(x)^2)", said=declarations("x=3", None))
    form, _ = assumed_form(Grad(), function)
    point = {"x": torch.tensor([-1.0, 0.0, 2.0], dtype=torch.float64)}
    (found,) = evaluated([form.blocks[0].node], point)
    assert found.tolist() == [0.0, 0.0, 4.0]


def test_a_power_cancels_with_a_higher_one_below_the_line() -> None:
    function = parse("sum(x*log(x))", said=declarations("x=n", None))
    form, _ = assumed_form(Hessian(), function)
    assert [each.text for each in form.formulas.values()] == ["diag(1/x)"]


def test_repeated_terms_of_a_long_formula_have_names_that_are_read_back() -> None:
    loss = "mean(softplus(-(y*(tanh(X @ W + b) @ v))))"
    said = declarations("X=(m,n), W=(n,k), b=k, v=k, y=m", None)
    operator = Hessian(wrt=("v",))
    function = parse(loss, said=said)
    form, _ = assumed_form(operator, function)
    (formula,) = form.formulas.values()
    assert formula.text == (
        "R = tanh(X @ W + b); U = y*(R @ v); R.T*y**2*sigmoid(-U)*sigmoid(U) @ R/m"
    )
    read = parse(formula.text, said=said).outputs[0]
    again = replace(form, blocks=(replace(form.blocks[0], node=read),))
    assert agreement(operator, function, again, Settings()) == Agreement("enclosure", 3)
