"""The gallery's page shows every command of its script, with a small picture of each."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "docs"))

import gallery  # noqa: E402  (found through the path above)

PAGE = gallery.PAGE.read_text(encoding="utf-8")


def test_the_page_shows_every_command() -> None:
    shown = re.findall(r"^(?:\$ )?(diffcli .*)$", PAGE, re.MULTILINE)
    assert shown == [command for _, command in gallery.plots()]


@pytest.mark.sampled(3)
@pytest.mark.parametrize("path", re.findall(r"!\[[^\]]*\]\(([^)]+)\)", PAGE))
def test_a_picture_is_there_and_small(path: str) -> None:
    assert 1_000 < (gallery.PAGE.parent / path).stat().st_size < 80_000


def test_no_picture_is_left_over() -> None:
    shown = {Path(path).name for path in re.findall(r"\(images/gallery/([^)]+)\)", PAGE)}
    assert {path.name for path in gallery.IMAGES.iterdir()} == shown
