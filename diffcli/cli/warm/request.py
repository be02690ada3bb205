"""The request that a command hands over to the warm process: fields after their lengths."""

from __future__ import annotations

import os
import resource
import sys

TYPE_CHECKING = False  # typing is slow to import
if TYPE_CHECKING:
    import signal
    from collections.abc import Iterable, Sequence
else:
    import _signal as signal  # what wraps it in enums is slow to import

MAGIC = b"diffcli-warm-1\n"
HEADER = len(MAGIC) + 8
"""Bytes before the fields: the magic, and the length of the rest in hexadecimal."""
MAX_LENGTH = 1 << 23
"""Bytes of one request; Linux allows 6 MiB of arguments and environment."""
CHUNK = 1 << 16
"""Bytes read from a connection at once."""
MAX_FILES = 250
"""Open descriptors that a command hands over; Linux sends 253 at once."""

RUN, STATUS, STOP, ENDED = b"run", b"status", b"stop", b"ended"
"""Requests; the last one is a fork's own, with its exit code."""
ACCEPTED, REFUSED, EXITED, KILLED = b"A", b"R", b"E", b"K"
"""Answers: the command may start; it is refused, for the reason that follows; it ended with an exit
code; it was ended by a signal."""

GO = 255
"""The byte, no signal's number, with which a client that still waits starts the command."""

LIMITS = tuple(
    sorted(getattr(resource, name) for name in dir(resource) if name.startswith("RLIMIT_"))
)
IGNORABLE = (signal.SIGINT, signal.SIGQUIT, signal.SIGHUP, signal.SIGTERM)
"""Signals that a shell or nohup may have told a command to ignore."""


class MalformedError(ValueError):
    """These bytes are no request."""


def message(fields: list[bytes]) -> bytes:
    """Return fields as one message."""
    body = b"".join(b"%d:%b," % (len(field), field) for field in fields)
    return MAGIC + b"%08x" % len(body) + body


def body_length(header: bytes) -> int:
    """Return how many bytes follow a header. Raises MalformedError for what is no header."""
    if not header.startswith(MAGIC):
        raise MalformedError
    try:
        length = int(header[len(MAGIC) : HEADER], 16)
    except ValueError:
        raise MalformedError from None
    if not 0 <= length <= MAX_LENGTH:
        raise MalformedError
    return length


def fields_of(body: bytes) -> list[bytes]:
    """Return the fields of a message's body. Raises MalformedError for what is none."""
    fields, start = [], 0
    while start < len(body):
        digits, _, _ = body[start : start + 10].partition(b":")
        if not digits.isdigit():
            raise MalformedError
        start += len(digits) + 1
        end = start + int(digits)
        if body[end : end + 1] != b",":
            raise MalformedError
        fields.append(body[start:end])
        start = end + 1
    return fields


def command_fields(identity: bytes, arguments: Sequence[str], files: Sequence[int]) -> list[bytes]:
    """Return this process's command, and all that it inherits, as the fields of a request.

    ``files`` are the descriptors that are open. Raises ValueError where they are too many.
    """
    if len(files) > MAX_FILES:
        raise ValueError("too many files are open")
    umask = os.umask(0)
    os.umask(umask)
    limits = [number for limit in LIMITS for number in resource.getrlimit(limit)]
    ignored = [number for number in IGNORABLE if signal.getsignal(number) is signal.SIG_IGN]
    environment = [b"%b=%b" % pair for pair in os.environb.items()]
    return [
        RUN,
        identity,
        numbers(files),
        numbers([umask, os.getpriority(os.PRIO_PROCESS, 0)]),
        numbers(limits),
        numbers(ignored),
        numbers(sorted(os.sched_getaffinity(0))),
        b"%d" % len(arguments),
        *map(os.fsencode, [sys.argv[0], *arguments]),
        *environment,
    ]


def numbers(values: Iterable[int]) -> bytes:
    """Return integers as one field."""
    return b" ".join(b"%d" % value for value in values)
