"""Change one thing in the language, the engines or the verdict, and see whether a test fails.

``python tests/mutation/mutants.py --count 100 --seed 0`` draws mutants, puts each into a copy of
the tree, runs the tests that speak of its module, and prints a line a mutant and the share killed.
"""

from __future__ import annotations

import argparse
import ast
import copy
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random

ROOT = Path(__file__).parents[2]
SUBJECTS = ("diffcli/language", "diffcli/engines", "diffcli/verify.py")
COPIED = ("diffcli", "tests", "docs", "examples", "pyproject.toml", "README.md")
PYTEST = (sys.executable, "-m", "pytest", "-x", "-q", "-n", "0", "-p", "no:cacheprovider")
PATIENCE = 300
"""Seconds of one mutant's tests; a mutant that takes longer is killed."""

SPEAKING = {
    "language": ["parser", "latex", "points", "tensors", "derivative", "functions", "integrals"],
    "engines/balls": ["balls", "enclosure", "special", "proofs"],
    "engines/kernels": ["kernels", "special", "lambdify"],
    "engines/compressed": ["sparse", "operators"],
    "engines/throughput": ["throughput", "batch"],
    "engines/worker": ["worker"],
    "engines/remote": ["worker", "symbolic"],
    "engines": ["symbolic", "lambdify", "enclosure", "difficult", "sparse", "jets", "taylor"],
    "verify": ["verdicts", "difficult"],
}
"""The tests of a part of the tree, by the longest beginning of its name."""
LAST = ["verdicts", "identities", "oracles", "cli"]

SWAPPED: dict[type[ast.AST], type[ast.AST]] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult,
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.Is: ast.IsNot, ast.IsNot: ast.Is,
    ast.In: ast.NotIn, ast.NotIn: ast.In, ast.And: ast.Or, ast.Or: ast.And,
}  # fmt: skip


@dataclass(frozen=True)
class Mutant:
    """One change: the module, the line, what stands there now, and the module's new text."""

    path: Path
    line: int
    change: str
    text: str


def mutants(path: Path) -> Iterator[Mutant]:
    """Yield every mutant of a module."""
    tree = ast.parse(path.read_text())
    annotations = {
        id(part)
        for node in ast.walk(tree)
        for note in (getattr(node, "annotation", None), getattr(node, "returns", None))
        if note
        for part in ast.walk(note)
    }
    for place, node in enumerate(ast.walk(tree)):
        if id(node) not in annotations and changed(node) is not None:
            mutated = copy.deepcopy(tree)
            found = next(each for i, each in enumerate(ast.walk(mutated)) if i == place)
            before = ast.unparse(node)
            after = ast.unparse(apply(found))
            if after != before:
                line = getattr(node, "lineno", 0)
                yield Mutant(path, line, f"{before[:60]}  →  {after[:60]}", ast.unparse(mutated))


def changed(node: ast.AST) -> object:
    """What would be changed in a node; None where nothing is."""
    match node:
        case ast.BinOp(op=op) | ast.BoolOp(op=op) | ast.Compare(ops=[op]):
            return SWAPPED.get(type(op))
        case ast.Constant(value=bool() | int() | float()):
            return node
        case ast.If() | ast.IfExp() | ast.UnaryOp(op=ast.Not() | ast.USub()):
            return node
    return None


def apply(node: ast.AST) -> ast.AST:
    """Make the change in place."""
    match node:
        case ast.BinOp() | ast.BoolOp():
            node.op = SWAPPED[type(node.op)]()  # type: ignore[assignment]
        case ast.Compare():
            node.ops = [SWAPPED[type(node.ops[0])]()]  # type: ignore[list-item]
        case ast.Constant(value=bool() as value):
            node.value = not value
        case ast.Constant(value=int() | float() as value):
            node.value = value + 1
        case ast.If() | ast.IfExp():
            node.test = ast.UnaryOp(ast.Not(), node.test)
            return node.test
        case ast.UnaryOp(op=ast.Not()):
            node.op = ast.UAdd()
        case ast.UnaryOp(op=ast.USub()):
            node.op = ast.UAdd()
    return node


def drawn(count: int, seed: int) -> list[Mutant]:
    """Return a sample of all mutants, each as likely as every other."""
    paths = [
        path
        for subject in SUBJECTS
        for path in sorted([ROOT / subject] if subject.endswith(".py") else
                           (ROOT / subject).rglob("*.py"))
    ]  # fmt: skip
    random = Random(seed)
    sites = [
        (path, place)
        for path in paths
        for place, node in enumerate(ast.walk(ast.parse(path.read_text())))
        if changed(node) is not None
    ]
    found: list[Mutant] = []
    for path, _ in random.sample(sites, min(len(sites), count)):
        found.append(random.choice(list(mutants(path))))
    return found


def tests_of(module: str) -> list[str]:
    """Return the test files to run, those that know most of the module first."""
    name = module.removeprefix("diffcli/").removesuffix(".py")
    own = name.rpartition("/")[2]
    part = max((each for each in SPEAKING if name.startswith(each)), key=len)
    files = dict.fromkeys([own, *SPEAKING[part], *LAST])
    paths = [f"tests/test_{each}.py" for each in files]
    return [path for path in paths if (ROOT / path).exists()]


def survives(mutant: Mutant, tree: Path) -> str | None:
    """Return the test file that kills a mutant, or None where none does."""
    relative = mutant.path.relative_to(ROOT)
    target = tree / relative
    original = target.read_text()
    target.write_text(mutant.text)
    deadline = time.monotonic() + PATIENCE
    environment = {**os.environ, "PYTHONPATH": str(tree), "OMP_NUM_THREADS": "1"}
    try:
        for file in tests_of(str(relative)):
            try:
                done = subprocess.run(
                    [
                        sys.executable,
                        "-m",
                        "pytest",
                        "-x",
                        "-q",
                        "-n",
                        "0",
                        "-p",
                        "no:cacheprovider",
                        file,
                    ],
                    cwd=tree,
                    env=environment,
                    capture_output=True,
                    check=False,
                    timeout=max(1.0, deadline - time.monotonic()),
                )
            except subprocess.TimeoutExpired:
                return f"{file} (time)"
            if done.returncode:
                return file
    finally:
        target.write_text(original)
    return None


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--count", type=int, default=100)
    options.add_argument("--seed", type=int, default=0)
    options.add_argument("--only", default="", help="modules whose path has this in it")
    chosen = options.parse_args()
    killed = 0
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder)
        for name in COPIED:
            source = ROOT / name
            (shutil.copytree if source.is_dir() else shutil.copy)(source, tree / name)
        sample = [
            each for each in drawn(chosen.count, chosen.seed) if chosen.only in str(each.path)
        ]
        for number, mutant in enumerate(sample, 1):
            killer = survives(mutant, tree)
            killed += killer is not None
            place = f"{mutant.path.relative_to(ROOT)}:{mutant.line}"
            state = f"killed by {killer}" if killer else "SURVIVED"
            sys.stdout.write(f"{killed}/{number}  {place}  {mutant.change}  {state}\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
