"""Pictures in turn, as one moving picture: an animated gif, an mp4, or text on a terminal."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

from diffcli.errors import UsageError
from diffcli.output.plots.canvas import Paint, render
from diffcli.output.plots.style import Canvas
from diffcli.programs import called

MOVING = ("gif", "mp4")
"""The endings of files that move."""
FRAMES = 24
"""Pictures of one movement."""
LASTING, RESTING = 120, 1200
"""How long a picture is seen, and the last one, in thousandths of a second."""
COLOURS = 128
FEWER = 2
"""How many times fewer pixels an inch has than a picture that stands still."""
PATIENCE = 120.0
"""Seconds that ffmpeg may take."""


def check_encoder(kind: str) -> None:
    """Raise UsageError for a film where ffmpeg, which writes it, isn't installed."""
    if kind == "mp4" and shutil.which("ffmpeg") is None:
        raise UsageError(
            "ffmpeg writes mp4 files, and isn't installed", hint="-o path.gif, or install ffmpeg"
        )


def movie(paints: Sequence[Paint], canvas: Canvas) -> bytes:
    """Return pictures as an animated gif, which begins again when it has ended, or as an mp4.

    Raises UsageError where ffmpeg is needed and isn't installed, or fails.
    """
    check_encoder(canvas.kind)
    still = replace(canvas, kind="png", dpi=canvas.dpi / FEWER)
    frames = [render(paint, still) for paint in paints]
    return _gif(frames) if canvas.kind == "gif" else _mp4(frames)


def _gif(frames: Sequence[bytes]) -> bytes:
    from PIL import Image

    first, *rest = (Image.open(BytesIO(frame)).convert("RGB").quantize(COLOURS) for frame in frames)
    lasting = [LASTING] * len(rest) + [RESTING]
    buffer = BytesIO()
    first.save(buffer, format="GIF", save_all=True, append_images=rest, duration=lasting, loop=0)
    return buffer.getvalue()


def _mp4(frames: Sequence[bytes]) -> bytes:
    """Return a film that every browser plays: H.264 in an even number of pixels."""
    resting = [frames[-1]] * (RESTING // LASTING)
    with TemporaryDirectory() as folder:
        film = Path(folder, "film.mp4")
        command = [
            *(shutil.which("ffmpeg") or "ffmpeg", "-v", "error", "-f", "image2pipe"),
            *("-framerate", f"1000/{LASTING}", "-i", "-", "-vf", "pad=ceil(iw/2)*2:ceil(ih/2)*2"),
            *("-c:v", "libx264", "-pix_fmt", "yuv420p", "-threads", "1", "-fflags", "+bitexact"),
            *("-flags:v", "+bitexact", "-movflags", "+faststart", str(film)),
        ]
        done = called(command, PATIENCE, b"".join([*frames, *resting]))
        if done.returncode or not film.exists():
            said = done.stderr.decode(errors="replace").strip().splitlines()
            raise UsageError(f"ffmpeg failed: {said[-1] if said else 'no reason is given'}")
        return film.read_bytes()
