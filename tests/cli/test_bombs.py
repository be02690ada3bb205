"""Resource bombs: each ends soon, in little memory, with one clear message or an answer.

The figures of the whole list are printed by ``pytest -m slow -n 0 -s tests/cli/test_bombs.py``.
"""

from __future__ import annotations

import re
import shlex
import sys
from pathlib import Path

import pytest
from forking import GIGABYTE, Commands, Ended
from pace import is_within

SECONDS, START = 3, 1.3
"""Of processors, all processes' together; a command's start, which the warm one doesn't have."""
SLOWED = 2
"""How much more of them the same work may take while others use the machine's memory."""
SEARCHES = 6
"""Of ``critical``, which ends by the number of its cells."""
SHARE = 1500
"""Each how many-th bomb is thrown by default."""
MESSAGE = re.compile(r"^error: |\"error\": ", re.MULTILINE)
_AGAIN = re.compile(r"⟨(.+?)\|(\d+)⟩", re.DOTALL)


def lines() -> list[str]:
    text = (Path(__file__).parents[1] / "data" / "bombs.txt").read_text()
    return [line for line in text.splitlines() if line and not line.startswith("# ")]


def written_out(text: str) -> str:
    """The text with ⟨what is repeated|so often⟩ written out."""

    def again(found: re.Match[str]) -> str:
        part, count = found[1], int(found[2])
        if "#" not in part:
            return part * count
        return "".join(part.replace("#", str(number)) for number in range(1, count + 1))

    return _AGAIN.sub(again, text)


def thrown(line: str, runner: Commands) -> Ended:
    command, _, stdin = line.partition(" <<< ")
    # How long it is waited for says little where others have the processors.
    patience = 300.0
    words = [part for word in shlex.split(command) for part in written_out(word).split("␣") if part]
    return runner.run(*words, stdin=written_out(stdin.replace("\\n", "\n")), patience=patience)


def verdict(line: str, ended: Ended) -> str:
    """What is wrong with how a bomb ended; nothing, where it ended well."""
    most = SEARCHES if line.startswith("critical") else SLOWED * (SECONDS - START)
    faults = {
        "time": not is_within(ended.seconds, most),
        "memory": ended.memory > GIGABYTE,
        "left behind": ended.left,
        "code": ended.code not in range(7) or ended.code == 1,
        "traceback": "Traceback" in ended.stderr,
        "no message": ended.code in (2, 3, 6) and not MESSAGE.search(ended.stderr + ended.stdout),
        "long message": len(ended.stderr) > 20_000,
    }
    return ", ".join(name for name, found in faults.items() if found)


@pytest.mark.slow
def test_every_bomb_ends_soon_and_small(runner: Commands) -> None:
    bad, slowest, largest = [], 0.0, 0
    for line in lines():
        ended = thrown(line, runner)
        slowest, largest = max(slowest, ended.seconds), max(largest, ended.memory)
        if fault := verdict(line, ended):
            bad.append(f"{line[:80]}: {fault}; {ended.code}, {ended.seconds:.1f} s")
    sys.stdout.write(
        f"{len(lines())} bombs: {slowest:.1f} s of processors, {largest >> 20} MB at most\n"
    )
    assert bad == []


def test_a_share_of_the_bombs(runner: Commands) -> None:
    found = {line: verdict(line, thrown(line, runner)) for line in lines()[::SHARE]}
    assert {line: fault for line, fault in found.items() if fault} == {}
