"""LaTeX, read and written.

``scan`` makes the plain language's tokens of it, through ``reader``, which is helped by
``commands``, ``scripts``, ``structures`` and ``integrals``; ``printer`` writes it.
"""
