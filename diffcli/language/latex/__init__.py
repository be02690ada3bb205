"""LaTeX, read and written.

``scan`` makes the plain language's tokens of it, through ``reader``, which is helped by the tables
of ``commands``, by ``heads``, ``words``, ``scripts``, ``applications``, ``brackets``,
``structures``, ``hypergeometric``, ``environments``, ``integrals``, ``derivatives`` and
``clauses``; ``printer`` writes it.
"""
