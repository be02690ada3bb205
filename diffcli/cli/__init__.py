"""The command line: text in, typed call, text out.

- ``entry``: the installed program; it hands the command over to ``warm``, or runs ``main``.
- ``main``: arguments in, exit code out; ``arguments``: what may be typed short; ``commands``: the
  table of commands, with ``help`` and ``parameters`` for typer.
- ``options``: those that commands share; ``settings``: as the library's records.
- ``answer``: one request from text to text, with ``preview``, ``progress``, ``watchdog``, ``sizes``
  and ``messages`` on its way.
- ``derivatives``: a command for each operator; every other command has a file of its name.
"""
