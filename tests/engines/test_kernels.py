"""Every kernel against mpmath: value and three derivatives in each argument."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from itertools import pairwise, product
from typing import Any

import pytest
import torch
from mpmath import mp, mpf
from torch import Tensor
from torch.autograd import forward_ad

from diffcli.engines.kernels import table as kernels
from diffcli.engines.kernels.rules import Rule, guarded
from diffcli.language.functions import TABLE, resolve

ULP = 2.0**-52
ORDER = 3

# Loading torch's forward mode compiles its own rules with its own deprecated compiler.
forward_mode = pytest.mark.filterwarnings("ignore:.*torch.jit.script.*:DeprecationWarning")


@dataclass(frozen=True)
class Case:
    """A kernel, its definition in mpmath, and where the two are compared.

    ``digits`` are enough for the cancellation in the differences of the definition.
    ``terms`` says that a derivative is a difference of terms of the size of the value.
    """

    truth: Callable[..., Any]
    points: tuple[tuple[float, ...], ...]
    tolerance: float = 1e-14
    digits: int = 520
    terms: bool = False
    held: tuple[int, ...] = ()


def _points(*values: float) -> tuple[tuple[float, ...], ...]:
    return tuple((value,) for value in values)


def _signed(*values: float) -> tuple[tuple[float, ...], ...]:
    return _points(*values, *(-value for value in values))


def _grid(*axes: tuple[float, ...]) -> tuple[tuple[float, ...], ...]:
    return tuple(product(*axes))


def _real_root(x: Any, n: Any) -> Any:
    return mp.sign(x) * abs(x) ** (mp.mpf(1) / n)


def _sigmoid(x: Any) -> Any:
    return 1 / (1 + mp.exp(-x))


def _softplus(x: Any) -> Any:
    return mp.log1p(mp.exp(x))


def _normcdf(x: Any, mu: Any, sigma: Any) -> Any:
    return mp.erfc((mu - x) / (sigma * mp.sqrt(2))) / 2


def _log_gamma(x: Any) -> Any:
    return mp.log(abs(mp.gamma(x)))


MODERATE = 1e-9, 1e-4, 0.3, 0.7, 1.0, 1.5, 3.0, 7.0, 20.0, 40.0, 100.0, 300.0
REAL = _signed(1e-60, *MODERATE)
CIRCULAR = _signed(1e-8, 0.1, 0.785, 1.5, 1.5707963, 2.0, 3.14159, 4.7, 10.0, 355.0, 1e5, 1e10)
TO_ONE = 1e-8, 0.1, 0.5, 0.7, 0.9, 0.9999, 1 - 1e-8, 1 - 1e-14
UNIT = _signed(1e-200, *TO_ONE)
FROM_ONE = 1 + 1e-14, 1 + 1e-8, 1.0001, 1.1, 1.5, 2.0, 10.0, 1e5, 1e10, 1e60
BEYOND_ONE = _signed(*FROM_ONE)
WIDE = _signed(1e-100, 1e-8, 1e-4, 0.1, 0.5, 1.0, 1.5, 10.0, 1e3, 1e8, 1e60)
POSITIVE = _points(1e-60, 1e-10, 1e-3, 0.1, 0.999999, 1.0, 1.5, 2.0, 10.0, 1e5, 1e10, 1e60)
PLANE = _grid((-3.0, -1e-8, 0.5, 1e5), (-2.0, -1e-5, 0.7, 1e5))
GAMMA = _points(
    -10.5, -3.3, -2.457024738220799, -2.000001, -1.5, -0.504083008264455, -1e-5, 1e-10, 0.1, 0.5,
    0.999, 1.0, 1.001, 1.4616321449683622, 2.0, 2.0001, 3.0, 5.5, 10.0, 30.0, 100.0,
)  # fmt: skip
BETA = (-0.5, 2.3), (-1.5, 1.5), (-2.3, -1.4), (0.2, 0.1), (-0.5, -0.5)
ERROR = _signed(1e-200, 1e-8, 0.1, 0.5, 1.0, 2.0, 3.0, 6.0) + _points(10.0, 26.0)
NORMAL = _grid((-37.0, -10.0, -3.0, 0.1, 4.0), (0.3, 0.5), (1.0, 2.0))

CASES = {
    "power": Case(
        lambda x, y: x**y, _grid((1e-5, 0.3, 1.0, 2.0, 1e5), (0.0, 1.0, 2.0, 3.0, 0.5, -2.0, 10.0))
    ),
    "cbrt": Case(lambda x: _real_root(x, 3), POSITIVE + _points(-8.0, -1e-10, -1e10)),
    "root": Case(_real_root, _grid((1e-5, 0.3, 2.0, 1e5, 1e20), (2.0, 3.0, 5.0, 2.5, -2.0, 10.0))),
    "expm1": Case(mp.expm1, REAL),
    "sec": Case(mp.sec, CIRCULAR),
    "csc": Case(mp.csc, CIRCULAR),
    "cot": Case(mp.cot, CIRCULAR),
    "sinc": Case(
        lambda x: mp.sin(x) / x, CIRCULAR + _signed(0.999, 1.0, 1.499, 1.99, 2.01, 2.49, 2.5, 3.0)
    ),
    "asin": Case(mp.asin, UNIT),
    "acos": Case(mp.acos, UNIT),
    "acot": Case(lambda x: mp.atan(1 / x), WIDE),
    "asec": Case(lambda x: mp.acos(1 / x), BEYOND_ONE),
    "acsc": Case(lambda x: mp.asin(1 / x), BEYOND_ONE),
    "hypot": Case(lambda x, y: mp.sqrt(x * x + y * y), PLANE),
    "atan2": Case(mp.atan2, PLANE),
    "sech": Case(mp.sech, REAL),
    "csch": Case(mp.csch, _signed(*MODERATE)),
    "tanh": Case(mp.tanh, REAL),
    "coth": Case(mp.coth, _signed(*MODERATE)),
    "asinh": Case(mp.asinh, WIDE),
    "acosh": Case(mp.acosh, _points(*FROM_ONE)),
    "atanh": Case(mp.atanh, UNIT),
    "acoth": Case(lambda x: mp.atanh(1 / x), BEYOND_ONE),
    "asech": Case(lambda x: mp.acosh(1 / x), _points(1e-60, *TO_ONE)),
    "acsch": Case(lambda x: mp.asinh(1 / x), WIDE),
    "sign": Case(mp.sign, _signed(1e-9, 2.0)),
    "frac": Case(lambda x: x - mp.floor(x), _points(-3.25, -0.5, 0.5, 5.75)),
    "minimum": Case(min, _grid((0.5, 3.0), (1.0, 4.0), (2.0, -1.0))),
    "maximum": Case(max, _grid((0.5, 3.0), (1.0, 4.0), (2.0, -1.0))),
    "clamp": Case(lambda x, a, b: min(max(x, a), b), _grid((0.5, 1.5, 3.0), (1.0,), (2.0,))),
    "heaviside": Case(lambda x, _: mp.mpf(x > 0), _grid((-2.0, 1e-9, 3.0), (0.5,))),
    "gamma": Case(mp.gamma, GAMMA + _points(-169.5, -120.3, 169.5, 170.5), 1e-12, 200),
    "lgamma": Case(_log_gamma, GAMMA + _points(1000.0), 1e-12, 200),
    "digamma": Case(mp.digamma, GAMMA, 1e-12, 200),
    "polygamma": Case(
        mp.psi,
        tuple((n, *args) for n in (1.0, 2.0, 5.0) for args in GAMMA[::2]),
        1e-12,
        200,
        held=(0,),
    ),
    "beta": Case(
        mp.beta,
        _grid((0.1, 2.5, 30.0, 150.0, 1e4), (0.3, 2.0, 100.0)) + BETA,
        1e-12,
        200,
        terms=True,
    ),
    "factorial": Case(
        mp.factorial,
        _points(-3.3, -0.99999, -0.5, 1e-10, 0.46, 1.0, 2.0, 5.0, 20.0, 169.5),
        1e-12,
        200,
    ),
    "binomial": Case(
        mp.binomial,
        _grid((0.5, 3.0, 50.3, -2.5, 1e4), (0.4, 2.0, 9.3, 30.0, -1.0, -1.5)),
        1e-12,
        200,
        terms=True,
    ),
    "erfc": Case(mp.erfc, ERROR, 1e-12),
    "erfi": Case(mp.erfi, ERROR, 1e-12),
    "normpdf": Case(mp.npdf, NORMAL, 1e-12, 200),
    "normcdf": Case(_normcdf, NORMAL, 1e-12, 200),
    "leaky_relu": Case(
        lambda x, a: x if x > 0 else a * x, _grid((-3.0, -1e-9, 1e-9, 5.0), (0.01, 0.3))
    ),
    "elu": Case(
        lambda x, a: x if x > 0 else a * mp.expm1(x),
        _grid((-300.0, -40.0, -3.0, -1e-9, 1e-9, 5.0), (1.0, 0.3)),
    ),
    "sigmoid": Case(_sigmoid, REAL + _points(-700.0, 700.0), digits=820),
    "softplus": Case(_softplus, REAL + _points(-700.0, 700.0), digits=820),
    "softsign": Case(lambda x: x / (1 + abs(x)), WIDE),
    "logsigmoid": Case(lambda x: -_softplus(-x), REAL),
    "logit": Case(
        lambda x: mp.log(x / (1 - x)),
        _points(1e-60, 1e-10, 0.1, 0.2499, 0.25, 0.4999999, 0.5, 0.50001, 0.7, 0.99, 1 - 1e-14),
    ),
    "gelu": Case(
        lambda x: x * mp.ncdf(x), _signed(1e-9, 0.3, 0.7, 1.5, 3.0, 7.0, 20.0) + _points(-36.0)
    ),
    "silu": Case(lambda x: x * _sigmoid(x), REAL),
    "mish": Case(lambda x: x * mp.tanh(_softplus(x)), REAL),
    "hardtanh": Case(lambda x: min(max(x, -1), 1), _signed(0.5, 3.0)),
}

COMPLEX = """
    expm1 sec csc cot sinc asin acos acot asec acsc sech csch tanh coth asinh acosh atanh acoth
    asech acsch sigmoid softplus logsigmoid logit silu mish
