r"""Text → tokens, whether it is written plainly or in LaTeX.

LaTeX becomes the tokens of the plain language, with columns into what was typed: ``\frac{1}{x}`` is
``{{1}/{x}}``, ``\sin^2 x`` is ``sin ** 2 x``. The one parser reads them, braces being brackets that
never call a function.
"""

from __future__ import annotations

from collections.abc import Collection

from diffcli.errors import FormulaError
from diffcli.language.limits import MAX_CHARACTERS
from diffcli.language.tokens import END, NAME, Scan, is_latex, plain, tokenize, variable_name


def scan(text: str, declared: Collection[str] = ()) -> Scan:
    r"""Cut a text into tokens, plain or LaTeX: what has a backslash, a ``$``, ``^{`` or ``_{``.

    ``declared`` are names of variables, which LaTeX letters are otherwise a product of. Raises
    FormulaError at what isn't part of the language, LimitError beyond the limits.
    """
    if not is_latex(text) or len(text) > MAX_CHARACTERS:
        return Scan(tokenize(text))
    from diffcli.language.latex.grammar import Grammar

    return Grammar(plain(text), declared).scan()


def name_of_column(text: str) -> str:
    r"""Return the variable that a column of numbers is named after: ``α``, ``x_{1}``, ``\alpha``.

    A name that isn't one of the language stays as it is.
    """
    bare = text.strip()
    plain = variable_name(bare)
    if plain is not None or not is_latex(bare):
        return plain or bare
    try:
        tokens = scan(bare).tokens
    except FormulaError:
        return bare
    return tokens[0].text if [token.kind for token in tokens] == [NAME, END] else bare
