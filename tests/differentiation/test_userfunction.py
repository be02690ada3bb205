"""Python functions in place of formulas: what autograd gives, and every way they refuse it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from diffcli.cli.main import run
from diffcli.differentiation import Settings
from diffcli.differentiation.code.functions import load
from diffcli.differentiation.code.reports import derive_user
from diffcli.errors import DiffcliError, FileError, NoDerivativeError, UsageError
from diffcli.language.points import read_points
from diffcli.operators import Grad, Hessian, Hvp, Jacobian, Jvp, Operator, Partial, Vjp
from diffcli.output.report import Result
from diffcli.verdict import Verdict

SOURCE = """
import torch

def cubic(x, y):
    return (x**3 * y).sum()

def steps(x):
    while x.norm() < 100:
        x = x * 2
    return x if x.sum() > 0 else 100 * x

def field(x, y):
    return x * y, torch.stack([x, y]).sum(0)

def chatty(x):
    print("a remark")
    return x**2

class Layer(torch.nn.Module):
    def forward(self, x):
        return torch.tanh(x).sum()

layer = Layer()

class Weighted(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.tensor([2.0, 3.0]))
    def forward(self, x):
        return torch.dot(self.weight, x)

weighted = Weighted()

def in_place(x): return x.sin_()
def overwrites(x):
    y = x.exp()
    y += 1
    return y
def cut(x):
    with torch.no_grad():
        return x * x
def partly_cut(x): return x.detach() * x
def plain(x): return x.item()
def whole(x): return (x > 0).long()
def broken(x): return x.undefined()
def anything(*xs): return sum(xs)
def leaves(x): raise SystemExit(3)
def logarithm(x): return torch.log(x)
def without_a_rule(x): return torch.special.i0(x).sum()
def left_and_came_back(x): return x.item() * x
constant = 3
"""


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "user.py"
    path.write_text(SOURCE, encoding="utf-8")
    return path


def answer(source: Path, name: str, at: str, operator: Operator) -> Result:
    function = load(f"{source}:{name}")
    (point,) = read_points([at])
    given = point.bind(function.variables)
    return derive_user(operator, function, [given], Settings()).results[0]


def vector(text: str) -> object:
    return read_points([text])[0]


@pytest.mark.parametrize(
    ("name", "at", "operator", "expected"),
    [
        ("cubic", "x=[1,2],y=3", Grad(), {"x": [9, 36], "y": 9}),
        ("cubic", "x=[1,2],y=3", Grad(order=2), {"x": [18, 36], "y": 0}),
        ("cubic", "x=[1,2],y=3", Grad(wrt=("y",)), {"y": 9}),
        ("cubic", "x=[1,2],y=3", Partial(("x[1]", "y")), {"x[1],y": 12}),
        ("cubic", "x=[1,2],y=3", Hvp(vector("[1,0,1]")), {"x": [21, 12], "y": 3}),
        ("cubic", "x=[1,2],y=3", Hvp(vector("[1,0]"), wrt=("x",)), {"x": [18, 0]}),
        ("cubic", "x=[1,2],y=3", Vjp(vector("1"), wrt=("y",)), {"y": 9}),
        ("steps", "x=1.5", Grad(), {"x": 128}),
        ("steps", "x=-0.25", Grad(), {"x": 51200}),
        ("field", "x=2,y=3", Jvp(vector("1,-1")), [1, 0]),
        ("field", "x=2,y=3", Vjp(vector("1,-1")), {"x": 2, "y": 1}),
        ("layer", "x=0", Grad(), {"x": 1}),
    ],
)
def test_what_autograd_gives(
    source: Path, name: str, at: str, operator: Operator, expected: object
) -> None:
    found = answer(source, name, at, operator)
    assert found.derivative == expected
    assert found.verdict is Verdict.CERTIFIED
    for check in found.checks:
        assert check.enclosure is not None
        assert float(check.enclosure[0]) <= float(check.value or 0) <= float(check.enclosure[1])


def test_a_quotient_is_the_evidence_where_nothing_is_proved(source: Path) -> None:
    found = answer(source, "without_a_rule", "x=[0.5,2]", Grad())
    assert found.verdict is Verdict.AGREES
    for check in found.checks:
        assert check.quotient is not None
        value, error = check.quotient
        assert abs(value - float(check.value or 0)) <= 2 * error + 1e-6
        assert "i0 (user.py:" in str(check.reason)


def test_a_module_of_float32_is_called_with_float32(source: Path) -> None:
    """A torch module's parameters are of float32, which its inputs have to be too."""
    with pytest.raises(NoDerivativeError) as refused:
        answer(source, "weighted", "x=[1,2]", Grad())
    assert "--dtype float32" in str(refused.value.hint)
    (point,) = read_points(["x=[1,2]"])
    given, settings = point.bind(("x",)), Settings(dtype="float32")
    report = derive_user(Grad(), load(f"{source}:weighted"), [given], settings)
    assert report.results[0].derivative == {"x": [2, 3]}
    assert report.results[0].verdict is Verdict.CERTIFIED


