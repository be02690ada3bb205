"""Runs of ``diffcli batch`` for tests."""

from __future__ import annotations

import io
import json
import sys

import pytest

from diffcli.cli.main import run


def rows_of(text: str) -> list[dict]:
    return [json.loads(line) for line in text.splitlines()]


def batch(capfd: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = run(["batch", *arguments, "--check-budget", "60"])
    shown = capfd.readouterr()
    return code, shown.out, shown.err


def typed_in(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    stream = io.TextIOWrapper(io.BufferedReader(io.BytesIO(text.encode())))
    monkeypatch.setattr(sys, "stdin", stream)
