"""One formula at many points: value and derivatives, by the way that suits their number."""

from __future__ import annotations

from diffcli.engines.throughput.evaluator import Evaluator

__all__ = ["Evaluator"]
