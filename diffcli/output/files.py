"""Files of results: checked before any work, and written whole or not at all.

In a folder where others may write too, a file of ours could be awaited by a link to another file.
So every file that is made is opened without following a link (``O_NOFOLLOW``), a new one only where
nothing stands (``O_EXCL``), and one that is continued must be a regular file of this user with one
name.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path
from secrets import token_hex

from diffcli.errors import FileError

_APPEND = os.O_RDWR | os.O_APPEND | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0)
_NO_WAIT = getattr(os, "O_NONBLOCK", 0)
"""A pipe that lies in wait is opened at once."""
_PUBLIC = stat.S_IWGRP | stat.S_IWOTH


def ending(path: Path | None) -> str:
    """Return the ending of a file's name in small letters, without its dot; "" where none is."""
    return path.suffix[1:].lower() if path else ""


def check_writable(path: Path) -> None:
    """Raise FileError unless a file can be written there."""
    if str(path) == "-":
        raise FileError("- names no file", hint="name a file to be written")
    target = resolved(path)
    if target.is_dir():
        raise FileError(f"{path} is a folder", hint="name a file in it")
    if not target.parent.is_dir():
        raise FileError(f"there is no folder {target.parent}", hint="make it first")
    writable = target if target.exists() else target.parent
    if not os.access(writable, os.W_OK) or not os.access(target.parent, os.W_OK):
        raise FileError(f"{path} can't be written", hint="choose a file that you may write")


def check_apart(source: Path, target: Path) -> None:
    """Raise FileError where a file would take the place of what is read."""
    if target.is_file() and source.exists() and target.samefile(source):
        raise FileError(
            f"{target} is what is read, and would be lost", hint="name another file: -o FILE"
        )


def check_different(first: Path | None, second: Path | None) -> None:
    """Raise FileError where two files of results are one."""
    if first and second and resolved(first) == resolved(second):
        raise FileError(f"{first} would be written twice", hint="name two files")


def resolved(path: Path) -> Path:
    """Return the file that a path leads to.

    Raises FileError for a link that another user laid in a folder where others may write, as Linux
    does with ``protected_symlinks``, and for links in a circle.
    """
    if path.is_symlink() and hasattr(os, "geteuid"):
        link, folder = path.lstat(), path.parent.stat()
        if folder.st_mode & _PUBLIC and link.st_uid not in (os.geteuid(), folder.st_uid):
            raise FileError(
                f"{path} is a link of another user in a folder where others may write",
                hint="name another file",
            )
    # The pipe or device to which /dev/stdout leads has no path of its own.
    if path.exists() and not path.is_file() and not path.is_dir():
        return path
    try:
        return path.resolve()
    except (OSError, RuntimeError) as error:
        raise FileError(f"{path} can't be written: its links lead nowhere") from error


def create(path: Path) -> int:
    """Return the descriptor of a new file, open to read and to append.

    Raises FileExistsError where anything stands there, be it a link.
    """
    return os.open(path, _APPEND | os.O_EXCL, 0o666)


def open_own(path: Path) -> int:
    """Return the descriptor of a file of this user, open to read and to append; it is made if new.

    Raises FileError for a link, a file with a second name, one of another user, or no file.
    """
    try:
        descriptor = os.open(path, _APPEND | _NO_WAIT, 0o666)
    except OSError as error:
        if path.is_symlink():
            raise _in_the_way(path, "is a link") from error
        raise
    status = os.fstat(descriptor)
    reason = (
        "is no regular file"
        if not stat.S_ISREG(status.st_mode)
        else "is another user's"
        if hasattr(os, "geteuid") and status.st_uid != os.geteuid()
        else "has a second name elsewhere"
        if status.st_nlink > 1
        else None
    )
    if reason:
        os.close(descriptor)
        raise _in_the_way(path, reason)
    return descriptor


def _in_the_way(path: Path, reason: str) -> FileError:
    return FileError(
        f"{path} {reason}, so that nothing is written to it",
        hint="remove it, or write to a folder of your own",
    )


def write_whole(path: Path, data: str | bytes) -> None:
    """Write a file in one step: what stood there stays until the new content is complete.

    Raises FileError where it can't be written.
    """
    target = resolved(path)
    content = data.encode() if isinstance(data, str) else data
    try:
        if target.exists() and not target.is_file():
            # A device such as /dev/null is written to, never replaced.
            target.write_bytes(content)
            return
        partial = target.with_name(f".{target.name}.{token_hex(8)}.partial")
        descriptor = create(partial)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
                keep_permissions(descriptor, target)
            partial.replace(target)
        finally:
            partial.unlink(missing_ok=True)
    except OSError as error:
        raise FileError(f"{path} can't be written: {error.strerror}") from error


def keep_permissions(descriptor: int, target: Path) -> None:
    """Give an open file the permissions of the one whose place it will take, if there is one."""
    if target.exists() and hasattr(os, "fchmod"):
        os.fchmod(descriptor, stat.S_IMODE(target.stat().st_mode))
