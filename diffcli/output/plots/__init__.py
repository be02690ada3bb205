"""Samples → pictures.

- ``compose``: which picture a Function makes; ``pictures``: one class a kind.
- ``curve``, ``trace`` and ``field`` draw lines, curves and planes by matplotlib, ``terminal`` and
  ``shades`` with characters.
- ``path``, ``matrix`` and ``backward`` draw a descent, a matrix and a graph.
- ``frame``, ``canvas``, ``style``, ``ticks``, ``levels``, ``marks``, ``labels``, ``typed`` and
  ``typeset`` are what they share.
"""
