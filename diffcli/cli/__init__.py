"""The command line: text in, requests, answers out.

- ``entry``: the installed program; it hands the command over to ``warm``, or runs ``main``.
- ``main``: arguments in, exit code out; ``arguments``: what may be typed short; ``commands``: the
  commands as typer has them, with ``options``, ``help`` and ``parameters``.
- ``answer``: what was typed as requests, and their answers on the screen and in files, with
  ``preview``, ``progress``, ``watchdog`` and ``messages`` on the way.
- ``functions``, ``plot``, ``batch``, ``repl`` and ``warm``: the commands that answer no requests.
"""