""".split()


def _true_derivatives(case: Case, args: tuple[float, ...], index: int) -> list[Any]:
    """Return f, f′, …, one order beyond the tested, as forward differences with a tiny step."""
    with mp.workdps(case.digits):
        center = [mp.mpf(arg) for arg in args]
        step = mp.mpf(10) ** -30 * (abs(center[index]) or 1)

        def along(t: Any) -> Any:
            return case.truth(*center[:index], center[index] + t * step, *center[index + 1 :])

        row = [along(t) for t in range(ORDER + 2)]
        derivatives = []
        for order in range(ORDER + 2):
            derivatives.append(row[0] / step**order)
            row = [after - before for before, after in pairwise(row)]
        return derivatives


@cache
def _derivatives(f: Callable[..., Tensor], args: tuple[Any, ...], index: int) -> list[Any]:
    """Return f, f′, … at a point, or at as many as each argument has numbers."""
    tensors = [torch.tensor(arg, dtype=torch.float64) for arg in args]
    x = tensors[index].requires_grad_()
    y = f(*tensors)
    found = [y.tolist()]
    for _ in range(ORDER):
        if y.requires_grad:
            (y,) = torch.autograd.grad(y.sum(), x, create_graph=True, materialize_grads=True)
        else:
            y = torch.zeros_like(x)
        found.append(y.tolist())
    return found


@pytest.mark.sampled(8)
@pytest.mark.parametrize("name", CASES)
def test_value_and_three_derivatives(name: str) -> None:
    case = CASES[name]
    columns = tuple(zip(*case.points, strict=True))
    for index in set(range(len(columns))) - set(case.held):
        derivatives = zip(*_derivatives(getattr(kernels, name), columns, index), strict=True)
        for args, found in zip(case.points, derivatives, strict=True):
            truth = _true_derivatives(case, args, index)
            for order, value in enumerate(found):
                if abs(truth[order]) > 1e300:
                    continue
                # Half an ulp of the argument is free.
                slack = 2 * abs(args[index] * truth[order + 1]) * ULP
                size = abs(truth[order]) + (abs(truth[0]) if case.terms else 0)
                underflow = mp.mpf(10) ** -290
                bound = case.tolerance * size + slack + underflow
                error = abs(value - truth[order])
                assert error <= bound, (args, index, order, value, mp.nstr(truth[order], 17))


@pytest.mark.parametrize(
    ("name", "x"),
    [("asin", 1 - 1e-8), ("acos", -1 + 1e-8), ("atanh", 1 - 1e-8), ("acosh", 1 + 1e-8)],
)
def test_no_digit_is_lost_where_the_derivative_is_steep(name: str, x: float) -> None:
    found = _derivatives(getattr(kernels, name), (x,), 0)
    expected = _true_derivatives(CASES[name], (x,), 0)[: ORDER + 1]
    assert found == pytest.approx([float(value) for value in expected], rel=2e-15)


def test_the_table_names_what_exists() -> None:
    names = [row.torch for row in TABLE.values() if row.torch.startswith("kernels:")]
    assert names
    assert [name for name in names if not callable(resolve(name))] == []


@pytest.mark.cuda
@pytest.mark.parametrize("name", CASES)
def test_cuda_agrees_with_the_cpu(name: str) -> None:
    kernel, args = getattr(kernels, name), _tame(name)
    on_cpu, on_cuda = kernel(*args), kernel(*(arg.cuda() for arg in args))
    assert on_cuda.is_cuda
    assert torch.allclose(on_cuda.cpu(), on_cpu, rtol=1e-12)


@pytest.mark.sampled(4)
@pytest.mark.parametrize("name", CASES)
def test_float32_keeps_its_dtype_and_its_digits(name: str) -> None:
    case = CASES[name]
    args = case.points[len(case.points) // 4]
    exact = [torch.tensor(arg, dtype=torch.float32) for arg in args]
    single = getattr(kernels, name)(*exact)
    double = getattr(kernels, name)(*(arg.double() for arg in exact))
    assert single.dtype == torch.float32
    assert torch.isclose(single.double(), double, rtol=1e-4, atol=1e-5)


def _tame(name: str) -> tuple[Tensor, ...]:
    """Return a batch of the case's points where a difference quotient is accurate."""
    case, kernel = CASES[name], getattr(kernels, name)
    columns = tuple(zip(*case.points, strict=True))
    free = [index for index in range(len(columns)) if index not in case.held]
    sizes = zip(
        *(row for index in free for row in _derivatives(kernel, columns, index)), strict=True
    )
    points = [
        args
        for args, found in zip(case.points, sizes, strict=True)
        if all(1e-3 < abs(arg) < 1e3 for arg in args) and all(abs(d) < 50 for d in found)
    ]
    return tuple(
        torch.tensor(column, dtype=torch.float64, requires_grad=index in free)
        for index, column in enumerate(zip(*points, strict=True))
    )


