"""Files of results: checked before any work, and written whole or not at all."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from diffcli.errors import FileError


def check_writable(path: Path) -> None:
    """Raise FileError unless a file can be written there."""
    target = path.resolve()
    if target.is_dir():
        raise FileError(f"{path} is a folder", hint="name a file in it")
    if not target.parent.is_dir():
        raise FileError(f"there is no folder {target.parent}", hint="make it first")
    writable = target if target.exists() else target.parent
    if not os.access(writable, os.W_OK) or not os.access(target.parent, os.W_OK):
        raise FileError(f"{path} can't be written", hint="choose a file that you may write")


def write_whole(path: Path, data: str | bytes) -> None:
    """Write a file in one step: what stood there stays until the new content is complete.

    Raises FileError where it can't be written.
    """
    target = path.resolve()
    content = data.encode() if isinstance(data, str) else data
    try:
        if target.exists() and not target.is_file():
            # A device such as /dev/null is written to, never replaced.
            target.write_bytes(content)
            return
        partial = target.with_name(f".{target.name}.{os.getpid()}.partial")
        partial.touch(exist_ok=False)  # nothing is written through a link that lies in wait
        try:
            partial.write_bytes(content)
            if target.exists():
                shutil.copymode(target, partial)
            partial.replace(target)
        finally:
            partial.unlink(missing_ok=True)
    except OSError as error:
        raise FileError(f"{path} can't be written: {error.strerror}") from error
