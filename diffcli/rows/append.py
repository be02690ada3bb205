"""Bytes written past the system's cache: what isn't read again soon needs no copy of it there.

To find memory for the cache and to copy into it is most of what writing asks of a processor.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from errno import EINVAL
from io import FileIO
from pathlib import Path
from typing import BinaryIO

from diffcli.output.files import create, open_own
from diffcli.rows.chunks import Buffer

PAGE = 1 << 12
"""Bytes of which memory, place and size are to be multiples."""
LEAST = 1 << 20
"""Bytes at once from which on it pays."""


@dataclass(frozen=True)
class AppendFile:
    """A file to whose end bytes are added, many whole pages directly where that is possible."""

    file: BinaryIO
    direct: FileIO | None

    def write(self, data: Buffer) -> None:
        """Add bytes."""
        left = memoryview(data)
        if self.direct and len(left) >= LEAST and len(left) % PAGE == 0:
            self.file.flush()
            left = _written(left, self.direct)
        self.file.write(left)

    def flush(self) -> None:
        """Pass on what was taken."""
        self.file.flush()


@contextmanager
def growing(path: Path, *, new: bool) -> Iterator[AppendFile]:
    """Open a file to add to it; what it holds may be read.

    A ``new`` file takes the place of an older one, and of a link there. Raises FileError where
    what stands there isn't this user's own file.
    """
    if new:
        path.unlink(missing_ok=True)
    with os.fdopen(create(path) if new else open_own(path), "a+b") as file, _direct(file) as direct:
        yield AppendFile(file, direct)


def _direct(file: BinaryIO) -> AbstractContextManager[FileIO | None]:
    """Open an open file again to add to it past the cache; None where that isn't possible."""
    flag, name = getattr(os, "O_DIRECT", 0), Path(f"/proc/self/fd/{file.fileno()}")
    if not flag or not name.exists():
        return nullcontext()
    try:
        return FileIO(os.open(name, os.O_WRONLY | os.O_APPEND | flag), "a")
    except OSError as error:
        if error.errno != EINVAL:
            raise
        return nullcontext()


def _written(data: memoryview, file: FileIO) -> memoryview:
    """Write bytes; return those that are left, as memory or place are no whole pages."""
    try:
        while data:
            data = data[file.write(data) :]
    except OSError as error:
        if error.errno != EINVAL:
            raise
    return data