SMOOTH = sorted(CASES.keys() - {"sign", "heaviside", "power", "root"})


@pytest.mark.sampled(14)
@forward_mode
@pytest.mark.parametrize("name", SMOOTH)
def test_both_modes_and_batches_agree_with_difference_quotients(name: str) -> None:
    kernel, args = getattr(kernels, name), _tame(name)
    assert torch.autograd.gradcheck(
        kernel, args, check_forward_ad=True, check_batched_grad=True, rtol=1e-4, atol=1e-4
    )


@pytest.mark.sampled(6)
@pytest.mark.parametrize("name", COMPLEX)
@pytest.mark.parametrize("z", [0.3 + 0.4j, -2 + 0.5j, 1.7 - 3j])
def test_complex_value_and_derivative(name: str, z: complex) -> None:
    x = torch.tensor(z, dtype=torch.complex128, requires_grad=True)
    y = getattr(kernels, name)(x)
    (conjugate,) = torch.autograd.grad(y, x, torch.ones_like(y))
    truth = CASES[name].truth
    assert y.item() == pytest.approx(complex(truth(mp.mpc(z))), rel=1e-12)
    with mp.workdps(50):
        assert conjugate.item().conjugate() == pytest.approx(
            complex(mp.diff(truth, mp.mpc(z))), rel=1e-12
        )


