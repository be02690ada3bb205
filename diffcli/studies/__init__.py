"""What is built on derivatives: a folder a study, with its computation and its ``document``.

``curves`` is no command of its own: it finds what is of note on a line, for ``plot``.
"""
