"""The version, in its one place: the package, the wheel and ``--version`` read it here."""

from __future__ import annotations

__version__ = "0.1.0"
