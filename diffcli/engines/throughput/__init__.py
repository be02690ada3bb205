"""One formula at many points: value and derivatives, by the way that suits their number.

- ``layout``: which numbers of a point are wanted; ``reverse``: the sweep of a tape.
- ``emission``: a tape as torch calls on buffers; ``compiled``: for torch.compile; ``workers``: the
  threads.
- ``routes``: which of them, or autograd, from how many points on; ``pointwise``: the numbers in
  chunks, a sample against autograd; ``evaluator``: the whole.
- ``slices``, then ``products``: vectors in place of points.
"""

from __future__ import annotations

from diffcli.engines.throughput.evaluator import Evaluator

__all__ = ["Evaluator"]