@pytest.mark.parametrize(
    ("name", "args"),
    [
        ("power", (2.0, 0.0)),
        ("power", (0.3, 2.0)),
        ("root", (2.0, 3.0)),
        ("hypot", (1e-8, -2.0)),
        ("atan2", (0.7, -3.0)),
        ("beta", (2.5, 0.3)),
        ("binomial", (5.0, 2.0)),
        ("binomial", (3.0, 5.0)),
        ("binomial", (-2.5, -1.0)),
    ],
)
def test_mixed_partial(name: str, args: tuple[float, float]) -> None:
    x, y = (torch.tensor(arg, dtype=torch.float64, requires_grad=True) for arg in args)
    (in_x,) = torch.autograd.grad(getattr(kernels, name)(x, y), x, create_graph=True)
    (in_xy,) = torch.autograd.grad(in_x, y)
    with mp.workdps(50):
        truth = mp.diff(CASES[name].truth, args, (1, 1))
    assert in_xy.item() == pytest.approx(float(truth), rel=1e-12)


@pytest.mark.sampled(2)
@pytest.mark.parametrize(
    ("name", "args", "expected"),
    [
        ("sech", (800.0,), (0, 0, 0, 0)),
        ("csch", (-800.0,), (0, 0, 0, 0)),
        ("tanh", (800.0,), (1, 0, 0, 0)),
        ("coth", (-800.0,), (-1, 0, 0, 0)),
        ("sigmoid", (-800.0,), (0, 0, 0, 0)),
        ("softplus", (800.0,), (800, 1, 0, 0)),
        ("logsigmoid", (-800.0,), (-800, 1, 0, 0)),
        ("silu", (-800.0,), (0, 0, 0, 0)),
        ("mish", (800.0,), (800, 1, 0, 0)),
        ("gelu", (-1e90,), (0, 0, 0, 0)),
        ("erfc", (1e200,), (0, 0, 0, 0)),
        ("elu", (800.0, 1.0), (800, 1, 0, 0)),
        ("asinh", (1e200,), (461.2101657793691, 1e-200, 0, 0)),
        ("acosh", (1e200,), (461.2101657793691, 1e-200, 0, 0)),
        ("hypot", (3e200, 4e200), (5e200, 0.6, 1.28e-201, 0)),
        ("sinc", (0.0,), (1, 0, -1 / 3, 0)),
        ("cbrt", (0.0,), (0, math.inf, -math.inf, math.inf)),
        ("power", (0.0, 0.0), (1, 0, 0, 0)),
        ("power", (0.0, 2.0), (0, 0, 2, 0)),
        ("power", (0.0, 3.0), (0, 0, 0, 6)),
        ("power", (0.0, 1.5), (0, 0, math.inf, -math.inf)),
        ("power", (-2.0, 3.0), (-8, 12, -12, 6)),
        ("power", (-2.0, -1.0), (-1 / 2, -1 / 4, -1 / 4, -3 / 8)),
        ("root", (-8.0, 3.0), (-2, 1 / 12, 1 / 144, 5 / 3456)),
        ("root", (0.0, 1.0), (0, 1, 0, 0)),
        ("root", (0.0, 0.5), (0, 0, 2, 0)),
        ("root", (0.0, 3.0), (0, math.inf, -math.inf, math.inf)),
        ("elu", (0.0, 1.0), (0, 1, 1, 1)),
    ],
)
def test_the_first_argument_at_an_extreme(
    name: str, args: tuple[float, ...], expected: tuple[float, ...]
) -> None:
    found = _derivatives(getattr(kernels, name), args, 0)
    assert found == pytest.approx(expected, rel=1e-14, abs=1e-300)


