"""The languages that a formula is exported to: each is the ``TARGET`` of the file of its name.

What a language's ``calls`` lack is written by a definition of :mod:`diffcli.export.lowering`, or
refused by name: a function stands there only if it keeps its digits.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from diffcli.export.target import Target

LANGUAGES = (
    "python",
    "numpy",
    "torch",
    "jax",
    "c",
    "javascript",
    "julia",
    "rust",
    "fortran",
    "matlab",
    "latex",
)
"""Their names, in the order in which help and hints list them."""
ALIASES = MappingProxyType({"octave": "matlab"})
"""Other names of languages."""


@cache
def targets() -> Mapping[str, Target]:
    """Return the languages by name."""
    return MappingProxyType(
        {name: import_module(f"{__name__}.{name}").TARGET for name in LANGUAGES}
    )


def endings() -> list[str]:
    """Return the endings of the files of all languages, with their dots."""
    return sorted({suffix for target in targets().values() for suffix in target.suffixes})


def named_by(suffix: str) -> str | None:
    """Return the language whose files' names end so, if there is one alone."""
    owners = [name for name, target in targets().items() if suffix in target.suffixes]
    return owners[0] if len(owners) == 1 else None