def test_no_quotient_where_there_is_no_value(source: Path) -> None:
    (check,) = answer(source, "logarithm", "-1", Grad()).checks
    assert check.verdict is Verdict.UNDEFINED
    assert check.value is None
    assert "is outside its domain" in str(check.reason)


def test_matrices_have_their_names(source: Path) -> None:
    found = answer(source, "field", "x=2,y=3", Jacobian()).derivative
    assert found == {"rows": ["f1", "f2"], "columns": ["x", "y"], "matrix": [[3, 2], [1, 1]]}
    assert answer(source, "cubic", "x=2,y=3", Hessian()).derivative["matrix"] == [[36, 12], [12, 0]]


def test_what_is_printed_stays_out_of_the_result(
    source: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    answer(source, "chatty", "3", Grad())
    said = capsys.readouterr()
    assert (said.out, said.err) == ("", "a remark\n")


def test_a_graph_that_is_cut_in_part_is_noticed(source: Path) -> None:
    (check,) = answer(source, "left_and_came_back", "3", Grad()).checks
    assert check.value == 3.0
    assert check.verdict is Verdict.DISAGREES
    assert "a number leaves torch at user.py:" in str(check.reason)
    assert check.quotient is not None
    assert abs(check.quotient[0] - 6) <= check.quotient[1] + 1e-9
    assert "cut" in str(check.reason)


def test_what_is_detached_is_a_constant(source: Path) -> None:
    (point,) = read_points(["x=3"])
    report = derive_user(Grad(), load(f"{source}:partly_cut"), [point.bind(("x",))], Settings())
    assert report.results[0].derivative == {"x": 3.0}
    assert report.results[0].verdict is Verdict.CERTIFIED
    assert any("detach at user.py:" in warning for warning in report.warnings)


BACKWARDS = """
import torch

def _off(factor):
    class Off(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return torch.exp(x)
        @staticmethod
        def backward(ctx, slope):
            (x,) = ctx.saved_tensors
            return slope * torch.exp(x) * factor
    return Off

def right(x): return _off(1.0).apply(x).sum()
def thousandth(x): return _off(1.001).apply(x).sum()
def hundredth(x): return _off(0.99).apply(x).sum()
def twice(x): return _off(2.0).apply(x).sum()
def turned(x): return _off(-1.0).apply(x).sum()
def straight_through(x): return (torch.round(x).detach() + x - x.detach()).sum()
def gradient(x): return torch.exp(x)
def doubled(x): return 2 * torch.exp(x)
def a_little_off(x): return torch.exp(x) * 1.001
def kink(x): return torch.relu(x).sum()
def a_half(x): return 0.5 + 0 * x
def one(x): return 1 + 0 * x

class Net(torch.nn.Module):
    def __init__(self, factor):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.tensor([0.5, -0.25]))
        self.off = _off(factor)
    def forward(self, x):
        return (self.off.apply(x) * self.weight).sum()

net, bad_net = Net(1.0), Net(1.05)
"""


@pytest.fixture
def backwards(tmp_path: Path) -> Path:
    path = tmp_path / "backwards.py"
    path.write_text(BACKWARDS, encoding="utf-8")
    return path


FORMATS = ["table", "plain", "json", "jsonl", "csv", "markdown"]


@pytest.mark.sampled(4)
@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize(
    ("name", "verdict", "code"),
    [
        ("right", "certified", 0),
        ("thousandth", "disagrees", 5),
        ("hundredth", "disagrees", 5),
        ("twice", "disagrees", 5),
        ("turned", "disagrees", 5),
        ("straight_through", "certified", 0),
    ],
)
def test_a_wrong_backward_disagrees_in_every_format(
    backwards: Path,
    name: str,
    verdict: str,
    code: int,
    form: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    asked = ["grad", "--py", f"{backwards}:{name}", "--at", "x=[0.3,1.2]", "--format", form]
    assert run(asked) == code
    assert verdict in capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "verdict"), [("net", Verdict.CERTIFIED), ("bad_net", Verdict.DISAGREES)]
)
def test_a_module_of_float32_is_held_against_its_double(
    backwards: Path, name: str, verdict: Verdict
) -> None:
    (point,) = read_points(["x=[0.3,1.2]"])
    function, settings = load(f"{backwards}:{name}"), Settings(dtype="float32")
    report = derive_user(Grad(), function, [point.bind(function.variables)], settings)
    assert report.results[0].verdict is verdict
    assert function.call.weight.dtype.is_floating_point  # type: ignore[attr-defined]
    assert str(function.call.weight.dtype) == "torch.float32"  # type: ignore[attr-defined]


