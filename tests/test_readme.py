"""What the README and the examples show is what happens."""

from __future__ import annotations

import re
import runpy
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "docs"))

import refresh  # noqa: E402  (found through the path above)

README = refresh.README.read_text(encoding="utf-8")
SHOWN = [
    (command, output)
    for page in refresh.PAGES
    for block in refresh.BLOCK.findall(page.read_text(encoding="utf-8"))
    for command, output in refresh.commands(block)
]


@pytest.mark.parametrize(("command", "output"), SHOWN, ids=[command for command, _ in SHOWN])
def test_console_block(command: str, output: str) -> None:
    assert refresh.run(command) == output


@pytest.mark.parametrize("block", re.findall(r"```python\n(.*?)```", README, re.DOTALL))
def test_python_block(block: str) -> None:
    exec(compile(block, "README.md", "exec"), {})  # noqa: S102  (the README's own code)


def test_the_commands_of_ci_are_the_readme_s() -> None:
    install, test = re.findall(r"```sh\n(.*?)\n```", README, re.DOTALL)
    ci = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert test in ci
    main_job = install.rpartition("&& .venv/bin/")[2]
    assert main_job in ci


def test_pictures_are_there() -> None:
    for path in re.findall(r"!\[[^\]]*\]\(([^)]+)\)", README):
        assert (ROOT / path).stat().st_size > 1000


EXAMPLES = ROOT / "examples"
LINES = [
    line.split("#")[0].strip()
    for script in sorted(EXAMPLES.glob("*.sh"))
    for line in script.read_text(encoding="utf-8").splitlines()
    if line.startswith("diffcli ")
]


@pytest.mark.parametrize("command", LINES)
def test_line_of_an_example(command: str) -> None:
    shown = refresh.run(command)
    assert "error" not in shown
    assert shown or " -o " in command


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.py")), ids=lambda path: path.name)
def test_python_example(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    runpy.run_path(str(path))
    assert capsys.readouterr().out
