"""What is said where a derivative has no closed form."""

from __future__ import annotations

from diffcli.errors import LimitError


class NoClosedFormError(LimitError):
    """An operation has no differential, or the language no form for a product of tensors."""


def no_closed_form(reason: str) -> NoClosedFormError:
    """Return the error with its reason."""
    return NoClosedFormError(reason)