@pytest.mark.sampled(5)
@pytest.mark.parametrize(
    ("function", "claim", "at", "code", "proof"),
    [
        ("right", "gradient", "x=[0.3,1.2]", 0, "equal_at_points"),
        ("right", "a_little_off", "x=[0.3,1.2]", 5, "wrong"),
        ("twice", "gradient", "x=[0.3,1.2]", 0, "equal_at_points"),
        ("twice", "doubled", "x=[0.3,1.2]", 5, "wrong"),
        ("thousandth", "gradient", "x=[0.3,1.2]", 0, "equal_at_points"),
        ("thousandth", "a_little_off", "x=[0.3,1.2]", 5, "wrong"),
        ("kink", "a_half", "x=[0.0]", 6, "undecided"),
        ("kink", "one", "x=[1.0]", 0, "equal_at_points"),
        ("kink", "a_half", "x=[1.0]", 5, "wrong"),
    ],
)
def test_a_claim_is_held_against_the_quotient_where_it_contradicts_autograd(
    backwards: Path, function: str, claim: str, at: str, code: int, proof: str,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    of = [f"{backwards}:{name}" for name in (function, claim)]
    asked = ["check", "--py", of[0], "--claim", of[1], "--at", at]
    assert run([*asked, "--json"]) == code
    found = json.loads(capsys.readouterr().out)
    assert found["proof"] == proof
    assert bool(found["contradicted"]) == (function in ("twice", "thousandth"))
    assert run(asked) == code
    said = capsys.readouterr().out
    assert ("contradict autograd" in said) == (code == 0 and bool(found["contradicted"]))


@pytest.mark.parametrize(
    ("name", "error", "said"),
    [
        ("in_place", NoDerivativeError, "in-place"),
        ("overwrites", NoDerivativeError, "overwrites a tensor"),
        ("cut", NoDerivativeError, "cuts the graph"),
        ("plain", NoDerivativeError, "gives a float"),
        ("whole", NoDerivativeError, "int64"),
        ("broken", NoDerivativeError, "AttributeError"),
        ("leaves", NoDerivativeError, "raises SystemExit: 3"),
        ("anything", UsageError, "any arguments"),
        ("Layer", UsageError, "is a class"),
        ("constant", UsageError, "no function 'constant'"),
        ("missing", UsageError, "no function 'missing'"),
    ],
)
def test_refusals(source: Path, name: str, error: type[DiffcliError], said: str) -> None:
    with pytest.raises(error, match=said):
        answer(source, name, "1.5", Grad())


def test_a_gradient_of_many_numbers_is_refused(source: Path) -> None:
    with pytest.raises(UsageError, match="2 numbers"):
        answer(source, "chatty", "[1,2]", Grad())


def test_files_that_cannot_be_run(tmp_path: Path) -> None:
    path = tmp_path / "bad.py"
    path.write_text("def f(x) return x", encoding="utf-8")
    with pytest.raises(FileError, match="SyntaxError"):
        load(f"{path}:f")
    with pytest.raises(FileError, match="no file"):
        load(f"{tmp_path / 'none.py'}:f")
    with pytest.raises(UsageError, match="no file with a function"):
        load("f")


UNSTEADY = """
import torch
calls = []
def noisy(x): return (x * (1 + torch.rand(()))).sum()
def counting(x):
    calls.append(1)
    return x * len(calls)
def shrinking(x):
    calls.append(1)
    return x if len(calls) % 2 else (x, x)
def steady(x): return x / 0 - x / 0 + x
"""


@pytest.mark.parametrize("name", ["noisy", "counting", "shrinking", "steady"])
def test_a_function_that_gives_other_values_again_is_told(tmp_path: Path, name: str) -> None:
    file = tmp_path / "unsteady.py"
    file.write_text(UNSTEADY)
    (typed,) = read_points(["x=2"])
    function = load(f"{file}:{name}")
    operator = Grad() if name != "steady" else Jacobian()
    report = derive_user(operator, function, [typed.bind(("x",))], Settings())
    told = [check.reason for check in report.results[0].checks]
    if name == "steady":
        assert not report.warnings
    else:
        assert "random" in report.warnings[0]
        assert all("random" in str(reason) for reason in told)
        assert report.results[0].verdict is Verdict.UNVERIFIED
