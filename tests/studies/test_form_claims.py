"""Claims about formulas of tensors of any shape: proved as identities, or wrong with a point."""

from __future__ import annotations

import pytest

from diffcli.commands.record import Request
from diffcli.commands.run import run
from diffcli.differentiation.forms.assumed import guessed_shapes
from diffcli.errors import UsageError
from diffcli.language.expression import variable
from diffcli.tensors.calculus.identity import are_equal
from diffcli.tensors.calculus.networks import Space
from diffcli.tensors.shapes import shapes_of
from tests.tensors.published import rows


def verdict(formula: str, claim: str, **options: object) -> tuple[str, int]:
    answer = run(Request("check", (formula, claim), options))
    return answer.data()["proof"], answer.exit_code


PROVED = [
    ("x.T @ A @ x", "A @ x + A.T @ x", {"wrt": "x"}),
    ("x.T @ A @ x", "2*A @ x", {"wrt": "x", "assume": "A symmetric"}),
    ("trace(A @ X @ B)", "(B @ A).T", {"wrt": "X", "shapes": "A=(p,m),X=(m,n),B=(n,p)"}),
    ("logdet(X)", "inv(X).T", {}),
    ("x.T @ A @ x", "A + A.T", {"wrt": "x", "order": 2}),
    ("logsumexp(x)", "diag(softmax(x)) - outer(softmax(x), softmax(x))", {"order": 2}),
    ("A @ x + b", "eye(n)", {"wrt": "b", "shapes": "A=(n,n),x=n,b=n"}),
]


@pytest.mark.sampled(6)
@pytest.mark.parametrize(("formula", "claim", "options"), PROVED)
def test_a_claim_that_becomes_the_same_products_is_proved(
    formula: str, claim: str, options: dict[str, object]
) -> None:
    assert verdict(formula, claim, **options) == ("proved", 0)


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    ("formula", "claim", "options"),
    [
        ("x.T @ A @ x", "2*A @ x", {"wrt": "x"}),
        ("trace(X @ A)", "A", {"wrt": "X"}),
        ("x.T @ A @ x", "A.T + A.T", {"wrt": "x", "order": 2}),
        ("norm(X @ w - y)^2", "2*X.T @ X", {"wrt": "X", "shapes": "X=(n,n),w=n,y=n"}),
        ("x.T @ A @ x", "3*A @ x", {"wrt": "x", "assume": "A symmetric"}),
    ],
)
def test_a_wrong_claim_has_a_point(formula: str, claim: str, options: dict[str, object]) -> None:
    assert verdict(formula, claim, **options) == ("wrong", 5)


@pytest.mark.slow
def test_equal_formulas_of_other_functions_are_equal_at_points() -> None:
    claim = "-X.T @ (y*sigmoid(-y*(X @ w)))"
    assert verdict("sum(softplus(-y*(X @ w)))", claim, wrt="w") == ("proved", 0)
    proof, code = verdict("sum(sin(x)^2)", "sin(2*x)")
    assert (proof, code) == ("equal_at_points", 0)


def test_a_kink_is_named() -> None:
    answer = run(Request("check", ("norm(x)", "x/norm(x)"), {})).data()
    assert answer["proof"] == "proved_almost_everywhere"
    assert answer["exceptions"]["where"] == ["norm(x) has a kink"]


def test_shapes_that_do_not_go_together_are_refused() -> None:
    with pytest.raises(UsageError, match="no shapes were found"):
        verdict("x.T @ A @ x", "outer(x, outer(x, x))", wrt="x")


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("x.T @ A @ x", "x.T @ A.T @ x + sum(x)"),
        ("trace(A @ B)", "trace(A) + trace(B)"),
        ("A @ B", "B @ A"),
        ("inv(A) @ B", "B @ inv(A)"),
        ("x*y", "x + y"),
        ("outer(x, y)", "outer(y, x)"),
    ],
)
def test_different_formulas_are_not_taken_for_equal(left: str, right: str) -> None:
    from diffcli.language.parser import parse

    function = parse([left, right], declared=["A", "B", "x", "y"])
    guessed = guessed_shapes(
        function, lambda shapes: shapes[function.outputs[0]] == shapes[function.outputs[1]]
    )
    assert guessed is not None
    function, shapes = guessed
    nodes = {variable(name): shape for name, shape in shapes.items()}
    space = Space(nodes | shapes_of(function, shapes), function.said.any_length)
    first, second = function.outputs
    axes = space.labels(space.shape(first))
    assert not are_equal(space, first, second, axes)
    assert are_equal(space, first, first, axes)


@pytest.mark.slow
def test_no_printed_form_is_wrong() -> None:
    proofs = [
        verdict(
            row.formula, row.form, wrt=row.wrt, shapes=row.shapes, assume=row.assume or None,
            order=2 if row.operator == "hessian" else 1,
        )[0]
        for row in rows()[::9]
    ]  # fmt: skip
    assert "wrong" not in proofs
    assert proofs.count("proved") >= len(proofs) / 2
