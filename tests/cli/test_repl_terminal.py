"""The interactive session in a real terminal: the prompt, completion, an interrupt, history."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

pexpect = pytest.importorskip("pexpect")
PROGRAM = ["-c", "from diffcli.cli.main import main; main()", "repl"]


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("state")


@pytest.fixture(scope="module")
def terminal(state: Path) -> Iterator[pexpect.spawn]:
    environment = {
        **os.environ,
        "TERM": "xterm",
        "NO_COLOR": "1",
        "XDG_STATE_HOME": str(state),
        "PROMPT_TOOLKIT_NO_CPR": "1",  # this terminal doesn't say where its cursor is
    }
    child = pexpect.spawn(
        sys.executable, PROGRAM, env=environment, encoding="utf-8", timeout=300, dimensions=(40, 80)
    )
    child.expect("∂ ")
    yield child
    child.close(force=True)


def test_derivative_in_a_terminal(terminal: pexpect.spawn) -> None:
    terminal.send("f(x) = x^3\r")
    terminal.expect_exact("f(x) = x**3\r\n")
    terminal.expect("∂ ")
    terminal.send("f'(2)\r")
    terminal.expect("2 +8 +12 +✓ certified")
    terminal.expect("∂ ")


def test_completion_in_a_terminal(terminal: pexpect.spawn) -> None:
    # Only the rest of a word is sure to be written: the menu, which holds the whole word, is drawn
    # when the completer answers before the Tab is read.
    for begun, rest in (("hess", "ian"), (" erf", "inv"), (" --prec", "ision")):
        terminal.send(f"{begun}\t")
        terminal.expect_exact(rest)
    terminal.sendintr()
    terminal.expect("∂ ")
    terminal.send("hess\t")
    terminal.expect_exact("ian")
    terminal.send(" x^3 --at 2\r")
    terminal.expect("12.*certified")
    terminal.expect("∂ ")


def test_an_open_bracket_in_a_terminal(terminal: pexpect.spawn) -> None:
    terminal.send("sum(i=1..2,\r")
    terminal.expect("… ")
    terminal.send("x^i) --at 1\r")
    terminal.expect("1 +2 +3 +✓ certified")
    terminal.expect("∂ ")


@pytest.mark.slow
def test_an_interrupt_in_a_terminal(terminal: pexpect.spawn) -> None:
    terminal.send("descend x^2+y^2 --from 1,1 --lr 1e-9 --steps 100000000\r")
    terminal.expect("descending")
    terminal.sendintr()
    terminal.expect("interrupted")
    terminal.expect("∂ ")
    terminal.send("2+3\r")
    terminal.expect("f = 5")
    terminal.expect("∂ ")


@pytest.mark.slow
def test_history_in_a_terminal(terminal: pexpect.spawn, state: Path) -> None:
    terminal.send("\x1b[A\r")
    terminal.expect("f = 5")
    terminal.expect("∂ ")
    terminal.sendeof()
    terminal.expect(pexpect.EOF)
    terminal.close()
    assert terminal.exitstatus == 0
    kept = (state / "diffcli" / "history").read_text(encoding="utf-8")
    assert "+f'(2)\n" in kept
