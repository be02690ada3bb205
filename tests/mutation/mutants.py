"""Change one thing in the language, the engines or the verdict, and see whether a test fails.

``python tests/mutation/mutants.py --count 100 --seed 1`` draws mutants, puts each into a copy of
the tree, runs the tests that speak of its module, and prints a line a mutant. ``--records FILE``
keeps what is found, and a later run goes on from there; ``--widely`` has the survivors meet
every other test too. A test that fails once and then passes kills nothing.
"""

from __future__ import annotations

import argparse
import ast
import json
import os
import re
import resource
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from importlib import import_module
from multiprocessing import Process, Queue
from pathlib import Path
from queue import Empty
from random import Random

import pytest

ROOT = Path(__file__).parents[2]
SUBJECTS = ("diffcli/language", "diffcli/engines", "diffcli/differentiation/checks/judge.py")
COPIED = ("diffcli", "tests", "docs", "examples", "pyproject.toml", "README.md")
OPTIONS = ("-x", "-q", "-n", "0", "--tb=no")
LOADED = ("flint", "matplotlib", "mpmath", "scipy.special", "sympy", "torch")
"""What every test run needs and no mutant changes: imported once."""
PATIENCE = 900
"""Seconds of a processor that one process may take: a mutant that needs more hangs."""

SPEAKING = {
    "language": "parser points tensors derivative functions integrals",
    "language/(expression|algebra|builder|repetition)": "parser tensors templates large",
    "language/(functions|rows|special|catalogue)": "functions special parser symbolic",
    "language/(names|occurrences|cursor|tokens|pratt)": "parser fuzz latex",
    "language/(printer|latex)": "latex output parser steps",
    "language/ranges": "descend bounds parser",
    "language/derivative": "derivative steps parser",
    "language/equations": "implicit parser",
    "language/integrals": "integrals parser",
    "language/skeletons": "templates large parser",
    "language/uncertain": "uncertainty parser",
    "engines": "symbolic lambdify enclosure difficult operators",
    "engines/(autograd|callable)": "lambdify operators userfunction tensors",
    "engines/(coordinates|exact|tensors)": "tensors operators large lambdify symbolic",
    "engines/(difference|difficult|quotient)": "difficult verdicts",
    "engines/(margins|touching)": "touching large",
    "engines/devices": "devices",
    "engines/enclosure": "balls special enclosure identities difficult tensors",
    "engines/evidence": "verdicts difficult",
    "engines/rounding": "verdicts normwise stacked torture",
    "engines/(worker|remote)": "worker symbolic",
    "engines/balls": "balls special enclosure identities difficult tensors holomorphic integrals",
    "engines/kernels": "kernels special lambdify integrals",
    "engines/matrices": "sparse operators large difficult normwise spectra",
    "engines/taylor": "jets sparse operators large",
    "engines/templates": "templates large",
    "engines/terms": "symbolic derivative special difficult steps",
    "engines/throughput": "throughput batch vectors batch_memory plot",
    "tensors": "tensor_rules tensors operators templates sparse large",
    "verify": "verdicts faults difficult normwise stacked large",
}
"""The tests of a part of the tree; the longest pattern that a name begins with counts."""
LAST = "verdicts identities cli random_verdicts".split()

SWAPPED: dict[type[ast.AST], type[ast.AST]] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult,
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.Is: ast.IsNot, ast.IsNot: ast.Is,
    ast.In: ast.NotIn, ast.NotIn: ast.In, ast.And: ast.Or, ast.Or: ast.And,
}  # fmt: skip


@dataclass(frozen=True)
class Mutant:
    """One change: the module, the line, what stands there now, and what the line becomes."""

    module: str
    line: int
    change: str
    text: str


@dataclass(frozen=True)
class Fate:
    """What became of a mutant: the test that killed it, and how many files of tests it met."""

    mutant: str
    killer: str | None
    met: int


def sites(module: str) -> Iterator[int]:
    """Yield the places in a module's walk where something can be changed."""
    tree = ast.parse((ROOT / module).read_text())
    annotations = {
        id(part)
        for node in ast.walk(tree)
        for note in (getattr(node, "annotation", None), getattr(node, "returns", None))
        if note
        for part in ast.walk(note)
    }
    for place, node in enumerate(ast.walk(tree)):
        if id(node) not in annotations and changeable(node):
            yield place


def changeable(node: ast.AST) -> bool:
    """Whether a node has one change."""
    match node:
        case ast.BinOp(op=op) | ast.BoolOp(op=op) | ast.Compare(ops=[op]):
            return type(op) in SWAPPED
        case ast.Constant(value=bool() | int() | float()):
            return True
        case ast.If() | ast.IfExp() | ast.UnaryOp(op=ast.Not() | ast.USub()):
            return True
    return False


def change(node: ast.AST) -> ast.AST:
    """Make the change in place, and return the part that shows it."""
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
        case ast.UnaryOp():
            if isinstance(node.op, ast.USub):
                node.op = ast.UAdd()
            else:
                node.operand = ast.UnaryOp(ast.Not(), node.operand)
    return node


def mutant(module: str, place: int) -> Mutant:
    """Return the mutant of a module that differs at one place."""
    tree = ast.parse((ROOT / module).read_text())
    node = next(each for i, each in enumerate(ast.walk(tree)) if i == place)
    before = ast.unparse(node.test if isinstance(node, ast.If | ast.IfExp) else node)
    after = ast.unparse(change(node))
    shown = f"{before[:60]}  →  {after[:60]}"
    return Mutant(module, getattr(node, "lineno", 0), shown, ast.unparse(tree))


