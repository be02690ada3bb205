"""Jacobians and Hessians by their structure: patterns, colouring, and what the numbers say.

- ``patterns``: which entries may differ from zero; ``colouring``: how few products give them;
  ``windows``: sums over a moving window, part by part.
- ``compressed``: computes by these, a whole matrix or a ``sparse`` one.
- ``pieces``: one component alone, for a sample. ``spectra``: rank, eigenvalues, definiteness.
"""
