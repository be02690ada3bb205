"""JSON: one strict document an answer, or one line a result."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

from diffcli.output.document import Answer
from diffcli.output.formats import View


def render(answer: Answer, _view: View) -> str:
    """Return the answer as one JSON document; a number that is missing is null."""
    return dump(answer.data())


def render_lines(answer: Answer, _view: View) -> str:
    """Return each result as one JSON document, a line each."""
    return "\n".join(map(dump, answer.records() if answer.records else [answer.data()]))


def dump(value: Any) -> str:
    """Return JSON of one line."""
    return json.dumps(strict(value), allow_nan=False)


def strict(value: Any) -> Any:
    """Return JSON's own types; infinity and nan are missing numbers, as JSON has neither."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {key: strict(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [strict(part) for part in value]
    return value
