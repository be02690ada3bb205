"""Where the warm process listens, and who may speak to it."""

from __future__ import annotations

import os
import stat
import sys

from diffcli._version import __version__

IDENTITY_VARIABLES = (
    "ATEN", "CUDA", "GLIBC", "GOMP", "HOME", "KMP", "LANG", "LC_", "LD_", "MALLOC", "MATPLOTLIBRC",
    "MKL", "MPL", "OMP", "OPENBLAS", "PYTHON", "SYMPY", "TORCH", "XDG_C",
)  # fmt: skip
"""Beginnings of the variables that are read while the interpreter and the libraries start."""

_SECURE_MODE = 0o700
_PRIME = (1 << 61) - 1
_MOUNTS = "/proc/self/ns/mnt"


class UnsafeError(Exception):
    """The folder or the socket isn't this user's alone; the text says what is wrong."""


def identity() -> bytes:
    """Return what a warm process and a command must have in common.

    That is diffcli's version, the interpreter with its flags and search path, the user's groups,
    the file system that is seen, and the environment variables that change what is loaded.
    """
    root = os.stat("/")  # noqa: PTH116  (pathlib is slow to import)
    facts = [
        __version__,
        sys.executable,
        sys.prefix,
        str(tuple(sys.flags)),
        *sys.warnoptions,
        str((os.getgid(), os.getegid(), os.getgroups())),
        str((root.st_dev, root.st_ino, os.readlink(_MOUNTS))),  # noqa: PTH115
    ]
    facts += sorted(
        f"{name}={value}"
        for name, value in os.environ.items()
        if name.startswith(IDENTITY_VARIABLES)
    )
    return "\0".join(facts).encode(errors="surrogateescape")


def folder(*, make: bool = False) -> str:
    """Return the user's own folder for the socket.

    It lies in XDG_RUNTIME_DIR where that is the user's own, else among the temporary files. With
    ``make`` a missing one is created. Raises UnsafeError where the path isn't a folder of this
    user's alone, FileNotFoundError where there is nothing.
    """
    runtime = os.environ.get("XDG_RUNTIME_DIR", "")
    is_usable = runtime.startswith("/") and os.path.isdir(runtime) and _is_own(runtime)  # noqa: PTH112
    path = (
        f"{runtime}/diffcli" if is_usable else f"/tmp/diffcli-{os.getuid()}"  # noqa: S108  (checked below: owner, mode, no link)
    )
    if make:
        try:  # noqa: SIM105  (contextlib is slow to import)
            os.mkdir(path, _SECURE_MODE)  # noqa: PTH102
        except FileExistsError:
            pass  # checked below, whoever created it
    if not _is_own(path):
        raise UnsafeError(f"{path} isn't a folder of this user's alone")
    return path


def _is_own(path: str) -> bool:
    status = os.lstat(path)
    is_secure = status.st_uid == os.getuid() and not status.st_mode & 0o077
    return stat.S_ISDIR(status.st_mode) and is_secure


def socket_path(folder: str, identity: bytes) -> str:
    """Return the path of the socket for one identity, in a folder."""
    # A remainder by a large prime tells identities apart, and needs no module.
    return f"{folder}/{int.from_bytes(identity) % _PRIME:016x}.sock"


def is_free() -> bool:
    """Return whether nothing is where the warm process would listen."""
    try:
        check_socket(socket_path(folder(), identity()))
    except FileNotFoundError:
        return True
    except (OSError, UnsafeError):
        pass  # the client says what is wrong
    return False


def check_socket(path: str) -> None:
    """Refuse a socket that another user created, or that isn't one.

    Raises UnsafeError, or FileNotFoundError where there is none.
    """
    status = os.lstat(path)
    if not stat.S_ISSOCK(status.st_mode) or status.st_uid != os.getuid():
        raise UnsafeError(f"{path} isn't a socket of this user's")


def peer(credentials: bytes) -> tuple[int, int]:
    """Return the process and the user at the other end, of the three integers of SO_PEERCRED."""
    pid, user = (int.from_bytes(credentials[start : start + 4], sys.byteorder) for start in (0, 4))
    return pid, user
