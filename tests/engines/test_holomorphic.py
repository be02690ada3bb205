"""Complex derivatives against mpmath's, branch cuts, and what isn't holomorphic."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from random import Random

import pytest
from mpmath import mp, mpc, mpf
from typer.testing import CliRunner

from diffcli.cli.main import run
from diffcli.differentiation import Settings
from diffcli.engines.balls.holomorphic import HOLOMORPHIC
from diffcli.errors import NoDerivativeError, PointError, UsageError
from diffcli.language.parser import parse
from diffcli.language.points import read_points
from diffcli.operators import Eval, Grad, Hessian, Operator, Partial
from diffcli.studies.complex.at_point import ComplexResult
from diffcli.studies.complex.holomorphic import differentiate
from diffcli.verdict import Verdict


def at(formula: str, place: str, operator: Operator | None = None) -> ComplexResult:
    function = parse(formula, complex_numbers=True)
    point = read_points([place])[0].bind(function.variables)
    _, (found,) = differentiate(operator or Grad(), function, [point], Settings(budget=5))
    return found


def _phi(z: mpc) -> mpc:
    return mp.erfc(-z / mp.sqrt(2)) / 2


#: Each row with its definition in mpmath; the variable of rows with several is the first.
ROWS: dict[str, tuple[str, Callable[[mpc], mpc]]] = {
    **{
        name: (f"{name}(z)", getattr(mp, name))
        for name in "acos acosh acot acoth acsc acsch asec asech asin asinh atan atanh cos cosh "
        "cot coth csc csch erf erfc erfi exp expm1 factorial fresnelc fresnels gamma log log10 "
        "log1p loggamma sec sech sin sinc sinh sqrt tan tanh".split()
    },
    "add": ("z + z^2", lambda z: z + z**2),
    "airyai": ("airyai(z)", mp.airyai),
    "airyaiprime": ("airyaiprime(z)", lambda z: mp.airyai(z, derivative=1)),
    "airybi": ("airybi(z)", mp.airybi),
    "airybiprime": ("airybiprime(z)", lambda z: mp.airybi(z, derivative=1)),
    "beta": ("beta(z, 2)", lambda z: mp.beta(z, 2)),
    "dawson": ("dawson(z)", lambda z: mp.sqrt(mp.pi) / 2 * mp.exp(-z * z) * mp.erfi(z)),
    "div": ("1/(z + 2)", lambda z: 1 / (z + 2)),
    "erfcx": ("erfcx(z)", lambda z: mp.exp(z * z) * mp.erfc(z)),
    "gelu": ("gelu(z)", lambda z: z * _phi(z)),
    "hypot": ("hypot(z, 3)", lambda z: mp.sqrt(z * z + 9)),
    "log2": ("log2(z)", lambda z: mp.log(z) / mp.log(2)),
    "logit": ("logit(z)", lambda z: mp.log(z) - mp.log(1 - z)),
    "logsigmoid": ("logsigmoid(z)", lambda z: -mp.log(1 + mp.exp(-z))),
    "mish": ("mish(z)", lambda z: z * mp.tanh(mp.log(1 + mp.exp(z)))),
    "mul": ("z*exp(z)", lambda z: z * mp.exp(z)),
    "neg": ("-z^2", lambda z: -(z**2)),
    "normcdf": ("normcdf(z)", _phi),
    "normpdf": ("normpdf(z)", lambda z: mp.exp(-z * z / 2) / mp.sqrt(2 * mp.pi)),
    "pow": ("z^(2 + i) + z^-3", lambda z: z ** mpc(2, 1) + z**-3),
    "Shi": ("Shi(z)", mp.shi),
    "Si": ("Si(z)", mp.si),
    "sigmoid": ("sigmoid(z)", lambda z: 1 / (1 + mp.exp(-z))),
    "silu": ("silu(z)", lambda z: z / (1 + mp.exp(-z))),
    "softplus": ("softplus(z)", lambda z: mp.log(1 + mp.exp(z))),
}


def test_every_holomorphic_row_is_tested() -> None:
    assert ROWS.keys() == HOLOMORPHIC - {"detach"}


@pytest.mark.sampled(19)
@pytest.mark.parametrize("name", sorted(ROWS))
@pytest.mark.parametrize("z", ["0.6+0.7i", "-1.25-0.5i"])
@pytest.mark.parametrize("order", [1, 2])
def test_every_row(name: str, z: str, order: int) -> None:
    formula, function = ROWS[name]
    found = at(formula, z, Grad(order))
    with mp.workdps(40):
        place = mpc(complex(z.replace("i", "j")))
        value, truth = complex(function(place)), complex(mp.diff(function, place, order))
    (entry,) = found.entries
    assert entry.verdict is Verdict.CERTIFIED
    assert found.value is not None
    assert found.value.value == pytest.approx(value, rel=1e-14)
    assert entry.value == pytest.approx(truth, rel=1e-14)
    for engine in (entry.autograd, entry.symbolic):
        assert engine is None or engine == pytest.approx(truth, rel=1e-10)


@pytest.mark.parametrize(
    ("formula", "place", "verdict", "reason"),
    [
        ("log(z)", "-1", Verdict.NOT_DIFFERENTIABLE, "branch cut of log"),
        ("sqrt(z)", "-4", Verdict.NOT_DIFFERENTIABLE, "branch cut of sqrt"),
        ("asin(z)", "2", Verdict.NOT_DIFFERENTIABLE, "branch cut of sqrt"),
        ("z^i", "-1", Verdict.NOT_DIFFERENTIABLE, "branch cut of a power"),
        ("1/z", "0", Verdict.UNDEFINED, "division by zero"),
        ("gamma(z)", "-2", Verdict.UNDEFINED, "a pole of gamma"),
    ],
)
def test_where_there_is_none(formula: str, place: str, verdict: Verdict, reason: str) -> None:
    (entry,) = at(formula, place).entries
    assert entry.verdict is verdict
    assert entry.value is None
    assert reason in (entry.reason or "")


@pytest.mark.parametrize(
    ("formula", "place", "value", "derivative"),
    [
        ("(-1)^z", "2+i", mp.exp(-mp.pi), 1j * mp.pi * mp.exp(-mp.pi)),
        ("sqrt(-4)*z", "1+i", mpc(-2, 2), 2j),
        ("z*log(-1)", "2", 2j * mp.pi, 1j * mp.pi),
        ("0^z", "2+i", 0, 0),
        ("mish(z)", "1+pi*i", None, None),
        ("sinc(z)", "0", 1, 0),
        ("beta(0.5, z)", "-2.5", 0, mp.gamma(0.5) * mp.gamma(-2.5) * 2),
    ],
)
def test_a_constant_on_a_cut_is_a_number(
    formula: str, place: str, value: complex | None, derivative: complex | None
) -> None:
    found = at(formula, place)
    assert found.verdict is Verdict.CERTIFIED
    assert found.value is not None
    for number, truth in ((found.value, value), (found.entries[0], derivative)):
        if truth is not None:
            assert number.value == pytest.approx(complex(truth), rel=1e-14, abs=1e-300)


def test_the_derivatives_of_sinc_at_0_are_those_of_its_series() -> None:
    for order, truth in enumerate((1, 0, -1 / 3, 0, 1 / 5)):
        found = at("sinc(z)", "0", Partial(("z",) * order) if order else Eval())
        number = found.entries[0] if order else found.value
        assert number is not None
        assert number.value == pytest.approx(truth, rel=1e-15)


@pytest.mark.parametrize("place", ["0", "1e-300i", "-1e-300"])
@pytest.mark.parametrize("formula", ["log(z^2 - 1)", "sqrt(z^2 - 4)", "(z^2 - 1)^i"])
def test_what_only_touches_a_cut_has_no_derivative(formula: str, place: str) -> None:
    (entry,) = at(formula, place).entries
    assert (entry.verdict, entry.value) == (Verdict.NOT_DIFFERENTIABLE, None)


@pytest.mark.parametrize("formula", ["log(z)", "sqrt(z)", "z^0.5"])
def test_a_value_on_a_cut_is_that_from_above(formula: str) -> None:
    found = at(formula, "-4", Eval()).value
    assert found is not None
    assert found.verdict is Verdict.CERTIFIED
    assert found.value == pytest.approx(complex(mp.log(-4)) if "log" in formula else 2j, rel=1e-15)


@pytest.mark.parametrize(
    ("formula", "place", "value"),
    [
        ("log(z)", "-1 - 1e-400i", -1j * mp.pi),
        ("log(z)", "1e-400i", mpc(-400 * mp.log(10), mp.pi / 2)),
        ("sqrt(z)", "0", 0),
        ("sqrt(sin(pi*z))*0 + 1", "1", 1),
        ("asin(z)", "1e200 + i", mpc(mp.pi / 2, mp.log(mpf("2e200")))),
        ("log(detach(z))*z", "-1", -1j * mp.pi),
    ],
)
def test_a_value_beside_a_cut_or_a_pole(formula: str, place: str, value: complex) -> None:
    found = at(formula, place, Eval()).value
    assert found is not None
    assert found.verdict is Verdict.CERTIFIED
    assert found.value == pytest.approx(complex(value), rel=1e-15, abs=1e-300)


@pytest.mark.parametrize("formula", ["tan(z)", "1/cos(z)", "log(cos(z))", "sec(z)*z"])
def test_a_pole_that_no_float_hits_is_no_number(formula: str) -> None:
    (entry,) = at(formula, "pi/2").entries
    assert (entry.verdict, entry.value) == (Verdict.UNDEFINED, None)


@pytest.mark.parametrize(
    ("formula", "place"), [("sqrt(cos(z))", "pi/2"), ("1/sin(i*z)", "i*pi"), ("sqrt(z)", "0")]
)
def test_what_no_precision_decides_is_unverified(formula: str, place: str) -> None:
    (entry,) = at(formula, place).entries
    assert entry.verdict is Verdict.UNVERIFIED


#: Formulas at a point on a branch cut of their parts, where they are smooth.
SMOOTH = {
    "exp(log(z))": "-1",
    "exp(2*log(z) + z)": "-0.3",
    "sqrt(z)^2": "-4",
    "cos(sqrt(z))": "-1",
    "cosh(sqrt(z - 3))": "2",
    "sinc(sqrt(z))": "-0.7",
    "sin(sqrt(z))/sqrt(z)": "-2",
    "sqrt(z)*sin(sqrt(z))": "-2",
    "asin(z) + acos(z)": "2",
    "sqrt(z - 1)*sqrt(z + 1)": "-2",
    "z^(1/3)*z^(2/3)": "-2",
    "z^(1/3)/z^(4/3)": "-2",
    "log(z) - log(2*z) + z^2": "-3",
    "log(z)/log(z)": "-3",
    "cosh(acosh(z))": "-2",
    "tan(atan(z))": "2i",
    "tanh(atanh(z))": "3",
    "cos(i*log(z))": "-1.5",
    "exp(log(-z*i))": "-i",
    "exp(log(z^2))": "2i",
    "exp(z*tau*i + log(z))": "-1",
    "sqrt(z*exp(z))^4": "-1",
    "sqrt(sqrt(z)^2 + z)^2": "-1",
    "log(exp(log(z))^2)": "-1",
    "(z + 2)^2*log(z)": "-2",
    "erf(sqrt(z))*sqrt(z)": "-2",
}
JUMPS = {
    "log(z)": "-2",
    "z*log(z)": "-1",
    "(z + 1)*log(z)": "-1",
    "exp(i*log(z))": "-1",
    "exp(log(z)/2)": "-4",
    "sqrt(z)^3": "-4",
    "sin(sqrt(z))": "-4",
    "asin(z) - acos(z)": "2",
    "acosh(z)": "-2",
    "sqrt(sqrt(z)^2)": "-4",
    "log(z)^2": "-1",
    "log(z) + log(-z)": "2",
    "log(log(z))": "0.5",
    "sqrt(z - 1)*sqrt(z + 1)*log(z)": "-2",
    "z^0.3*z^0.3": "-1",
    "log(z^2) - 2*log(z)": "-3",
    "cos(sqrt(z) + 1)": "-1",
    "sqrt(z^2 - 1)": "0",
    "atan(z)": "2i",
}


def _around(formula: str, place: str) -> list[tuple[mpc, mpc]]:
    """Return the values and slopes of a formula in mpmath, in directions around a point."""
    names = {
        name: getattr(mp, name)
        for name in "exp log sqrt cos sin cosh tan tanh atan atanh asin acos acosh sinc erf".split()
    }
    code = compile(
        formula.replace("^", "**")
        .replace("1/3", "mpf(1)/3")
        .replace("2/3", "mpf(2)/3")
        .replace("4/3", "mpf(4)/3"),
        "",
        "eval",
    )
    names |= {"i": mpc(0, 1), "tau": 2 * mp.pi, "mpf": mpf}

    def value(z: mpc) -> mpc:
        return eval(code, {**names, "z": z})  # noqa: S307  (the formulas above)

    found = []
    with mp.workdps(60):
        here = eval(place.replace("i", "*1j") if place[0].isdigit() else place.replace("i", "1j"))  # noqa: S307
        for turn in (0.3, 1.3, 2.2, -0.4, -1.4, -2.9):
            step = mp.expj(turn) * mpf("1e-20")
            near, far = value(mpc(here) + step / 2), value(mpc(here) + step)
            found.append((near, (far - near) / (step / 2)))
    return found


@pytest.mark.sampled(4)
@pytest.mark.parametrize("formula", SMOOTH)
def test_both_sides_of_a_cut_agree(formula: str) -> None:
    (entry,) = at(formula, SMOOTH[formula]).entries
    assert entry.verdict in (Verdict.CERTIFIED, Verdict.INEXACT, Verdict.AGREES), entry
    assert entry.value is not None
    for _, slope in _around(formula, SMOOTH[formula]):
        assert abs(mpc(entry.value) - slope) < 1e-12 * max(1, abs(slope))


@pytest.mark.sampled(2)
@pytest.mark.parametrize("formula", JUMPS)
def test_the_sides_of_a_cut_differ(formula: str) -> None:
    (entry,) = at(formula, JUMPS[formula]).entries
    assert (entry.verdict, entry.value) == (Verdict.NOT_DIFFERENTIABLE, None), entry
    values, slopes = zip(*_around(formula, JUMPS[formula]), strict=True)
    assert any(max(abs(x - each[0]) for x in each) > 1e-10 for each in (values, slopes))


_INNER = ["log(z)", "sqrt(z)", "z^(1/3)", "log(2*z)", "sqrt(z - 1)", "log(z*z)", "acosh(z)", "z"]
_OUTER = ["exp({})", "({})^2", "cos({})", "({})^3", "sinc({})", "cosh({}*i)", "1/({} + 3)", "{}"]


@pytest.mark.sampled(10)
@pytest.mark.parametrize("seed", range(40))
def test_random_formulas_on_cuts(seed: int) -> None:
    random = Random(seed)

    def part() -> str:
        return random.choice(_OUTER).format(random.choice(_INNER))

    formula = random.choice(["{}*{}", "{} + {}", "{} - 2*{}", "exp({} - {})", "({})/(9 + {})"])
    formula = formula.format(part(), part())
    place = random.choice(["-1", "-0.75", "-2.5"])
    (entry,) = at(formula, place).entries
    values, slopes = zip(*_around(formula, place), strict=True)
    differs = any(
        max(abs(x - each[0]) for x in each) > 1e-10 * (1 + abs(each[0]))
        for each in (values, slopes)
    )
    if entry.verdict is Verdict.NOT_DIFFERENTIABLE:
        assert differs, formula
    if entry.verdict in (Verdict.CERTIFIED, Verdict.INEXACT, Verdict.AGREES):
        assert not differs, formula
        assert entry.value is not None
        assert abs(mpc(entry.value) - slopes[0]) < 1e-11 * max(1, abs(slopes[0])), formula


@pytest.mark.parametrize(
    ("formula", "place", "value", "reason"),
    [
        ("sin(z)", "1+1000i", None, "beyond the range of complex128: its size is 9.85036e+433"),
        ("sech(z)", "800+i", 0, "below the range of complex128: its size is 7.33575e-348"),
    ],
)
def test_what_no_float_holds(formula: str, place: str, value: float | None, reason: str) -> None:
    found = at(formula, place, Eval()).value
    assert found is not None
    assert (found.verdict, found.value, found.reason) == (Verdict.INEXACT, value, reason)


def test_the_small_part_of_a_number_keeps_its_digits() -> None:
    found = at("z^z", "-1 + 1e-20i", Eval()).value
    assert found is not None
    with mp.workdps(60):
        truth = complex(mpc(-1, 1e-20) ** mpc(-1, 1e-20))
    assert found.value is not None
    assert found.value.imag == pytest.approx(truth.imag, rel=1e-15)


def test_two_variables_and_partials() -> None:
    found = at("a*z^3", "a=i,z=1-i")
    assert [each.value for each in found.entries] == [-2 - 2j, 6 + 0j]
    (entry,) = at("a*z^3", "a=i,z=1-i", Partial(("z", "z"))).entries
    assert entry.value == 6 + 6j


def test_a_value_alone() -> None:
    found = at("z^2", "i", Eval())
    assert found.entries == ()
    assert found.value is not None
    assert found.value.value == -1
    assert found.verdict is Verdict.CERTIFIED


@pytest.mark.parametrize("formula", ["abs(z)", "floor(z)", "max(z, 1)", "lgamma(z)"])
def test_what_is_not_holomorphic_is_told_so(formula: str) -> None:
    with pytest.raises(NoDerivativeError, match="isn't holomorphic"):
        at(formula, "1+i")


def test_other_operators_are_refused() -> None:
    with pytest.raises(UsageError, match="hessian isn't computed"):
        at("z^2", "i", Hessian())
    with pytest.raises(PointError, match="one complex number"):
        at("z^2", "[1,2]")


def test_a_formula_of_real_numbers_is_not_shown() -> None:
    found = at("sqrt(z^2)", "-1+2i")
    assert found.formulas["z"].text is None
    assert found.entries[0].value == -1


def _run(*typed: str) -> tuple[int, str, str]:
    from diffcli.cli.main import app

    done = CliRunner().invoke(app, [*typed, "--dtype", "complex128"])
    return done.exit_code, done.stdout, done.stderr


def test_the_command_line() -> None:
    _, out, _ = _run("grad", "exp(i*z)", "--at", "z=1+2i", "--json")
    document = json.loads(out)
    assert document["dtype"] == "complex128"
    assert "conjugate" in document["convention"]
    (result,) = document["results"]
    truth = 1j * complex(mp.exp(1j * mpc(1, 2)))
    assert result["at"] == {"z": {"re": 1.0, "im": 2.0}}
    found = result["derivative"]["z"]
    assert complex(found["re"], found["im"]) == pytest.approx(truth, rel=1e-15)
    assert result["symbolic"] == {"z": "I*exp(I*z)"}
    (check,) = result["checks"]
    assert float(check["enclosure"]["re"][0]) == pytest.approx(truth.real, rel=1e-15)
    assert result["verdict"] == "certified"


def test_a_python_function_is_of_real_numbers(capsys: pytest.CaptureFixture[str]) -> None:
    from diffcli.cli.main import run

    code = run(["grad", "--py", "flow.py:f", "--at", "a=1", "--dtype", "complex128"])
    assert code == 2
    said = capsys.readouterr().err
    assert "--py takes real numbers" in said
    assert "leave out --dtype complex128" in said


@pytest.mark.parametrize(
    ("text", "at", "value", "slope"),
    [
        ("(exp(i*x) + exp(-i*x))/2", "x=1", math.cos(1), -math.sin(1)),
        ("(exp(i*x) - exp(-i*x))/(2i)", "1", math.sin(1), math.cos(1)),
        ("i*log((1 - i*x)/(1 + i*x))/2", "x=1/2", math.atan(0.5), 0.8),
    ],
)
def test_the_imaginary_unit_of_a_real_value(
    text: str, at: str, value: float, slope: float, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["grad", text, "--at", at, "--json"]) == 0
    told = capsys.readouterr()
    (result,) = json.loads(told.out)["results"]
    assert result["value"] == {"re": pytest.approx(value, rel=1e-15), "im": 0.0}
    assert result["derivative"]["x"]["re"] == pytest.approx(slope, rel=1e-15)
    assert "i has no value: it is the imaginary unit" in told.err


@pytest.mark.parametrize(
    ("text", "at"), [("R*i", "R=2"), ("exp(i*x)", "x=1"), ("i*x", "i=1,x=1"), ("i^2 + I", "I=2")]
)
def test_an_i_of_other_values_stays_a_variable(
    text: str, at: str, capsys: pytest.CaptureFixture[str]
) -> None:
    run(["grad", text, "--at", at])
    assert "is the imaginary unit" not in capsys.readouterr().err
