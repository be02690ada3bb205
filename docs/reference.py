"""Write the reference pages and the man page from the code: ``python docs/reference.py``.

The tests compare; this writes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

from diffcli import errors
from diffcli._version import __version__
from diffcli.cli.commands import ALIASES, HELP_NAMES, command, names, record
from diffcli.cli.main import app
from diffcli.language.catalogue import Entry, entries
from diffcli.options import COMMON
from diffcli.output.notes import marked
from diffcli.verdict import Verdict

DOCS = Path(__file__).resolve().parent
PAGES = DOCS / "reference"
MAN = DOCS / "man" / "diffcli.1"
WRITTEN = "<!-- Written by docs/reference.py from the code. -->"

_VERDICTS = {
    Verdict.CERTIFIED: "an interval, or the analysis of a difficult point, proves the number to "
    "the last digit shown, and autograd lies within it widened by its own rounding bound",
    Verdict.AGREES: "no interval, but two independent engines agree; or a sample of the entries",
    Verdict.INEXACT: "the number is proved; floating point lost digits, and how many are left "
    "is said, or the float next to the point has another truth",
    Verdict.UNVERIFIED: "only one engine could answer, and why",
    Verdict.NOT_DIFFERENTIABLE: "the one-sided derivatives differ or are infinite, or there is a "
    "jump: left, right and why",
    Verdict.UNDEFINED: "outside the real domain, or a pole",
    Verdict.DISAGREES: "a defect in some engine: all numbers are shown",
}
_EXITS = {
    0: "answered",
    1: "a defect of diffcli",
    2: "usage: an option, a point, a shape, a file that can't be read or written",
    3: "the formula can't be read",
    4: "no derivative at any point: each lacks one of its numbers, or where vectors are given all "
    "of them; an answer all the same, with the reason; or a Python function that cuts the graph",
    5: "the engines disagree, or a claim given to `check` or `prove` is wrong",
    6: "a limit, or the time ran out; or `prove` can't decide",
    130: "interrupted",
}
_ENVIRONMENT = {
    "NO_COLOR": "no colours",
    "FORCE_COLOR": "colours also where the output is no terminal",
    "COLUMNS": "the width of a table where the output is no terminal",
    "DIFFCLI_WARM": "0 never uses a warm process, 1 starts one with the first command",
    "XDG_RUNTIME_DIR": "where the warm process listens, /tmp/diffcli-UID unless set",
    "XDG_STATE_HOME": "where the history of the repl is kept, ~/.local/state unless set",
    "XDG_CACHE_HOME": "where compiled derivatives are kept, ~/.cache unless set",
}


def shown() -> list[str]:
    """Return the names of the commands that help lists."""
    return [name for name in names() if name not in ALIASES]


# -- commands --------------------------------------------------------------------------------


def options(name: str) -> dict[str, list[tuple[str, str]]]:
    """Return the options of a command as (written, what it does), by group."""
    found: dict[str, list[tuple[str, str]]] = {}
    for param in command(name).params:
        if param.param_type_name == "option" and not param.hidden:
            found.setdefault(param.rich_help_panel or "Options", []).append(_written(param))
    return found


def _written(param: Any) -> tuple[str, str]:
    opts = ", ".join(sorted(param.opts, key=len))
    return f"{opts} {param.metavar or ''}".rstrip(), param.help or ""


def _common() -> dict[str, list[tuple[str, str]]]:
    """Return the common options by group, as (written, what it does)."""
    found: dict[str, list[tuple[str, str]]] = {}
    for option in COMMON:
        written = ", ".join(sorted(option.spellings, key=len))
        row = f"{written} {option.metavar or ''}".rstrip(), option.described
        found.setdefault(option.group, []).append(row)
    return found


def _has_common(name: str) -> bool:
    found = record(name)
    return bool(found and found.common)


def _without(name: str) -> str:
    """Return which of the common options change nothing for a command."""
    found = record(name) if _has_common(name) else None
    listed = {option.name for option in found.all_options if not option.is_hidden} if found else ()
    unused = [max(each.spellings, key=len) for each in COMMON if found and each.name not in listed]
    return f"Without {', '.join(f'`{option}`' for option in unused)}." if unused else ""


def commands_page() -> str:
    """Return the page of the commands."""
    parts = [
        "# Commands",
        (
            "A bare formula means `grad`. A formula that begins with a minus is an argument like "
            "any other; `-` reads formulas from standard input, one a line."
        ),
        *map(_command, shown()),
        "## Common options",
        (
            "Every command that takes a formula, but for `plot`, has these as well, without those "
            "that stand with it."
        ),
        *(f"### {group}\n\n{_table(rows)}" for group, rows in _common().items()),
        "## The program",
        _table(map(_written, _program().params)),
    ]
    return _page(parts)


def _program() -> Any:
    from typer.main import get_command

    return get_command(app)


def _command(name: str) -> str:
    found = command(name)
    rows = [row for row in _own(name) if row[0] != ", ".join(HELP_NAMES)]
    parts = [f"## {name}", _paragraphs(found.help), f"```sh\n{found.epilog}\n```"]
    return "\n\n".join([*parts, *([_table(rows)] if rows else []), *filter(None, [_without(name)])])


def _own(name: str) -> list[tuple[str, str]]:
    """Return the options of a command that aren't common ones."""
    rows = [row for group in options(name).values() for row in group]
    common = [row for group in _common().values() for row in group] if _has_common(name) else []
    return [row for row in rows if row not in common]


def _paragraphs(text: str) -> str:
    return "\n\n".join(" ".join(part.split()) for part in text.split("\n\n"))


