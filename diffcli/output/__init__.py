"""Report → table, plain, JSON, CSV, Markdown, LaTeX.

- ``report``: what an answer says; ``listing``: what a study says. ``formats``: the registry.
- ``table``, ``plain``, ``documents`` (JSON), ``sheet`` (CSV), ``markdown``, ``latex``: a format
  each, over ``cells``, ``headings``, ``analysis``, ``notes``, ``grids``, ``trees`` and ``text``.
- A study's record as a listing: ``checking``, ``reviewing``, ``landmarks``, ``descent``,
  ``expansion``, ``holomorphic``, ``implicit_derivatives``, ``implicit_lesson``, ``lesson``,
  ``measured``, ``backward``, ``profiling``.
- ``matrices`` and ``files`` write to disk; ``plots`` draws.
"""
