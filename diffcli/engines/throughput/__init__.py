"""One formula at many points: value and derivatives, by the way that suits their number.

- ``layout``: which numbers of a point are wanted; ``reverse``: the sweep of a tape; ``partials``:
  both for a layout.
- ``emission``: a tape as torch calls on buffers; ``fused`` and ``compiled``: for torch.compile;
  ``eager``: autograd instead; ``workers``: the threads.
- ``ways``: which of them from how many points on; ``checking``: a sample against autograd;
  ``evaluator``: the whole.
- ``slices``, ``gathering``, then ``products``: vectors in place of points.
"""

from __future__ import annotations

from diffcli.engines.throughput.evaluator import Evaluator

__all__ = ["Evaluator"]
