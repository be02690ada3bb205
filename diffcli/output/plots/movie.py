"""Pictures in turn, as one moving picture: an animated gif."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from io import BytesIO

from PIL import Image

from diffcli.output.plots.canvas import Paint, render
from diffcli.output.plots.style import Canvas

MOVING = "gif"
"""The ending of a file that moves."""
FRAMES = 24
"""Pictures of one movement."""
LASTING, RESTING = 120, 1200
"""How long a picture is seen, and the last one, in thousandths of a second."""
COLOURS = 128
FEWER = 2
"""How many times fewer pixels an inch has than a picture that stands still."""


def movie(paints: Sequence[Paint], canvas: Canvas) -> bytes:
    """Return pictures as an animated gif, which begins again when it has ended."""
    still = replace(canvas, kind="png", dpi=canvas.dpi / FEWER)
    frames = [
        Image.open(BytesIO(render(paint, still))).convert("RGB").quantize(COLOURS)
        for paint in paints
    ]
    lasting = [LASTING] * (len(frames) - 1) + [RESTING]
    buffer = BytesIO()
    first, *rest = frames
    first.save(buffer, format="GIF", save_all=True, append_images=rest, duration=lasting, loop=0)
    return buffer.getvalue()
