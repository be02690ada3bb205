"""Draw the pictures of ``examples/gallery.sh`` and write the page: ``python docs/gallery.py``.

In the script a comment stands above each command. What a command draws is kept as a small
picture, what it prints as text.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import refresh

SCRIPT = refresh.ROOT / "examples" / "gallery.sh"
PAGE = refresh.ROOT / "docs" / "gallery.md"
IMAGES = refresh.IMAGES / "gallery"
WIDTH = 840
"""Of a picture, in pixels."""

HEAD = """\
# Gallery

Every plot is one command of `examples/gallery.sh`.
`python docs/gallery.py` draws them all again.
"""


def plots() -> Iterator[tuple[str, str]]:
    """Yield each command of the script with the comment above it."""
    lines = SCRIPT.read_text(encoding="utf-8").splitlines()
    for comment, command in pairwise(lines):
        if command.startswith("diffcli "):
            yield comment.removeprefix("# "), command


def photograph(page: Path, picture: Path) -> None:
    """Open a page in a browser, and write what it shows as a picture."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(  # noqa: S603  (the browser that is installed, and a page of ours)
            [
                *(shutil.which("chromium") or "chromium", "--headless", "--no-sandbox"),
                *("--disable-gpu", "--hide-scrollbars", "--virtual-time-budget=3000"),
                *(f"--user-data-dir={folder}", "--window-size=1000,760"),
                *(f"--screenshot={picture}", page.as_uri()),
            ],
            check=True,
            capture_output=True,
        )


def section(caption: str, command: str) -> str:
    """Draw one plot, and return its part of the page."""
    file = re.search(r" -o (\S+)", command)
    if file is None:
        return f"{caption}\n\n```console\n$ {command}\n{refresh.run(command)}\n```\n"
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, file[1])
        refresh.run(command.replace(file[0], f" -o {path}"))
        name = file[1]
        if path.suffix == ".html":
            name = f"{path.stem}.png"
            photograph(path, path.with_name(name))
        refresh.shrink(path.with_name(name), IMAGES / name, WIDTH)
    return f"{caption}\n\n```sh\n{command}\n```\n\n![{caption}](images/gallery/{name})\n"


if __name__ == "__main__":
    IMAGES.mkdir(parents=True, exist_ok=True)
    PAGE.write_text("\n".join([HEAD, *(section(*plot) for plot in plots())]), encoding="utf-8")
