"""Injections: nothing that is typed or read runs as code, or acts on the terminal."""

from __future__ import annotations

import ast
import json
import re
import sys
import unicodedata
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from forking import Commands

from diffcli.export.targets import LANGUAGES

SHARES = 100
"""Of the long form: every string at every entry."""
CANARY = "canary"
"""The file that code would make, in the working folder."""
MAKE = f"open('{CANARY}','w')"

CODE = [
    MAKE,
    f"__import__('os').system('touch {CANARY}')",
    f'exec("{MAKE}")',
    f'eval("{MAKE}")',
    f"compile(\"{MAKE}\",'','exec')",
    f"().__class__.__base__.__subclasses__()[0]('{CANARY}')",
    "x.subs.__globals__['__builtins__']['open']('canary','w')",
    f"S('{MAKE}')",
    f'sympify("{MAKE}")',
    f"lambda: {MAKE}",
    f"(lambda x: {MAKE})(1)",
    f"[{MAKE} for x in [1]]",
    f"breakpoint() or {MAKE}",
    "getattr(x, '__class__')",
    "x.__class__",
    "x.__init__.__globals__",
    "__builtins__",
    "__import__",
    "__x__",
    "x.T.__class__",
    "x.real.imag.mean().__reduce__()",
    "{x.__class__.__init__.__globals__}",
    "{0.__class__}",
    "%(x)s %n %x",
    "${x} $(touch canary) `touch canary`",
    "; touch canary #",
    "| touch canary",
    "&& touch canary",
    "$(touch canary)",
    "`touch canary`",
    "> canary",
    "\\write18{touch canary}",
    "\\immediate\\write18{touch canary}",
    "\\input{/etc/passwd}",
    "\\include{/etc/passwd}",
    "\\openout1=canary",
    "\\newwrite\\f\\openout\\f=canary",
    "\\csname write18\\endcsname{touch canary}",
    "\\catcode`\\@=11",
    "\\def\\x{\\x\\x}\\x",
    "\\usepackage{shellesc}",
    "$\\frac{1}{2}$",
    "$\\sum_{i=0}^{9}$",
    "$x$ and $$",
    "$\\color{red}{x}$",
    "'; DROP TABLE x; --",
    "<script>alert(1)</script>",
    "=cmd|'/C touch canary'!A0",
    "file:///etc/passwd",
    "../../../../etc/passwd",
]
TERMINAL = [
    "\x1b[31mred",
    "\x1b]0;title\x07",
    "\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\",
    "\x1b[2J\x1b[H",
    "\x9b31m",
    "\x00",
    "x\x00y",
    "\x07\x08\x7f",
    "\r\nx",
    "\x0b\x0c",
    "\u202ex",
    "\u2066x\u2069",
    "\u200bx",
    "\ufeffx",
    "\u2028x",
    "\u0085x",
    "[red]x[/red]",
    "[link=http://x]y[/link]",
    "[bold]",
    "[/]",
    "[blink]x",
    ":smile:",
    "\udc80x",
]
ALIKE = [
    "ｓｉｎ(x)",
    "ｘ",
    "х+1",
    "ѕin(x)",
    "е^x",
    "𝑥^2",
    "𝐬𝐢𝐧(x)",
    "x⁄2",
    "x＋1",
    "x∙2",
    "１２",
    "٣+x",
    "߁",
    "㏒(x)",
    "ℯ^x",
    "ﬁ(x)",
    "x̂",
    "ⅷ",
]
AROUND = ["{}", "x+{}", "({})", "sin({})", "y={}; y", "x^2 # {}", "{}(x)"]
STRINGS = [form.replace("{}", text) for form in AROUND for text in (*CODE, *TERMINAL, *ALIKE)]

Entry = Callable[[str, Path], tuple[list[str], str]]


def _file(name: str, text: str | bytes, folder: Path) -> str:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode(errors="surrogateescape"))
    return str(path)


def _parquet(text: str, folder: Path) -> list[str]:
    import pyarrow as pa
    from pyarrow import parquet

    name = text.encode(errors="replace").decode()
    parquet.write_table(pa.table({"x": [1.0], name: [2.0]}), folder / "p.parquet")
    # The columns of a file are data, which are passed on as they are: to a file.
    return ["batch", "x^2", "--points", str(folder / "p.parquet"), "-o", str(folder / "o.parquet")]