def drawn(count: int, seed: int) -> list[Mutant]:
    """Return a sample of all mutants, each as likely as every other."""
    modules = sorted(
        str(path.relative_to(ROOT))
        for subject in SUBJECTS
        for path in [ROOT / subject, *(ROOT / subject).rglob("*.py")]
        if path.is_file()
    )
    every = [(module, place) for module in modules for place in sites(module)]
    sys.stdout.write(f"{len(every)} mutants, of which {count} are drawn\n")
    return [mutant(*each) for each in Random(seed).sample(every, min(len(every), count))]


def tests_of(module: str) -> list[str]:
    """Return the test files to run, those that know most of the module first."""
    name = module.removeprefix("diffcli/").removesuffix(".py")
    part = max((each for each in SPEAKING if re.match(each, name)), key=len)
    files = dict.fromkeys([name.rpartition("/")[2], *SPEAKING[part].split(), *LAST])
    paths = (path for each in files for path in ROOT.glob(f"tests/**/test_{each}.py"))
    return [str(path.relative_to(ROOT)) for path in paths]


def tested(tree: Path, *arguments: str) -> int:
    """Return how pytest ends in a copy of the tree; what it started is ended with it."""
    child = os.fork()
    if child == 0:
        os.setsid()
        os.chdir(tree)
        silence = os.open(os.devnull, os.O_RDWR)
        for stream in range(3):
            os.dup2(silence, stream)
        os.environ["PYTHONPATH"] = str(tree)
        sys.path.insert(0, str(tree))
        os._exit(pytest.main([*OPTIONS, *arguments]))
    _, status = os.waitpid(child, 0)
    with suppress(ProcessLookupError):
        os.killpg(child, signal.SIGKILL)
    return os.waitstatus_to_exitcode(status)


def failing(tree: Path, files: Sequence[str]) -> str | None:
    """Return the test that fails, and fails again; None where none does."""
    failed = tree / ".pytest_cache/v/cache/lastfailed"
    forgiven: list[str] = []
    while True:
        failed.unlink(missing_ok=True)
        ended = tested(tree, *(f"--deselect={each}" for each in forgiven), *files)
        if ended == 0:
            return None
        if not failed.exists():
            return "no end" if ended < 0 else "no start"
        name, *_ = json.loads(failed.read_text())
        if tested(tree, name):
            return str(name)
        forgiven.append(name)


def fate(mutant: Mutant, tree: Path, *, widely: bool) -> Fate:
    """Put a mutant into a copy of the tree, and return what becomes of it."""
    target = tree / mutant.module
    original = target.read_text()
    files = tests_of(mutant.module)
    every = {str(path.relative_to(ROOT)) for path in ROOT.glob("tests/**/test_*.py")}
    rest = sorted(every - {*files})
    target.write_text(mutant.text)
    try:
        killer = failing(tree, files)
        if killer is None and widely:
            killer = failing(tree, rest)
    finally:
        target.write_text(original)
    return Fate(named(mutant), killer, len(files) + widely * len(rest))


def named(mutant: Mutant) -> str:
    """Return the name that a mutant has in the records."""
    return f"{mutant.module}:{mutant.line}  {mutant.change}"


def recorded(records: Path) -> dict[str, Fate]:
    """Return what became of the mutants so far; what is known last counts."""
    lines = records.read_text().splitlines() if records.exists() else []
    return {each["mutant"]: Fate(**each) for each in map(json.loads, lines)}


def work(left: Queue[Mutant], tree: Path, chosen: argparse.Namespace) -> None:
    """Find what becomes of the mutants that are left, one after the other."""
    # Each test run that is forked from here may take as much: it inherits the limit, not the use.
    resource.setrlimit(resource.RLIMIT_CPU, (PATIENCE, PATIENCE + 5))
    with suppress(Empty):
        while True:
            mutant = left.get(timeout=1)
            known = recorded(chosen.records).get(named(mutant))
            if known is None or (known.killer is None and chosen.widely):
                known = fate(mutant, tree, widely=chosen.widely)
                with chosen.records.open("a") as file:
                    file.write(json.dumps(asdict(known), ensure_ascii=False) + "\n")
            state = f"killed by {known.killer}" if known.killer else "SURVIVED"
            sys.stdout.write(f"{known.mutant}  {state}\n")
            sys.stdout.flush()


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--count", type=int, default=100)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--only", default="", help="mutants whose name has this in it")
    options.add_argument("--jobs", type=int, default=2, help="how many at once")
    options.add_argument("--records", type=Path, required=True, help="what is found, line by line")
    options.add_argument("--widely", action="store_true", help="survivors meet every test")
    chosen = options.parse_args()
    sample = [each for each in drawn(chosen.count, chosen.seed) if chosen.only in named(each)]
    resource.setrlimit(resource.RLIMIT_CPU, (PATIENCE, PATIENCE + 5))  # of each child, too
    for name in LOADED:
        import_module(name)
    with tempfile.TemporaryDirectory() as folder:
        trees = [Path(folder) / str(job) for job in range(chosen.jobs)]
        for tree in trees:
            tree.mkdir()
            for name in COPIED:
                source = ROOT / name
                (shutil.copytree if source.is_dir() else shutil.copy)(source, tree / name)
        left = Queue()
        for each in sample:
            left.put(each)
        workers = [Process(target=work, args=(left, tree, chosen)) for tree in trees]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        fates = recorded(chosen.records)
        found = [fates[named(each)] for each in sample]
        killers = sorted({each.killer for each in found if each.killer and "::" in each.killer})
        sys.stdout.write(f"{sum(each.killer is not None for each in found)}/{len(found)} killed\n")
        accused = failing(trees[0], killers) if killers else None
        if accused:
            sys.exit(f"{accused} fails without a mutant too")


if __name__ == "__main__":
    main()
