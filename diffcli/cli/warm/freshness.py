"""Whether what a warm process has loaded is still what is installed."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import diffcli

_CACHE = "__pycache__"
_ABOUT_PACKAGES = (".dist-info", ".egg-info", ".pth", ".egg-link")
"""Endings of the entries that an installer replaces with each package."""


def installed() -> frozenset[tuple[str, int]]:
    """Return what is installed: paths, and the time of their last change in nanoseconds.

    That is the interpreter, each file of diffcli, and each entry of the search path's folders;
    of these, the time counts where an installer writes about a package.
    """
    home = Path(diffcli.__file__).parent
    entries = {(sys.executable, os.stat(sys.executable).st_mtime_ns)}  # noqa: PTH116
    entries.update(_sources(str(home)))
    for folder in sys.path:
        entries.update(_packages(folder))
    return frozenset(entries)


def _sources(folder: str) -> Iterator[tuple[str, int]]:
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                if entry.name != _CACHE:
                    yield from _sources(entry.path)
            else:
                yield entry.path, entry.stat().st_mtime_ns


def _packages(folder: str) -> Iterator[tuple[str, int]]:
    """Yield a folder's entries; loading a package changes no more than its cache of byte code."""
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.name != _CACHE:
                    is_about = entry.name.endswith(_ABOUT_PACKAGES)
                    yield entry.path, entry.stat().st_mtime_ns if is_about else 0
    except OSError:
        return  # a folder that isn't there, or an archive
