"""The interactive session, whatever the program is that it keeps running.

``words`` splits a line, ``definitions`` holds what it defines, ``session`` makes a command of the
rest, and ``prompt`` is where it is typed.
"""
