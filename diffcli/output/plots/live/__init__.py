"""A picture as a page that computes by itself: pan, zoom, crosshair, sliders, surfaces that turn.

``page`` lays it out and fills it with the formula's code in JavaScript. The page's own code is
``controls.js``, ``redrawing.js``, ``sampling.js``, ``lines.js``, ``plane.js`` and ``surface.js``;
``uplot`` is the library that draws lines (https://github.com/leeoniya/uPlot, under the licence
beside it).
"""

from __future__ import annotations

from diffcli.output.plots.live.page import Page, live_page

__all__ = ["Page", "live_page"]
