"""Samples → pictures.

- ``pictures``: what is asked, a kind of plot, and its picture; ``kinds``: a file a kind;
  ``compose``: which of them a Function makes; ``plane``: what those over a plane share.
- ``line_axes`` and ``plane_axes`` draw by matplotlib, ``terminal`` with characters.
- ``path`` and ``path_text`` draw a descent, ``matrix`` a matrix.
- ``frame``, ``canvas``, ``style``, ``scales``, ``labels``, ``typed`` and ``typeset`` are what they
  share.
"""
