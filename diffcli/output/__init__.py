"""Answer → table, plain, JSON, CSV, Markdown, LaTeX.

- ``report``: the numbers and the facts of an answer. ``document``: what a person sees of it, block
  by block; ``answers``: a report as a document, over ``cells`` and ``notes``.
- ``formats``: the registry. ``table`` (over ``grids``), ``plain``, ``data`` (JSON), ``sheet``
  (CSV), ``markdown``, ``latex``: a format each, which draws any document; ``text``: their words.
- ``matrices`` and ``files`` write to disk; ``plots`` draws.
"""
