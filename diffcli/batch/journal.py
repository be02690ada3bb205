"""A file that grows by chunks beside its target, and takes its place when it is complete.

Beside the target ``g.csv`` stand ``.g.csv.part``, the chunks so far, and ``.g.csv.journal``: what
the run is, then a line for each chunk that is finished. Wherever the run is ended, the target is
untouched, and the lines say how much of the part holds.
"""

from __future__ import annotations

import json
import os
from base64 import b64decode, b64encode
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from diffcli.batch.tally import Tally
from diffcli.errors import FileError, UsageError
from diffcli.output.files import check_writable, keep_permissions, open_own, resolved
from diffcli.rows.append import growing
from diffcli.rows.chunks import Buffer

try:
    import fcntl
except ImportError:  # Windows, where two runs of one target aren't kept apart
    fcntl = None  # type: ignore[assignment]


class Writable(Protocol):
    """A file or stream that takes bytes."""

    def write(self, data: Buffer, /) -> object:
        """Take bytes."""

    def flush(self) -> object:
        """Pass on what was taken."""


@dataclass
class Part:
    """A file that is written chunk by chunk: what it holds, and what its end will need."""

    file: Writable
    journal: BinaryIO | None = None
    tally: Tally = field(default_factory=Tally)
    size: int = 0
    footers: list[tuple[int, bytes]] = field(default_factory=list)

    def write(self, data: Buffer) -> None:
        """Write what no chunk is made of."""
        self.file.write(data)
        self.size += len(data)

    def add(self, data: Buffer, footer: bytes, tally: Tally) -> None:
        """Write a chunk; once it is written, note it, and the tally with it."""
        self.footers.append((self.size, footer))
        self.write(data)
        self.file.flush()
        self.tally = tally
        if self.journal:
            line = {
                "size": self.size,
                "start": self.footers[-1][0],
                "footer": b64encode(footer).decode(),
                "tally": tally.document,
            }
            self.journal.write(json.dumps(line).encode() + b"\n")
            self.journal.flush()


@contextmanager
def part_of(target: Path, identity: str, *, resume: bool) -> Iterator[Part]:
    """Give the part of a target, which takes the target's place if all goes well.

    A device such as /dev/null is written to, never replaced. ``identity`` tells one run from
    another. With ``resume`` an unfinished run goes on; raises UsageError where it was another
    one, FileError where the target can't be written.
    """
    check_writable(target)
    target = resolved(target)
    try:
        if target.exists() and not target.is_file():
            with target.open("wb") as device:
                yield Part(device)
        else:
            with _grown(target, identity, resume=resume) as part:
                yield part
    except OSError as error:
        raise FileError(f"{target} can't be written: {error.strerror}") from error


@contextmanager
def _grown(target: Path, identity: str, *, resume: bool) -> Iterator[Part]:
    part, journal = (target.with_name(f".{target.name}.{what}") for what in ("part", "journal"))
    with os.fdopen(open_own(journal), "a+b") as lines, ExitStack() as opened:
        _lock(lines, target)
        file = opened.enter_context(growing(part, new=not resume))
        found = Part(file, lines)
        if resume:
            _restore(found, lines, identity)
            if os.fstat(file.file.fileno()).st_size < found.size:
                raise _damaged()
        _cut(file.file, found.size)
        if not found.tally.chunks:
            _cut(lines, 0)
            lines.write(json.dumps({"identity": identity}).encode() + b"\n")
        try:
            yield found
        except UsageError:
            # The input isn't what it should be, so that there is nothing to go on with.
            part.unlink()
            journal.unlink()
            raise
        file.flush()
        keep_permissions(file.file.fileno(), target)
        part.replace(target)
        journal.unlink()


def _lock(lines: BinaryIO, target: Path) -> None:
    if fcntl:
        try:
            fcntl.flock(lines, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise FileError(f"another run is writing {target}", hint="wait until it ends") from None


def _cut(file: BinaryIO, size: int) -> None:
    file.truncate(size)
    file.seek(size)


def _restore(part: Part, lines: BinaryIO, identity: str) -> None:
    """Take up what the journal says is finished."""
    lines.seek(0)
    end = 0
    for line in lines:
        if not line.endswith(b"\n"):
            break  # the run was ended while it wrote this
        end += len(line)
        noted = _noted(line)
        if noted.get("identity", identity) != identity:
            raise UsageError(
                "the run that was ended had another formula, other options or another input",
                hint="without --resume all begins anew",
            )
        if "tally" in noted:
            try:
                part.footers.append((noted["start"], b64decode(noted["footer"], validate=True)))
                part.size, part.tally = noted["size"], Tally.of(noted["tally"])
            except (KeyError, TypeError, ValueError) as error:
                raise _damaged() from error
    _cut(lines, end)


def _noted(line: bytes) -> dict[str, Any]:
    try:
        noted = json.loads(line)
    except ValueError as error:
        raise _damaged() from error
    if not isinstance(noted, dict):
        raise _damaged()
    return noted


def _damaged() -> FileError:
    return FileError("what the ended run left is damaged", hint="without --resume all begins anew")
