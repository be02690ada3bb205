"""Run the commands of the README and the pages again, and draw its pictures.

``python docs/refresh.py`` does it all.

A ``console`` block holds commands after ``$`` and what each prints. The tests compare; this
writes.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import shlex
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

ROOT = Path(__file__).resolve().parent.parent
README = ROOT / "README.md"
PAGES = [README, *sorted((ROOT / "docs").rglob("*.md"))]
IMAGES = ROOT / "docs" / "images"
DATA = ROOT / "docs" / "data"
"""Files that the commands read."""
COLOURS = 128
"""Of a picture: lines on an even ground need no more, and the file is a quarter as large."""
BLOCK = re.compile(r"(?<=```console\n).*?(?=```)", re.DOTALL)

TERMINAL = [
    'diffcli grad "6x^2 + 2x + 4" --at 3',
    'diffcli grad "u^3 + v^2 + 4uv" --at u=3,v=4',
    'diffcli grad "abs(x)" --at 0',
    'diffcli grad "(1-cos(x))/x^2" --at 1e-6',
]
PLOTS = {
    "wave.png": "'x*sin(x)' --range=-10:10",
    "steps.png": "'floor(x)' --range=-3:3",
    "tan.png": "'tan(x)' --range=-5:5",
    "kinks.png": "'|x^2-4|' --range=-4:4",
}


def commands(block: str) -> Iterator[tuple[str, str]]:
    """Yield each command of a console block and the output that follows it."""
    for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
        command, _, output = part.partition("\n")
        yield command, output.strip("\n")


def run(command: str, *, colour: bool = False) -> str:
    r"""Run a diffcli command in a folder with the data, and return what a terminal would show.

    What ``printf '%s\n'`` writes to it stands before ``|``.
    """
    from diffcli.cli.main import run as run_here

    written, _, command = command.rpartition(" | diffcli ")
    lines = "".join(f"{line}\n" for line in shlex.split(written)[2:])
    environment = {
        "COLUMNS": "88",
        "FORCE_COLOR" if colour else "NO_COLOR": "1",
        # A slow machine shows the same formulas and proofs.
        "DIFFCLI_CHECK_BUDGET": "60",
    }
    shown = io.StringIO()
    with (
        tempfile.TemporaryDirectory() as folder,
        contextlib.chdir(folder),
        mock.patch.dict(os.environ, environment),
        mock.patch.object(sys, "stdin", io.TextIOWrapper(io.BytesIO(lines.encode()))),
        contextlib.redirect_stdout(shown),
        contextlib.redirect_stderr(shown),
    ):
        shutil.copytree(DATA, folder, dirs_exist_ok=True)
        run_here(shlex.split(command.removeprefix("diffcli ")))
    return "\n".join(line.rstrip() for line in shown.getvalue().splitlines()).strip("\n")


def refreshed(text: str) -> str:
    """Return a page with every command's output as it is now."""

    def block(match: re.Match[str]) -> str:
        shown = [f"$ {command}\n{run(command)}" for command, _ in commands(match.group())]
        return "\n".join(f"{part}\n" if part[-1] != "\n" else part for part in shown)

    return BLOCK.sub(block, text)


def terminal() -> None:
    """Draw a terminal with some answers."""
    from rich.console import Console
    from rich.text import Text

    console = Console(record=True, width=76, file=open(os.devnull, "w"))  # noqa: SIM115, PTH123
    for command in TERMINAL:
        console.print(Text.assemble(("$ ", "bold cyan"), command))
        console.print(Text.from_ansi(run(command, colour=True)))
        console.print()
    IMAGES.mkdir(exist_ok=True)
    console.save_svg(str(IMAGES / "terminal.svg"), title="diffcli", unique_id="diffcli")


def shrink(path: Path, small: Path, width: int) -> None:
    """Write a picture so many pixels wide, in the few colours that it needs."""
    from PIL import Image

    with Image.open(path) as picture:
        height = round(picture.height * width / picture.width)
        resized = picture.convert("RGB").resize((width, height), Image.Resampling.LANCZOS)
    few = resized.quantize(COLOURS, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
    few.save(small, optimize=True)


def plots() -> None:
    """Draw four plots on one sheet."""
    from matplotlib import image
    from matplotlib.figure import Figure

    sheet = Figure(figsize=(12, 7.6), layout="constrained")
    with tempfile.TemporaryDirectory() as folder:
        for axes, (name, plot) in zip(sheet.subplots(2, 2).flat, PLOTS.items(), strict=True):
            path = Path(folder, name)
            run(f"diffcli plot {plot} -o {path} --size 6x3.8 --dpi 160")
            axes.imshow(image.imread(path))
            axes.set_axis_off()
        sheet.savefig(Path(folder, "sheet.png"), dpi=160)
        shrink(Path(folder, "sheet.png"), IMAGES / "plots.png", 1100)


if __name__ == "__main__":
    for page in PAGES:
        page.write_text(refreshed(page.read_text(encoding="utf-8")), encoding="utf-8")
    terminal()
    plots()
