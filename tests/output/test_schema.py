"""Every document that the program writes is one of its JSON Schema's."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from diffcli import errors
from diffcli.cli.commands import names
from diffcli.cli.main import run
from diffcli.verdict import Verdict

sys.path.insert(0, str(Path(__file__).parents[2] / "docs"))

import refresh

SCHEMA = json.loads(refresh.run("diffcli --schema"))
VALIDATOR = Draft202012Validator(SCHEMA)

COMMANDS_SHOWN = """\
eval "[x^2 + y, x/y]" --at "x=3,y=1;x=1,y=0"
eval "exp(i*z)" --at z=1 --dtype complex128
grad "x^2*ln(x)*y" --at "x=2,y=3;x=-1,y=1"
grad "abs(x)" --at 0
grad "(1-cos(x))/x^2" --at 1e-6
grad "x.T @ A @ x" --at "x=[1,2],A=[[1,2],[3,4]]"
grad "x^2" --at "x=linspace(1,2,2000)"
grad "exp(i*z)" --at z=1 --dtype complex128
grad "x^2"
partial "x^2*y^3" x y y --at 1,2
jacobian "x^2*y" "5x+sin(y)" --at 1,2
jacobian "x^2*y" "5x+sin(y)" --at 1,2 --sparse
jacobian "x^2" "5x"
hessian "x^2*y + y^3" --at 0,0
jvp "[x^2*y, 5x + sin(y)]" --at 1,2 --vector x=1,y=-1
vjp "2x" --at "x=ones(3)" --vector "[0.1,1,10]"
hvp "x^2*y" --at 1,2 --vector x=1,y=-1
vhp "x^2*y" --at 1,2 --vector x=1,y=-1
laplacian "x^2*y" --at 1,2
divergence "[x^2*y, 5x]" --at 1,2
curl "[y, -x, z]" --at 1,2,3
taylor "exp(sin(x))" --order 4
taylor "exp(x)*cos(y)" --at 0,0
implicit "x^2 + y^2 = 25" --at 3,4
implicit "x^2 + y^2 = 25"
check "x^2" --at 3
check "x^2" "2x"
check "sin(x)^2" "2 sin x"
check "log(x)" "1/x"
bounds "x*sin(y)" --in "x=0:1,y=0:pi"
prove "sin(x) <= x" --in x=0:1
prove "sin(x) < x" --in x=0:1
prove "convex(x^4 - x^2)" --in x=-1:1
prove "log(x) < 2" --in x=0:1
steps "x^2*sin(x)"
steps "sqrt(x)" --definition
curl "[0, r, 0]" --coordinates cylindrical --at 2,1,1
limit "sin(x)/x" --at 0
limit "sin(1/x)" --at 0
limit "sin(x)^2 + cos(x)^2" --at inf
steps "x^2 + y^2 = 25"
steps "x^3 - 3x" --in -3:3
steps "x*y" --subject-to "x^2 + y^2 = 1; x >= 0"
critical "x + 1/x"
critical "x^2 - y^2"
critical "x*y" --subject-to "x^2 + y^2 <= 1" --in "x=0:2,y=0:2" --global
critical "abs(x)" --in -1:2 --global
analyze "exp(-x^2)"
descend "x^2 + y^2" --from 1,1 --steps 2
descend "-x^2" --from 1 --steps 5 --lr 1e200
uncertainty "x*y" --at "x=3±0.1,y=2±0.2"
graph "x^2*y" --at 1,2 --backward 2
profile "x^2" --at 1 --repeat 2
export "x^2" --to latex
export "x^2"
functions
batch "x^2*ln(x)" --points points.csv -o g.csv""".splitlines()


def problems(document: Any) -> list[str]:
    """Return what the schema has against a document, in the part that fits its command."""
    return [error.message for error in VALIDATOR.iter_errors(document)]


def document(command: str) -> Any:
    shown = refresh.run(f"diffcli {command} --json")
    (line,) = [line for line in shown.splitlines() if line.startswith(("{", "["))]
    return json.loads(line)


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.sampled(12)
@pytest.mark.parametrize("command", COMMANDS_SHOWN)
def test_a_document_is_of_the_schema(command: str) -> None:
    assert problems(document(command)) == []


def test_every_command_is_tried() -> None:
    tried = {command.split()[0] for command in COMMANDS_SHOWN}
    without_json = {"plot", "repl", "warm"}
    assert tried == {*names()} - without_json


def test_requests_are_answered_as_the_schema_says() -> None:
    lines = refresh.run("diffcli batch requests.jsonl").splitlines()
    assert [problem for line in lines for problem in problems(json.loads(line))] == []


def test_a_line_of_jsonl_is_a_result_of_the_schema(capsys: pytest.CaptureFixture[str]) -> None:
    run(["grad", "x^2", "--at", "x=1;x=2", "--format", "jsonl"])
    result = Draft202012Validator({**SCHEMA, "oneOf": [{"$ref": "#/$defs/gradient"}]})
    for line in capsys.readouterr().out.splitlines():
        result.validate(json.loads(line))


def test_the_schema_refuses_what_is_not_in_it() -> None:
    good = document('grad "x^2" --at 1')
    for worse in (
        {**good, "extra": 1},
        {key: value for key, value in good.items() if key != "read_as"},
        {**good, "results": [{**good["results"][0], "verdict": "perhaps"}]},
        {**good, "results": [{**good["results"][0], "derivatives": {}}]},
    ):
        assert problems(worse)


def test_the_words_are_the_program_s() -> None:
    assert set(SCHEMA["$defs"]["verdict"]["enum"]) == {verdict.value for verdict in Verdict}
    record = SCHEMA["$defs"]["error"]["properties"]["error"]["properties"]
    classes = [each for each in vars(errors).values() if isinstance(each, type)]
    known = {each for each in classes if issubclass(each, errors.DiffcliError)}
    assert set(record["kind"]["enum"]) == {each.kind for each in known}
    assert set(record["exit"]["enum"]) == {each.exit_code for each in known}