@pytest.mark.parametrize(("p", "q"), [(2, 3), (5, 3), (-1, 3), (7, 5)])
def test_rational_power_is_the_real_root(p: int, q: int) -> None:
    def truth(x: Any) -> Any:
        return mp.sign(x) ** p * abs(x) ** (mp.mpf(p) / q)

    case = Case(truth, WIDE)
    for args in case.points:
        found = _derivatives(lambda x: kernels.rational_power(x, p, q), args, 0)
        expected = [float(value) for value in _true_derivatives(case, args, 0)[: ORDER + 1]]
        assert found == pytest.approx(expected, rel=1e-14)


@pytest.mark.parametrize(
    ("name", "args"),
    [
        ("power", (-2.0, 0.5)),
        ("root", (-4.0, 2.0)),
        ("asec", (0.5,)),
        ("acsc", (-0.5,)),
        ("acoth", (0.5,)),
        ("asech", (-0.5,)),
        ("asech", (1.5,)),
        ("logit", (1.5,)),
        ("logit", (-0.5,)),
        ("polygamma", (1.5, 2.0)),
        ("polygamma", (-1.0, 2.0)),
        ("polygamma", (1e9, 2.0)),
        ("sign", (math.nan,)),
        ("heaviside", (math.nan, 0.5)),
    ],
)
def test_outside_the_domain_is_nan(name: str, args: tuple[float, ...]) -> None:
    assert math.isnan(getattr(kernels, name)(*map(torch.tensor, args)).item())


