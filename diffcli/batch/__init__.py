"""Many points from a file, streamed: read in chunks, evaluated, written, resumed.

- ``chunks``, ``reading`` and ``writing``: csv and jsonl; ``parquet`` and its ``footers``;
  ``direct``: past the system's cache.
- ``results``: what is computed for a row; ``verifying``: a sample of it; ``tally``: so far;
  ``journal``: on disk, to go on from.
- ``run``: one file; ``folders``: many; ``summary``: what was done.
"""
