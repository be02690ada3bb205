r"""Names in LaTeX: letters, Greek, fonts and accents, with what stands below and above them.

Free functions over the reader of :mod:`diffcli.language.latex.reader`.
"""

from __future__ import annotations

import re

from diffcli.language.functions import BY_NAME
from diffcli.language.latex import hypergeometric
from diffcli.language.latex.applications import application, greek_call, is_word, starts_factor
from diffcli.language.latex.clauses import CLAUSES, prose
from diffcli.language.latex.commands import ACCENTS, BOLD, FUNCTIONS, SWITCHES, TEXTUAL, VARIANTS
from diffcli.language.latex.filled import filled
from diffcli.language.latex.reader import Reader
from diffcli.language.latex.scripts import PLACES, exponent, subscript
from diffcli.language.remedies import FUNCTIONS as REMEDIES
from diffcli.language.tensors import BY_TENSOR_NAME
from diffcli.language.tokens import GREEK_NAMES, NAME, NUMBER, SIGN, TIMES, Token
from diffcli.language.vocabulary import (
    ALWAYS_CALLED,
    CALLABLE,
    CONSTANTS,
    FORMS,
    GLUED,
    OF_ORDER,
    ORDERED,
)

_LONGEST = max(map(len, CALLABLE))
_BRACKET = re.compile(r"(?:\\(?:left|[bB]igg?l?)\s*)?(?:\(|\[|\\\{)")
_ARGUMENT = r"\s*(?:[A-Za-z]|\\[A-Za-z]+(?:\s*\{\s*\\?[A-Za-z]+\s*\})?|[0-9.]+)(?:_\w|_\{\w+\})?\s*"
_ARGUMENTS = re.compile(
    rf"(?:\\(?:left|[bB]igg?l?)\s*)?\((?:{_ARGUMENT},)*{_ARGUMENT}(?:\\(?:right|[bB]igg?r?)\s*)?\)"
)
_OPENING = re.compile(r"\s*(?:\\[,;:! ])*\s*(?:\\(?:left|[bB]igg?l?)\s*)?\(")
_OFTEN_FUNCTIONS = frozenset("delta rho chi eta psi Psi Theta Lambda varphi".split())
"""Greek letters that are said to be factors before a bracket, as ``\\delta(x-a)`` may be none."""
_LETTERS = re.compile(r"([A-Za-z]++)([0-9]*)(?![.0-9])|([A-Za-z]+)")
_MANY = 4
"""Letters from which a product of letters is said to be one."""
_UPRIGHT = {"K": "ellipk", "E": "ellipe", "B": "Beta"}
"""Functions by their upright letter, before a bracket."""
_FONT_WORD = re.compile(
    r"\s*(?:\{[\s~]*([A-Za-z][A-Za-z0-9]*(?:\\?_[A-Za-z0-9]*)*)[\s~]*\}|([A-Za-z]))"
)
_SWITCHED = re.compile(r"\s*(?:\{\s*([A-Za-z]+)\s*\}|([A-Za-z]+))")
_PADDED = re.compile(r"\s*\{(?:\s+[^{}\s]+\s*|\s*[^{}\s]+\s+)\}")
"""A word with blanks around it, which is part of a sentence."""
_SEVERAL = re.compile(r"\s*\{([A-Za-z]+(?:[ -][A-Za-z]+){1,3})\}")
"""A name of several words, without blanks at its ends, which would make it a sentence."""
_DX = re.compile(r"d[a-z]")
"""A differential in one font."""
_COMMA = re.compile(r"\{\s*,\s*\}([0-9]+)")
_GROUPS = re.compile(r"(?:\\[, ]|~)([0-9]{3})(?![0-9])")


# -- letters and numbers -----------------------------------------------------------------------


def letter(reader: Reader, command: str) -> str:
    r"""Return the name of a Greek letter; ``\varphi`` is φ unless both are names here."""
    if command not in reader.letters_of:
        reader.letters_of[command] = _letter(reader, command)
    return reader.letters_of[command]


def _letter(reader: Reader, command: str) -> str:
    plain = VARIANTS.get(command, command)
    both = rf"\\{plain}(?![A-Za-z])"
    own = any(name.partition("_")[0] == command for name in reader.declared)
    if plain != command and (own or re.search(both, reader.text)):
        reader.words.add(command)
        return command
    return "inf" if command == "infty" else plain


def number(reader: Reader, first: re.Match[str], start: int) -> None:
    r"""Read what else belongs to a number: ``0{,}5``, ``1\,000\,000``."""
    text = first[0]
    if text.isdigit() and (comma := reader.match(_COMMA)):
        groups = [comma[1]]
        while comma := reader.match(_COMMA):
            groups.append(comma[1])
        in_thousands = len(text) <= 3 and all(len(group) == 3 for group in groups)
        if len(groups) == 1 and in_thousands and text != "0":
            raise reader.fail(
                "a comma between digits has several readings", start,
                f"write {text}.{groups[0]}, or {text}{groups[0]}",
            )  # fmt: skip
        if len(groups) > 1 and not in_thousands:
            raise reader.fail("a number has one decimal comma", start, "0{,}5")
        text += "." * (len(groups) == 1) + "".join(groups)
    elif text.isdigit() and len(text) <= 3:
        while group := reader.match(_GROUPS):
            text += group[1]
    reader.emit(NUMBER, text, start)


