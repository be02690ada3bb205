"""Parameters that convert only what has to be.

Typer loads a library of validators, which takes as long as typer itself, to turn text into text
and what wasn't typed into itself.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def quick(param: Any) -> Any:
    """Let a parameter of typer's convert only what was typed and isn't wanted as text."""
    if "process_value" not in vars(param):
        param.process_value = _processing(param)
    return param


def _processing(param: Any) -> Callable[[Any, Any], Any]:
    """Return what makes a parameter's value of what was typed, if anything was."""
    descriptor = getattr(param, "type_descriptor", None)
    is_text = descriptor is not None and descriptor.annotation in (str, list[str])
    convert: Callable[[Any, Any], Any] = param.process_value

    def process(ctx: Any, value: Any) -> Any:
        is_typed = isinstance(value, str | tuple | list)
        if param.required or (is_typed and not is_text):
            return convert(ctx, value)
        return param.callback(ctx, param, value) if param.callback else value

    return process