@pytest.mark.parametrize("n", [1e5, -1e5, 1e12])
def test_a_root_of_a_high_order_keeps_its_digits(n: float) -> None:
    found = _derivatives(kernels.root, (1.271453857421875, n), 0)
    with mp.workdps(60):
        expected = mp.taylor(lambda x: x ** (1 / mp.mpf(n)), mp.mpf(1.271453857421875), ORDER)
        truth = [float(each * mp.factorial(k)) for k, each in enumerate(expected)]
    assert found == pytest.approx(truth, rel=1e-14)


@pytest.mark.parametrize("x", [1.0, -2.0, 3.0, -700.0, 134217729.0, 1000.3, 1e10 + 0.5, 2.0**60])
def test_fresnel_integrals_vanish_where_they_do(x: float) -> None:
    with mp.workdps(60):
        angle = mp.mpf(x) ** 2 / 2
        sine, cosine, slope = mp.sinpi(angle), mp.cospi(angle), mp.pi * mp.mpf(x)
        truth = {
            "fresnels": (sine, slope * cosine, mp.pi * cosine - slope**2 * sine),
            "fresnelc": (cosine, -slope * sine, -mp.pi * sine - slope**2 * cosine),
        }
    for name, expected in truth.items():
        found = _derivatives(getattr(kernels, name), (x,), 0)[1:]
        assert found == pytest.approx([float(each) for each in expected], rel=1e-15, abs=0), name


@pytest.mark.parametrize(
    ("name", "args", "truth"),
    [
        ("besselk", (0.0, 699.0), lambda x: mp.besselk(0, x)),
        ("besselk", (3.5, 705.0), lambda x: mp.besselk(3.5, x)),
        ("airyai", (103.5,), mp.airyai),
        ("airybi", (103.5,), mp.airybi),
        ("airyaiprime", (103.5,), lambda x: mp.airyai(x, derivative=1)),
        ("airybiprime", (103.5,), lambda x: mp.airybi(x, derivative=1)),
    ],
)
def test_no_kernel_ends_before_the_floats_do(
    name: str, args: tuple[float, ...], truth: Callable[..., Any]
) -> None:
    found = _derivatives(getattr(kernels, name), args, len(args) - 1)[:2]
    with mp.workdps(40):
        expected = [float(truth(args[-1])), float(mp.diff(truth, args[-1]))]
    # 705 is at the edge: K is subnormal there.
    assert found == pytest.approx(expected, rel=1e-13, abs=1e-322)


def test_polygamma_has_no_partial_in_its_order() -> None:
    assert math.isnan(_derivatives(kernels.polygamma, (1.0, 2.0), 0)[1])


def _square_root_or_square(x: Tensor) -> Tensor:
    """Return √x above 0, x² elsewhere; squared, so that gradients meet the selection twice."""
    above = x > 0
    pieces = torch.sqrt(guarded(above, x)), above, guarded(~above, x) ** 2, ~above
    return kernels.piecewise(*pieces) ** 2


def test_a_branch_not_taken_does_not_poison() -> None:
    assert _derivatives(_square_root_or_square, (-1.0,), 0) == [1.0, -4.0, 12.0, -24.0]
    assert _derivatives(_square_root_or_square, (4.0,), 0) == [4.0, 1.0, 0.0, 0.0]


@forward_mode
def test_a_branch_not_taken_does_not_poison_forward_mode() -> None:
    with forward_ad.dual_level():
        x = forward_ad.make_dual(torch.tensor(-1.0), torch.tensor(1.0))
        assert forward_ad.unpack_dual(_square_root_or_square(x)).tangent == -4


def test_piecewise_is_nan_where_no_condition_holds() -> None:
    x = torch.tensor([-1.0, 1.0, 3.0])
    result = kernels.piecewise(x, x < 0, 2 * x, x > 2)
    assert torch.equal(result.isnan(), torch.tensor([False, True, False]))
    assert result[2] == 6


@forward_mode
def test_detach_is_constant_in_either_mode() -> None:
    assert not kernels.detach(torch.tensor(0.7, requires_grad=True)).requires_grad
    with forward_ad.dual_level():
        x = forward_ad.make_dual(torch.tensor(0.7), torch.tensor(1.0))
        assert forward_ad.unpack_dual(kernels.detach(x)).tangent is None