def letters(reader: Reader, most: int = 0) -> None:
    """Read letters, a product unless declared or a function; digits go with the last.

    ``most`` is how many are read at most, if not 0.
    """
    start, match = reader.position, _LETTERS.match(reader.text, reader.position)
    run, digits = (match[1] or match[3], match[2] or "") if match else ("", "")
    if most and most < len(run):
        run, digits = run[:most], ""
    word = next((candidate for candidate in (run + digits, run) if is_word(reader, candidate)), "")
    if run in CLAUSES and run not in reader.declared:
        reader.position = start + len(run)
        reader.emit(*CLAUSES[run], start)
        return
    if word:
        if word not in reader.declared:
            kind = "letter" if word in GREEK_NAMES else "function"
            mark = "\\" if word in FUNCTIONS or word in GREEK_NAMES else ""
            reader.say(f"{word} is the {kind} {mark}{word}")
    elif len(run) >= _MANY and "\\" not in reader.text:
        word = run + digits
    elif len(run) > 1:
        _check_product(reader, run, start)
        if len(run) >= _MANY:
            reader.say(f"{run} is the product {'*'.join(run)}")
        for reader.position in range(start + 1, start + len(run)):
            reader.emit(NAME, reader.text[reader.position - 1], reader.position - 1)
        start, word = reader.position, run[-1] + digits
    else:
        word = run + digits
    reader.position = start + len(word)
    name(reader, word, start)


def _check_product(reader: Reader, run: str, start: int) -> None:
    """Refuse letters with a function among them: ``sinx``, ``xysin``."""
    glued = GLUED.fullmatch(run) if len(run) <= _LONGEST + 2 else None
    known = (run[-size:] for size in range(_LONGEST, 2, -1) if run[-size:] in CALLABLE)
    function = glued["function"] if glued else next(known, None)
    if function and is_word(reader, function):
        reader.position = start + len(run)
        before, after = run.split(function, 1)
        meant = rf"{before} \{function} {after}".strip()
        raise reader.fail(
            f"{run!r} is a product of letters in LaTeX", start, f"did you mean '{meant}'?"
        )


# -- names with their scripts ------------------------------------------------------------------


def name(reader: Reader, text: str, start: int) -> None:
    """Read a name's subscript, exponent and primes, and what a function applies to."""
    reader.emit(NAME, text, start)
    scripts(reader, len(reader.tokens) - 1)


def scripts(reader: Reader, index: int) -> None:
    """Read what belongs to the name at a place among the tokens, the last but for its own."""
    text, order = reader.tokens[index].text, False
    while (unit := reader.peek()) and unit in "_^":
        if PLACES.match(reader.text, reader.position) or hypergeometric.begins(reader):
            break
        if unit == "^":
            exponent(reader)
        elif (below := subscript(reader, text)) is None:
            reader.argument()
            opened = "log_" if text == "log" else f"{text}{OF_ORDER}"
            reader.tokens[index] = reader.tokens[index]._replace(text=opened)
            order = True
        else:
            whole = reader.tokens[index].text
            joined, plain = f"{whole}_{below}", whole + below
            known = below.isdigit() and plain in CALLABLE and joined not in reader.declared
            whole = plain if known and text != "log" else joined
            reader.tokens[index] = reader.tokens[index]._replace(text=whole, end=reader.position)
    if text in reader.declared or not (text in CALLABLE or text in BY_NAME):
        if not order:
            _multiplied(reader, text, index)
    elif text in GREEK_NAMES:
        greek_call(reader, text, index)
    else:
        application(reader, text)


def _multiplied(reader: Reader, text: str, index: int) -> None:
    """Multiply a name by the bracket that follows, but for a list of names: ``u(x, t)``."""
    if not _BRACKET.match(reader.text, reader.position) or reader.tokens[-1].kind != NAME:
        return
    whole = reader.tokens[index].text
    if whole.partition("_")[0] in ALWAYS_CALLED and "_" in whole:
        return
    if greek_call(reader, text, index) or _ARGUMENTS.match(reader.text, reader.position):
        return
    is_letter = len(whole) == 1 or text in REMEDIES or text in ORDERED or text in _OFTEN_FUNCTIONS
    is_constant = whole in CONSTANTS
    if is_letter and not is_constant and text not in reader.declared:
        reader.say(f"{whole}(…) is a product")
    reader.emit(SIGN, TIMES, reader.position)


# -- fonts and accents -------------------------------------------------------------------------


