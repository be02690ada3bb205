"""A warm process: everything is loaded once, and each command runs in a fork of it.

- ``choice``: whether a command may be handed over.
- ``client``: hands a command over and waits for its end.
- ``address``: where the socket lies, and who may speak through it.
- ``request``: what is handed over, as bytes.
- ``process``: loads everything, and becomes the warm process.
- ``server``: waits for commands, hands each to a fork, and reports how it ended.
- ``fork``: a fork that waits for its command, as the loop sees it.
- ``command``: that fork becomes the command that was typed.
- ``freshness``: whether what was loaded is still what is installed.
- ``start``: starts, asks and stops the process, for ``commands``, which is ``diffcli warm``.

``choice``, ``client``, ``address`` and ``request`` import nothing but the interpreter's own quick
modules: a command is to take milliseconds.
"""