def test_heaviside_at_zero_is_its_second_argument() -> None:
    assert _derivatives(kernels.heaviside, (0.0, 0.25), 0) == [0.25, 0, 0, 0]
    assert _derivatives(kernels.heaviside, (0.0, 0.25), 1) == [0.25, 1, 0, 0]


def _mixture(x: Tensor) -> Tensor:
    one = torch.ones((), dtype=x.dtype)
    return kernels.gamma(x) * kernels.tanh(x) + kernels.polygamma(one, x) + kernels.beta(x, one)


@forward_mode
def test_reverse_over_forward_and_forward_over_reverse_agree() -> None:
    x = torch.tensor(1.3, dtype=torch.float64, requires_grad=True)
    second = _derivatives(_mixture, (1.3,), 0)[2]
    with forward_ad.dual_level():
        dual = forward_ad.make_dual(x, torch.ones_like(x))
        value = _mixture(dual)
        (gradient,) = torch.autograd.grad(value, dual, create_graph=True)
        (over,) = torch.autograd.grad(forward_ad.unpack_dual(value).tangent, dual)
        assert forward_ad.unpack_dual(gradient).tangent.item() == pytest.approx(second, rel=1e-13)
        assert over.item() == pytest.approx(second, rel=1e-13)


@pytest.mark.slow
def test_a_vectorised_hessian_is_diagonal() -> None:
    x = torch.linspace(0.5, 2, 4, dtype=torch.float64)
    hessian = torch.autograd.functional.hessian(lambda x: _mixture(x).sum(), x, vectorize=True)
    expected = [_derivatives(_mixture, (value,), 0)[2] for value in x.tolist()]
    assert torch.allclose(hessian, torch.diag(torch.tensor(expected, dtype=x.dtype)), rtol=1e-13)


@pytest.mark.parametrize("in_dims", [(0, None), (1, None), (0, 1), (None, 0)])
def test_a_rule_under_vmap(in_dims: tuple[int | None, int | None]) -> None:
    args = torch.tensor([[0.1, 2.0], [3.0, 0.7]]), torch.tensor([[1.3, 2.5], [5.0, 4.0]])
    mapped = torch.vmap(kernels.beta, in_dims=in_dims)(*args)
    rows = [
        kernels.beta(
            *(
                arg if dim is None else arg.select(dim, row)
                for arg, dim in zip(args, in_dims, strict=True)
            )
        )
        for row in range(2)
    ]
    assert torch.equal(mapped, torch.stack(rows))


def test_a_rule_broadcasts_and_sums_its_gradient() -> None:
    product_rule = Rule(torch.mul, lambda _, y: y, lambda x, _: x)
    x = torch.ones(3, 1, requires_grad=True)
    y = torch.arange(4.0, requires_grad=True)
    value = product_rule(x, y)
    value.sum().backward()
    assert value.shape == (3, 4)
    assert torch.equal(x.grad, torch.full((3, 1), 6.0))
    assert torch.equal(y.grad, torch.full((4,), 3.0))


@forward_mode
def test_a_rule_is_recorded_only_where_it_is_differentiated() -> None:
    square = Rule(torch.square, lambda x: 2 * x)
    x = torch.tensor(3.0)
    assert square(x).grad_fn is None
    assert torch.func.grad(square)(x) == 6
    with forward_ad.dual_level():
        found = square(forward_ad.make_dual(x, torch.ones(())))
        assert forward_ad.unpack_dual(found).tangent == 6
    with torch.no_grad(), forward_ad.dual_level():
        found = square(forward_ad.make_dual(x, torch.ones(())))
        assert forward_ad.unpack_dual(found).tangent == 6
    assert torch.func.jacfwd(torch.func.jacrev(square))(x) == 2


@pytest.mark.sampled(2)
@pytest.mark.parametrize("k", [1, 2, 20, 300])
@pytest.mark.parametrize("n", [1e-200, 1e-15, 1e-9, -1e-10, 1e-5, -1e-3, 0.49])
def test_binomial_keeps_its_digits_beside_zero(n: float, k: int) -> None:
    with mp.workdps(300):
        exact = mpf(n) / k * mp.binomial(mpf(n) - 1, k - 1)
    arguments = (torch.tensor(each, dtype=torch.float64) for each in (n, float(k)))
    found = kernels.binomial(*arguments)
    assert found.item() == pytest.approx(float(exact), rel=1e-14)
