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


class Installation:
    """A snapshot of the installed files, to be compared with those installed later.

    Mostly the times of the files and of the folders suffice: no entry comes or goes without a
    change of its folder.
    """

    def __init__(self) -> None:
        self._entries = _installed()
        self._times = self._read_times()

    def is_unchanged(self) -> bool:
        """Return whether the same is still installed."""
        if all(_time(path) == time for path, time in self._times.items()):
            return True
        # A cache of byte code changes the time of the folder that it is created in.
        times = self._read_times()
        if _installed() != self._entries:
            return False
        self._times = times
        return True

    def _read_times(self) -> dict[str, int]:
        """Return when each folder, and each file whose content counts, was last changed."""
        files = {path for path, time in self._entries if time}
        folders = {os.path.dirname(path) for path, _ in self._entries}  # noqa: PTH120
        return {path: _time(path) for path in (*files, *folders, *sys.path)}


def _time(path: str) -> int:
    """Return when a path was last changed, in nanoseconds; -1 where there is nothing."""
    try:
        return os.stat(path).st_mtime_ns  # noqa: PTH116  (hundreds for each command)
    except OSError:
        return -1


def _installed() -> frozenset[tuple[str, int]]:
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
