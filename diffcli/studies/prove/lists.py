"""Lists inside of formulas, ``norm([x, y])``, written out: formulas over a box are of numbers."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from diffcli.errors import FormulaError


def _joined(sign: str) -> Callable[[Sequence[str]], str]:
    return lambda parts: sign.join(f"({part})" for part in parts)


def _sum_of(before: str, after: str) -> Callable[[Sequence[str]], str]:
    return lambda parts: " + ".join(f"{before}({part}){after}" for part in parts)


_RULES: Mapping[str, Callable[[Sequence[str]], str]] = {
    "sum": _joined(" + "),
    "prod": _joined("*"),
    "mean": lambda parts: f"({_joined(' + ')(parts)})/{len(parts)}",
    "norm": lambda parts: f"sqrt({_sum_of('', '^2')(parts)})",
    "logsumexp": lambda parts: f"ln({_sum_of('exp', '')(parts)})",
    "max": lambda parts: f"max({', '.join(parts)})" if len(parts) > 1 else parts[0],
    "min": lambda parts: f"min({', '.join(parts)})" if len(parts) > 1 else parts[0],
}
_CALL = re.compile(rf"\b({'|'.join(_RULES)})\s*\(\s*\[")


def written_out(text: str) -> str:
    """Return a text in which the functions of lists are formulas of the entries.

    Raises FormulaError where a bracket isn't closed.
    """
    while calls := list(_CALL.finditer(text)):
        call = calls[-1]
        end = _closing(text, call.end())
        after = re.match(r"\s*\)", text[end + 1 :])
        if after is None:
            raise FormulaError(f"{call[1]} takes one list", hint=f"as in {call[1]}([x, y])")
        parts = [part.strip() for part in split(text[call.end() : end])]
        whole = f"({_RULES[call[1]](parts)})"
        text = f"{text[: call.start()]}{whole}{text[end + 1 + after.end() :]}"
    return text


def _closing(text: str, start: int) -> int:
    depth = 0
    for position in range(start, len(text)):
        depth += (text[position] in "([{") - (text[position] in ")]}")
        if depth < 0:
            return position
    raise FormulaError("a bracket isn't closed", text=text, column=max(0, start - 1))


def split(text: str) -> list[str]:
    """Return what the commas outside of all brackets divide a text into."""
    parts, depth = [""], 0
    for letter in text:
        depth += (letter in "([{") - (letter in ")]}")
        if letter == "," and not depth:
            parts.append("")
        else:
            parts[-1] += letter
    return parts
