"""What the README, the pages and the examples show is what happens."""

from __future__ import annotations

import re
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "docs"))

import refresh  # noqa: E402  (found through the path above)

README = refresh.README.read_text(encoding="utf-8")
PAGES = {page: page.read_text(encoding="utf-8") for page in refresh.PAGES}
SHOWN = [
    (command, output)
    for text in PAGES.values()
    for block in refresh.BLOCK.findall(text)
    for command, output in refresh.commands(block)
]
CODE = [
    pytest.param(block, id=f"{page.stem}-{place}")
    for page, text in PAGES.items()
    for place, block in enumerate(re.findall(r"```python\n(.*?)```", text, re.DOTALL))
]
FILES = [
    pytest.param(name, block, id=name)
    for text in PAGES.values()
    for name, block in re.findall(r"`([\w.]+)` is\n\n```\w+\n(.*?)```", text, re.DOTALL)
]


@pytest.mark.sampled(15)
@pytest.mark.parametrize(
    ("command", "output"),
    dict.fromkeys(SHOWN),
    ids=[command for command, _ in dict.fromkeys(SHOWN)],
)
def test_console_block(command: str, output: str) -> None:
    assert refresh.run(command) == output


@pytest.mark.sampled(3)
@pytest.mark.parametrize("block", CODE)
def test_python_block(block: str) -> None:
    exec(compile(block, "page", "exec"), {})  # noqa: S102  (the page's own code)


@pytest.mark.parametrize(("name", "block"), FILES)
def test_a_file_that_is_shown_is_the_one_that_is_read(name: str, block: str) -> None:
    assert (refresh.DATA / name).read_text(encoding="utf-8") == block


@pytest.mark.parametrize("number", [1, 2])
def test_ci_runs_the_commands_of_the_readme(number: int) -> None:
    ci = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    (extracts,) = re.findall(r"^readme\(\) .*$", ci, re.MULTILINE)
    assert f'"$(readme {number})"' in ci
    run = subprocess.run(
        ["bash", "-c", f"{extracts}\nreadme {number}"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert run.stdout == re.findall(r"```sh\n(.*?)```", README, re.DOTALL)[number - 1]


def test_pictures_are_there() -> None:
    for path in re.findall(r"!\[[^\]]*\]\(([^)]+)\)", README):
        assert (ROOT / path).stat().st_size > 1000


EXAMPLES = ROOT / "examples"
SCRIPTS = [
    *(path.read_text(encoding="utf-8") for path in sorted(EXAMPLES.glob("*.sh"))),
    *(
        block
        for text in PAGES.values()
        for block in re.findall(r"```sh\n(.*?)```", text, re.DOTALL)
    ),
]
ELSEWHERE = ("measured/", ".parquet", " < ", "diffcli warm ")
"""Of commands that need a cluster, a large file, a shell or a process that stays, and have tests of
their own."""
LINES = dict.fromkeys(
    command
    for script in SCRIPTS
    for line in script.splitlines()
    if line.startswith(("diffcli ", "printf ")) and not any(word in line for word in ELSEWHERE)
    for command in [line.split(" #")[0].strip()]
    if command not in dict(SHOWN)
)


@pytest.mark.sampled(40)
@pytest.mark.parametrize("command", LINES)
def test_line_of_an_example(command: str) -> None:
    shown = refresh.run(command)
    assert "error:" not in shown
    assert shown or re.search(" -o | --data |repl$", command)


@pytest.mark.parametrize(
    "path",
    sorted(set(EXAMPLES.glob("*.py")) - {EXAMPLES / "wrong_derivatives.py"}),  # has its own tests
    ids=lambda path: path.name,
)
def test_python_example(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    runpy.run_path(str(path))
    assert capsys.readouterr().out
