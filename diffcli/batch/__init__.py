"""Many points from a file, streamed: read in chunks, evaluated, written, resumed.

- ``results``: what is computed for a row; ``verifying``: a sample of it; ``tally``: so far;
  ``journal``: on disk, to go on from.
- ``run``: one file, through :mod:`diffcli.rows`; ``folders``: many; ``summary``: what was done.
"""