def _request(**fields: Any) -> tuple[list[str], str]:
    asked = {"id": 1, "expression": "x^2", "at": {"x": 1}} | fields
    return ["batch", "-"], json.dumps(asked) + "\n"


ENTRIES: dict[str, Entry] = {
    "formula": lambda s, _: (["grad", "--", s], ""),
    "formula at a point": lambda s, _: (["grad", "--at", "x=1,y=2", "--", s], ""),
    "bare": lambda s, _: ([s], ""),
    "plain": lambda s, _: (["grad", "--format", "plain", "--at", "x=1", "--", s], ""),
    "json": lambda s, _: (["grad", "--json", "--at", "x=1", "--", s], ""),
    "latex out": lambda s, _: (["grad", "--format", "latex", "--", s], ""),
    "standard input": lambda s, _: (["-", "--at", "1"], s),
    "--file": lambda s, t: (["--file", _file("f.txt", s, t)], ""),
    "--at": lambda s, _: (["x^2", "--at", s], ""),
    "--at named": lambda s, _: (["x^2", "--at", f"{s}=1"], ""),
    "--vars": lambda s, _: (["x^2", "--vars", s], ""),
    "--wrt": lambda s, _: (["x^2*y", "--wrt", s], ""),
    "partial": lambda s, _: (["partial", "x^2", "--", s], ""),
    "--let": lambda s, _: (["x^2", "--let", f"y={s}"], ""),
    "--let named": lambda s, _: (["x^2", "--let", f"{s}=2"], ""),
    "--vector": lambda s, _: (["jvp", "x^2", "--at", "1", "--vector", s], ""),
    "--range": lambda s, _: (["plot", "x^2", "--range", s], ""),
    "--title": lambda s, t: (["plot", "x", "--title", s, "-o", str(t / "p.svg")], ""),
    "plot": lambda s, t: (["plot", "-o", str(t / "p.svg"), "--range", "1:2", "--", s], ""),
    "plot of characters": lambda s, _: (["plot", "--range", "1:2", "--", s], ""),
    "csv cell": lambda s, t: (["x", "--points", _file("p.csv", f"x\n{s}\n", t)], ""),
    "csv header": lambda s, t: (["x", "--points", _file("p.csv", f"x,{s}\n1,2\n", t)], ""),
    "jsonl": lambda s, t: (["x", "--points", _file("p.jsonl", json.dumps({"x": s}), t)], ""),
    "jsonl name": lambda s, t: (["x", "--points", _file("p.jsonl", json.dumps({s: 1}), t)], ""),
    "parquet name": lambda s, t: (_parquet(s, t), ""),
    "request": lambda s, _: _request(expression=s),
    "request point": lambda s, _: _request(at={"x": s}),
    "request name": lambda s, _: _request(at={s: 1}),
    "request let": lambda s, _: _request(let=[f"y={s}"]),
    "request kind": lambda s, _: _request(kind=s),
    "request id": lambda s, _: _request(id=s),
    "request key": lambda s, _: _request(**{s: 1}),
    "raw request": lambda s, _: (["batch", "-"], s),
    "repl": lambda s, _: (["repl"], f"{s}\nx^2 --at 1\n"),
    "export": lambda s, _: (["export", "--to", "python", "--", s], ""),
    "export name": lambda s, _: (["export", "x^2", "--to", "c", "--name", s], ""),
    "check": lambda s, _: (["check", "x^2", "--", s], ""),
    "steps": lambda s, _: (["steps", "--", s], ""),
    "graph": lambda s, _: (["graph", "--at", "x=1", "--", s], ""),
    "uncertainty": lambda s, _: (["uncertainty", "--at", "x=1±0.1", "--", s], ""),
    "functions": lambda s, _: (["functions", "--", s], ""),
    "option": lambda s, _: (["x^2", f"--{s}"], ""),
    "command": lambda s, _: ([s, "x^2", "--at", "1"], ""),
    "--format": lambda s, _: (["x^2", "--format", s], ""),
    "--dtype": lambda s, _: (["x^2", "--dtype", s, "--at", "1"], ""),
    "--device": lambda s, _: (["x^2", "--device", s, "--at", "1"], ""),
    "-o": lambda s, _: (
        ["x^2", "--at", "1", "-o", f"none/{s.replace(chr(0), '').replace('..', '')}.csv"],
        "",
    ),
    "--style": lambda s, _: (["plot", "x", "-o", "p.svg", "--style", s], ""),
    "--points": lambda s, _: (["x^2", "--points", s.replace("\0", "")], ""),
    "--py": lambda s, _: (["--py", s.replace("\0", ""), "--at", "1"], ""),
    "COLUMNS": lambda _, _folder: (["x^2", "--at", "1"], ""),
}


