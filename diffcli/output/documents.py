"""JSON: one strict document a report, or one line a result."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

from diffcli.output.cells import checks
from diffcli.output.formats import View
from diffcli.output.listing import Listing, Source
from diffcli.output.report import SCHEMA, Report, Result
from diffcli.verdict import Check


def render(report: Report, _view: View) -> str:
    """Return the report as one JSON document; a number that is missing is null."""
    return dump(document(report))


def render_listing(listing: Listing | Source, _view: View) -> str:
    """Return the listing as one JSON document."""
    return dump(listing.document)


def render_lines(report: Report, _view: View) -> str:
    """Return each result as one JSON document, a line each."""
    return "\n".join(dump(_result(result)) for result in report.results)


def document(report: Report) -> dict[str, Any]:
    """Return the report as JSON's own types."""
    several = len(report.expression) > 1
    return {
        "schema": SCHEMA,
        "command": report.command,
        "expression": list(report.expression) if several else "".join(report.expression),
        "read_as": report.read_as,
        "variables": list(report.variables),
        "dtype": report.dtype,
        "device": report.device,
        "warnings": list(report.warnings),
        "results": [_result(result) for result in report.results],
    }


def _result(result: Result) -> dict[str, Any]:
    asked = result.at is not None
    found: dict[str, Any] = {
        "at": result.at,
        "value": result.value,
        "derivative": result.derivative,
        "symbolic": {entry: formula.text for entry, formula in result.symbolic.items()},
        "verdict": result.verdict.value if asked else None,
        "checks": [_check(check) for check in checks(result)],
    }
    if result.sampled:
        found["sampled"] = result.extent
    if result.analysis:
        found["analysis"] = dict(result.analysis)
    return found


def _check(check: Check) -> dict[str, Any]:
    return {
        "entry": check.entry,
        "verdict": check.verdict.value,
        "autograd": check.autograd,
        "symbolic": check.symbolic,
        "enclosure": check.enclosure,
        "error_ulps": check.error_ulps,
        "left": check.left,
        "right": check.right,
        "reason": check.reason,
    }


def dump(value: Any) -> str:
    """Return JSON of one line."""
    return json.dumps(strict(value), allow_nan=False)


def strict(value: Any) -> Any:
    """JSON has no infinity and no nan: they are missing numbers."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {key: strict(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [strict(part) for part in value]
    return value
