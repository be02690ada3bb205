"""Files of rows: csv, jsonl and Parquet, read and written in chunks or row by row.

- ``formats``: which kinds there are, and who reads and writes each: ``text`` and ``writing`` csv
  and jsonl, ``parquet`` with its ``footers``.
- ``chunks``: some rows on their way, and the thread that reads ahead; ``append``: bytes to a file.
- ``points``: a row as a point.
"""
