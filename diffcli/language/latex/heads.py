r"""Wrappings of a formula, ``\[ … \]``, and names on the left of its sign of equality.

``f(x) =`` and ``y =`` are read by the parser; here go ``\frac{dN}{dt} =``, ``P(X=k) =`` and such,
which name the formula and say nothing else of it.
"""

from __future__ import annotations

import re

from diffcli.language.latex.reader import Reader

_D = r"(?:d|\\partial|\\mathrm\s*\{?\s*d\s*\}?|\\text\s*\{d\})"
_SCRIPTS = r"(?:\s*[_^]\s*(?:\w|\\[A-Za-z]+|\{[^{}]*\}))*"
_EQUALS = r"\s*(?:\([A-Za-z0-9,\s\\]*\))?\s*(?:&\s*)?:?=(?!=)"
_ENVIRONMENT = r"\\begin\s*\{(?:aligned|align\*?|split|equation\*?)\}"
_WRAP = rf"(?:\s*(?:\{{?\s*\\(?:display|text)style|{_ENVIRONMENT}|\\boxed\s*\{{))*\s*"
_ABOVE = rf"\{{\s*{_D}(?:\^\{{?[0-9]\}}?)?\s*(?:[A-Za-z]|\\[A-Za-z]+){_SCRIPTS}\s*\}}"
_BELOW = rf"\{{\s*{_D}[^{{}}]*(?:\{{[0-9]\}})?\s*\}}"
_DERIVATIVE = re.compile(
    rf"{_WRAP}(?P<head>(?:\{{\s*)?\\[dt]?frac\s*{_ABOVE}\s*{_BELOW}(?:\s*\}})?"
    r"|[A-Za-z](?:'+|\^\{?\\prime\}?)"
    rf"|\\(?:nabla|partial|Delta){_SCRIPTS}\s*[A-Za-z]{_SCRIPTS}){_EQUALS}"
)
_CALL = re.compile(
    rf"{_WRAP}(?P<head>(?P<name>[A-Za-z]|\\(?:Pr|operatorname\*?|mathbb|mathrm|mathcal|text|mathsf)"
    rf"(?:\s*\{{[A-Za-z]+\}}|\s*[A-Z])?|\\[A-Za-z]+){_SCRIPTS}\s*(?:\\[,!]|\\left|\\[bB]igg?l?)?\s*)"
    r"(?=[(\[]|\\\{)"
)
_GIVEN = re.compile(r"[=;|:]|\\(?:mid|vert|colon)(?![A-Za-z])")
"""A sign in the brackets of a probability that no list of arguments has."""
_EQUAL = re.compile(r"\s*(?:&\s*)?:?=(?!=)")
_LONGEST = 400
"""Characters within which a head is looked for."""
_ALWAYS = ("\\Pr", "\\mathbb", "\\operatorname", "\\mathrm")


def skip_head(reader: Reader) -> None:
    """Go past a name of the formula that only LaTeX writes, with its sign of equality."""
    start = reader.position
    end = start + _LONGEST
    match = _DERIVATIVE.match(reader.text, start, end)
    if match:
        _skip(reader, match, match.end())
    elif match := _CALL.match(reader.text, start, end):
        closer = _closer(reader.text, match.end())
        inside = reader.text[match.end() : closer]
        equal = _EQUAL.match(reader.text, closer)
        is_name = match["name"].startswith(_ALWAYS) and not re.fullmatch(r"\(\w\)", inside)
        if equal and (_GIVEN.search(inside) or is_name):
            _skip(reader, match, equal.end())


def _skip(reader: Reader, match: re.Match[str], end: int) -> None:
    typed = reader.text[match.start("head") : end].strip().rstrip("&=: ")
    reader.say(f"{typed} is the name of the formula after '='")
    reader.skipped = (match.start("head"), end)


def _closer(text: str, start: int) -> int:
    """Return where the bracket that opens here is closed, or the end."""
    depth = 0
    for index in range(start, len(text)):
        depth += (text[index] in "([{") - (text[index] in ")]}")
        if depth == 0:
            return index + 1
    return len(text)