def _table(rows: Iterable[tuple[str, ...]], head: tuple[str, ...] = ("option", "")) -> str:
    lines = [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    for first, *rest in rows:
        cells = [f"`{_cell(first)}`", *map(_cell, rest)]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;")


def _page(parts: Iterable[str]) -> str:
    title, *rest = parts
    return "\n\n".join([title, WRITTEN, *rest]) + "\n"


# -- functions, verdicts, JSON ---------------------------------------------------------------


def functions_page() -> str:
    """Return the page of the functions."""
    parts = [
        "# Functions",
        (
            "What a formula may use, as `diffcli functions` lists it and `diffcli functions NAME` "
            "tells it. The accuracy, where it was measured, is the largest error of the value and "
            "its first three derivatives over the largest term."
        ),
    ]
    known = entries()
    for group in dict.fromkeys(entry.group for entry in known):
        rows = [_function(entry) for entry in known if entry.group == group]
        head = ("written", "meaning", "also", "to be known", "accuracy")
        parts += [f"## {group.capitalize()}", _table(rows, head)]
    return _page(parts)


def _function(entry: Entry) -> tuple[str, ...]:
    facts = "; ".join(f"{title}: {fact}" for title, fact in entry.facts.items())
    accuracy = "" if entry.accuracy is None else f"{entry.accuracy:.0e}"
    return (
        entry.written,
        entry.meaning,
        ", ".join(entry.others),
        facts.replace("*", "\\*"),
        accuracy,
    )


def verdicts_page() -> str:
    """Return the page of the verdicts, the exit codes and the errors."""
    classes = [each for each in vars(errors).values() if isinstance(each, type)]
    kinds = [each for each in classes if issubclass(each, errors.DiffcliError)]
    rows = [
        (each.kind, str(each.exit_code), (each.__doc__ or "").splitlines()[0]) for each in kinds
    ]
    rows[0] = (rows[0][0], rows[0][1], "A defect of diffcli.")
    return _page(
        [
            "# Verdicts and exit codes",
            "A result's verdict is the worst of its entries', the last of this list first.",
            _table(((marked(each), text) for each, text in _VERDICTS.items()), ("verdict", "")),
            "## Exit codes",
            _table(((str(code), text) for code, text in _EXITS.items()), ("exit", "")),
            "## Errors",
            (
                "An error is one message on standard error: the cause, the place, the remedy. In "
                "the records of `batch` it has a kind:"
            ),
            _table(rows, ("kind", "exit", "")),
        ]
    )


def json_page() -> str:
    """Return the page of the JSON Schema."""
    schema = files("diffcli.output").joinpath("schema.json").read_text("utf-8")
    return _page(
        [
            "# JSON",
            (
                "`--json` writes one document on standard output: strict JSON, in which a number "
                "that is missing is `null` and has its reason beside it, and every other number "
                "has 17 significant digits. `--format jsonl` writes each result in a line of its "
                "own. What a document may be is said by this "
                "[JSON Schema](https://json-schema.org), which `diffcli --schema` prints:"
            ),
            f"```json\n{schema.rstrip()}\n```",
        ]
    )


# -- the man page ----------------------------------------------------------------------------


def man_page() -> str:
    """Return the man page."""
    lines = [
        f'.TH DIFFCLI 1 "" "diffcli {__version__}" "User Commands"',
        ".SH NAME",
        r"diffcli \- a derivative calculator and plotter that proves its numbers",
        ".SH SYNOPSIS",
        r".B diffcli",
        r"[\fICOMMAND\fR] \fIFORMULA\fR ... [\fIOPTION\fR] ...",
        ".SH DESCRIPTION",
        *_roff(_paragraphs(_program().help or "")),
        "A bare formula means grad.",
        ".SH COMMANDS",
    ]
    for name in shown():
        found = command(name)
        lines += [f".SS {name}", *_roff(_paragraphs(found.help)), ".PP", ".nf"]
        lines += [*_roff(found.epilog), ".fi"]
        lines += _items(_own(name))
        lines += _roff(_without(name).replace("`", ""))
    lines += [".SH COMMON OPTIONS"]
    lines += _items(row for group in _common().values() for row in group)
    lines += [".SH EXIT STATUS", *_items((str(code), text) for code, text in _EXITS.items())]
    lines += [".SH ENVIRONMENT", *_items(_ENVIRONMENT.items())]
    return "\n".join(lines) + "\n"


def _items(rows: Iterable[tuple[str, str]]) -> Iterator[str]:
    for written, text in rows:
        yield ".TP"
        yield from (f".B {line}" for line in _roff(written))
        yield from _roff(text.replace("`", ""))


_ROFF = str.maketrans(
    {"\\": r"\e", "-": r"\-", "^": r"\(ha", "~": r"\(ti", "'": r"\(aq", "`": r"\(ga"}
)
"""The characters that roff would make others of."""


def _roff(text: str) -> Iterator[str]:
    """Yield the lines of a text so that nothing in them is a request to roff."""
    for line in text.splitlines():
        escaped = line.translate(_ROFF)
        yield re.sub(r"^(?=\.)", r"\\&", escaped) or ".PP"


def outputs() -> dict[Path, str]:
    """Return the text of every file that is written."""
    return {
        PAGES / "commands.md": commands_page(),
        PAGES / "functions.md": functions_page(),
        PAGES / "verdicts.md": verdicts_page(),
        PAGES / "json.md": json_page(),
        MAN: man_page(),
    }


if __name__ == "__main__":
    for path, text in outputs().items():
        path.write_text(text, encoding="utf-8")
