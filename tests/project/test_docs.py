"""The pages are built without a warning, and what is written from the code is up to date."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from typer.main import get_command

import diffcli
from diffcli.cli.main import app, run

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "docs"))

import reference  # noqa: E402  (found through the path above)
import refresh  # noqa: E402

COMMANDS = reference.PAGES / "commands.md"


@pytest.mark.parametrize("path", reference.outputs(), ids=lambda path: path.name)
def test_the_reference_is_up_to_date(path: Path) -> None:
    assert path.read_text(encoding="utf-8") == reference.outputs()[path]


def test_every_command_is_on_the_man_page_and_on_the_page_of_commands() -> None:
    man, page = (reference.outputs()[path] for path in (reference.MAN, COMMANDS))
    for name in reference.shown():
        assert f".SS {name}\n" in man
        assert f"## {name}\n" in page


@pytest.mark.slow
def test_the_site_is_built_without_a_warning(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", tmp_path],
        cwd=ROOT,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "WARNING" not in done.stderr
    pages = sorted(path.relative_to(tmp_path) for path in tmp_path.rglob("*.html"))
    assert len(pages) == len(refresh.PAGES)  # README isn't one, 404.html is
    html = (tmp_path / "reference" / "api" / "index.html").read_text(encoding="utf-8")
    assert "Differentiable.grad" in html
    for name in set(diffcli.__all__) - {"__version__"}:
        assert f'.{name}"' in html, f"{name} isn't on the page of the API"
    assert "fonts.googleapis" not in html


PROMPTED = [
    line.removeprefix("∂ ")
    for page in refresh.PAGES
    for block in re.findall(r"```text\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
    for line in block.splitlines()
    if line.startswith("∂ ")
]


@pytest.mark.slow
def test_what_is_typed_at_the_prompt_is_answered(tmp_path: Path) -> None:
    assert PROMPTED
    done = subprocess.run(
        [sys.executable, "-c", "from diffcli.cli.main import main; main()", "repl"],
        input="".join(f"{line}\n" for line in PROMPTED),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "error" not in done.stderr
    assert "certified" in done.stdout


PLACES = re.compile(r"\S*(?:bin|Scripts)/|python3?(?= -m venv)|\$fresh/")


def steps(text: str) -> set[str]:
    """Return the commands of a script, wherever its environment keeps them."""
    commands = re.split(r"\n\s*|&&|\|\|", text)
    return {PLACES.sub("", each.removeprefix("- run: ")).strip() for each in commands}


def test_what_is_typed_into_a_shell_is_run_by_a_test() -> None:
    # The first step of .ci/run is the README's own commands.
    run = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    ci = steps(run) | steps(refresh.README.read_text(encoding="utf-8"))
    for page in refresh.PAGES[1:]:
        for block in re.findall(r"```sh\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL):
            for line in block.splitlines():
                if line and not line.startswith(("diffcli ", "printf ", "#")):
                    assert steps(line) <= ci, line


def test_no_page_is_left_out_of_the_contents() -> None:
    contents = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    for page in refresh.PAGES[1:]:
        assert f" {page.relative_to(ROOT / 'docs').as_posix()}\n" in contents


@pytest.mark.skipif(shutil.which("groff") is None, reason="there is no groff")
def test_the_man_page_is_well_formed() -> None:
    done = subprocess.run(
        ["groff", "-ww", "-man", "-Kutf8", "-Tutf8", reference.MAN],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == ""
    assert 'grad "6x^2 + 2x + 4" --at 3' in re.sub(r"\x1b\[[0-9;]*m", "", done.stdout)


@pytest.mark.parametrize(
    ("shell", "path"),
    [
        ("bash", ".bash_completions/diffcli.sh"),
        ("zsh", ".zfunc/_diffcli"),
        ("fish", ".config/fish/completions/diffcli.fish"),
    ],
)
def test_completion_is_installed(
    shell: str, path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION", "1")
    # The option takes the name of a shell where typer, as it reads the app, can't look for one.
    monkeypatch.setattr("diffcli.cli.main._program_of_typer", lambda: get_command(app))
    monkeypatch.setenv("HOME", str(tmp_path))
    with pytest.raises(SystemExit) as ended:
        run(["--install-completion", shell])
    assert ended.value.code == 0
    assert "_DIFFCLI_COMPLETE" in (tmp_path / path).read_text(encoding="utf-8")


@pytest.mark.sampled(4)
@pytest.mark.parametrize(
    ("typed", "count", "known"),
    [
        ("diffcli grad --prec", 2, "--precision"),
        ("diffcli grad --format mark", 3, "markdown"),
        ("diffcli plot --kind sur", 3, "surface"),
        ("diffcli export --to tor", 3, "torch"),
    ],
)
def test_completion_of_an_option(typed: str, count: int, known: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", "from diffcli.cli.main import main; main()"],
        env={
            **os.environ,
            "_DIFFCLI_COMPLETE": "complete_bash",
            "COMP_WORDS": typed,
            "COMP_CWORD": str(count),
        },
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == known
