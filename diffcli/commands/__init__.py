"""Request → Answer: every command computes here, and prints nothing.

- ``record``: what a command and a request are. ``registry``: the commands by name.
- ``run``: the one way from a request to its answer; ``settings`` and ``sizes`` on it.
- ``derivatives``: the operators' commands; ``export``: code. A study's command stands in its
  folder of ``studies``; ``boxes`` is what those about a box share.
- ``json_requests``: requests as JSON, one a line.
"""