def acts(text: str) -> set[str]:
    """The characters in what was written that a terminal might act upon."""
    return {
        char
        for char in text
        if char not in "\n\t" and unicodedata.category(char) in {"Cc", "Cf", "Cs", "Zl", "Zp"}
    }


def faults(runner: Commands, entry: str, text: str, folder: Path) -> Iterator[str]:
    arguments, stdin = ENTRIES[entry](text, folder)
    env = {"COLUMNS": text.replace("\0", "") if entry == "COLUMNS" else None}
    ended = runner.run(*arguments, stdin=stdin, env=env, cwd=folder)
    if (folder / CANARY).exists():
        (folder / CANARY).unlink()
        yield "it ran"
    if ended.code not in range(7) or ended.code == 1:
        yield f"code {ended.code}: {ended.stderr[:300]}"
    if "Traceback" in ended.stderr:
        yield "a traceback"
    if found := acts(ended.stdout + ended.stderr):
        yield f"{sorted(found)} reach the terminal"


def all_faults(pairs: Iterator[tuple[str, str]], runner: Commands, folder: Path) -> list[str]:
    return [
        f"{entry} {text!r}: {fault}"
        for entry, text in pairs
        for fault in faults(runner, entry, text, folder)
    ]


def test_there_are_enough() -> None:
    assert len(set(STRINGS)) >= 300


@pytest.mark.slow
def test_each_entry_with_some_strings(runner: Commands, tmp_path: Path) -> None:
    names = list(ENTRIES)
    pairs = ((names[k % len(names)], text) for k, text in enumerate(STRINGS[::11]))
    assert all_faults(pairs, runner, tmp_path) == []


@pytest.mark.slow
@pytest.mark.parametrize("share", range(SHARES), ids=lambda share: f"share{share}")
def test_every_string_at_every_entry(share: int, runner: Commands, tmp_path: Path) -> None:
    pairs = [(entry, text) for text in STRINGS for entry in ENTRIES][share::SHARES]
    assert all_faults(iter(pairs), runner, tmp_path) == []
    sys.stdout.write(f"{len(pairs)} injections\n")


@pytest.mark.slow
@pytest.mark.parametrize("text", ["[red]x[/red]", "[link=http://x]y[/link]", "[/]"])
def test_markup_is_text(text: str, runner: Commands) -> None:
    refused = runner.run("grad", "--", f"{text}+sin")
    titled = runner.run("x^2", "--vars", text)
    assert text in refused.stderr
    assert text in titled.stderr


NAMES = [
    '"""',
    "*/",
    "f\nimport os",
    "f):\n    pass\ndef g(",
    "__import__",
    "f;g",
    "f/*",
    "ｆ",
    "lambda",
]


SMUGGLED = [*NAMES, *(f"x^2 # {name}" for name in NAMES)]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("language", "text"),
    [
        pytest.param(language, text, marks=() if (row + column) % 6 == 0 else (pytest.mark.slow,))
        for row, language in enumerate(LANGUAGES)
        for column, text in enumerate(SMUGGLED)
    ],
)
def test_exported_code_holds_none_of_the_text(
    language: str, text: str, runner: Commands, tmp_path: Path
) -> None:
    typed = ["--", text] if text.startswith("x") else ["--name", text, "--", "x^2"]
    ended = runner.run("export", "--to", language, *typed, cwd=tmp_path)
    assert ended.code in (0, 2, 3), ended.stderr
    if ended.code == 0 and language in ("python", "numpy", "torch", "jax"):
        kinds = {type(node) for node in ast.parse(ended.stdout).body}
        assert kinds <= {ast.Expr, ast.Import, ast.ImportFrom, ast.FunctionDef, ast.Assign}
        assert not re.search(r"^import os", ended.stdout, re.MULTILINE)
    if ended.code == 0 and language in ("c", "javascript"):
        assert ended.stdout.count("/*") == ended.stdout.count("*/")