def font(reader: Reader, command: str, start: int, *, alone: bool = False) -> None:
    r"""Read ``\mathrm{rate}`` or ``\hat{x}`` as a name, ``\text{if}`` as words of a condition.

    ``alone`` says that the scripts behind it belong to something else.
    """
    if command in BOLD and filled(reader, start):
        return
    if command in ACCENTS:
        word = _accented(reader, command, start)
    else:
        word = _word(reader, command, start)
    if not word:
        return
    is_call = not alone and _OPENING.match(reader.text, reader.position) is not None
    if command not in ACCENTS and is_call and word not in reader.declared:
        is_upright = word in _UPRIGHT
        word = _UPRIGHT.get(word, word)
        if is_upright or (len(word) > 1 and word not in GREEK_NAMES):
            # A word before a bracket is a function, known or not, and no factor.
            reader.emit(NAME, word, start)
            return
    is_own = len(word) > 1 and not any(word in names for names in (FORMS, BY_NAME, CONSTANTS))
    if command.startswith("operatorname") and is_own and word not in reader.declared and not alone:
        if word in BY_TENSOR_NAME:
            of_tensor(reader, word, start)
            return
        if starts_factor(reader):
            raise reader.fail(
                f"unknown function {word!r}", start, rf"a variable is \mathrm{{{word}}}"
            )
    if is_own:
        reader.words.add(word)
    if alone:
        reader.emit(NAME, word, start)
    else:
        name(reader, word, start)


def of_tensor(reader: Reader, operation: str, start: int) -> None:
    r"""Read what ``\det`` or ``\operatorname{tr}`` applies to: brackets, or the next factor."""
    reader.emit(NAME, operation, start)
    if _OPENING.match(reader.text, reader.position):
        return
    reader.emit(SIGN, "(", start)
    if reader.peek() in ("", "}", ")", "&", r"\end", r"\right"):
        raise reader.fail(
            f"{operation} has no argument", start, rf"\operatorname{{{operation}}}(A)"
        )
    unit = reader.peek()
    if unit.isascii() and unit.isalpha():
        reader.letters(1)
    else:
        reader.unit(unit)
    if reader.integrals == 0 and starts_factor(reader):
        reader.say(f"{operation} applies to the next factor alone")
    reader.emit(SIGN, ")", reader.position)


def _word(reader: Reader, command: str, start: int) -> str:
    """Return the name in a font, or read what else stands there and return ''."""
    pattern = _SWITCHED if command in SWITCHES else _FONT_WORD
    word = pattern.match(reader.text, reader.position)
    if command in TEXTUAL and _PADDED.match(reader.text, reader.position):
        return _text(reader, start)
    text = (word[1] or word[2]).replace("\\", "") if word else ""
    is_product = command in BOLD and 1 < len(text) < 3 and text not in reader.declared
    if word and not is_product and text.lower() not in CLAUSES:
        reader.position = word.end()
        if reader.integrals and _DX.fullmatch(text):
            reader.emit(NAME, "d", start)
            return text[1]
        if command in BOLD:
            _set_bold(reader, text)
        return text
    if command in TEXTUAL or text.lower() in CLAUSES:
        return _text(reader, start)
    inner = reader.captured(reader.argument)
    if command in BOLD:
        for token in inner:
            if token.kind == NAME:
                _set_bold(reader, token.text)
    if is_one_name(bare := [token for token in inner if token.text not in ("{", "}")]):
        return bare[0].text
    reader.tokens += inner
    return ""


def _set_bold(reader: Reader, name: str) -> None:
    """Note a bold name: a small letter is a vector, a capital a matrix unless it has an arrow."""
    reader.vectors.setdefault(name, 2 if name[0].isupper() else 1)


def _text(reader: Reader, start: int) -> str:
    r"""Return the name that ``\text{Net Income}`` is, or read its words and return ''."""
    several = _SEVERAL.match(reader.text, reader.position)
    if several and not set(several[1].lower().split()) & CLAUSES.keys():
        reader.position = several.end()
        text = re.sub("[ -]", "_", several[1])
        reader.say(f"'{several[1]}' is the name {text}")
        return text
    prose(reader, start)
    return ""


def _accented(reader: Reader, command: str, start: int) -> str:
    r"""Return the name of ``\hat{x}``: x_hat, or as it is declared; an arrow makes a vector."""
    inner = [token for token in reader.captured(reader.argument) if token.text not in ("{", "}")]
    if not inner or any(token.kind != NAME for token in inner):
        raise reader.fail(
            rf"'\{command}' stands over a name", start, r"\hat{x}, \bar{x}_1, \dot{\theta}"
        )
    base, accent = "".join(token.text for token in inner), ACCENTS[command]
    rank = 1 if accent == "vec" else reader.vectors.get(base, 0)
    names = (f"{base}_{accent}", base + accent, accent + base, f"{accent}_{base}")
    declared = next((candidate for candidate in names if candidate in reader.declared), "")
    word = declared or (base if accent == "vec" else names[0])
    if rank:
        reader.vectors[word] = rank
    return word


def is_one_name(tokens: list[Token]) -> bool:
    """Whether the tokens are one name."""
    return len(tokens) == 1 and tokens[0].kind == NAME
