"""What the commands of LaTeX mean, in the plain language; and what isn't read, with the remedy."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from diffcli.language.tokens import GREEK_NAMES
from diffcli.language.vocabulary import CALLABLE

# fmt: off
SIGNS: Mapping[str, str] = MappingProxyType({
    "cdot": "*", "times": "*", "ast": "*", "odot": "*", "div": "/", "bmod": "%",
    "mod": "%", "colon": ":",
    "lt": "<", "gt": ">", "le": "<=", "leq": "<=", "leqslant": "<=", "ge": ">=", "geq": ">=",
    "geqslant": ">=", "ne": "!=", "neq": "!=", "vert": "|", "sum": "∑", "prod": "∏",
    "lvert": r"\lvert", "rvert": r"\rvert", "lfloor": "⌊", "rfloor": "⌋", "lceil": "⌈",
    "rceil": "⌉", "lbrack": "(", "rbrack": ")", "lbrace": "(", "rbrace": ")", "{": "(", "}": ")",
    "partial": "∂", "prime": "'",
})
"""Commands that are a sign."""

QUANTITIES = frozenset({"hbar", "ell"})
"""Commands that are a letter of their own."""

NAMES: Mapping[str, str] = MappingProxyType({
    **{name: name for name in QUANTITIES},
    **{f"var{name}": name for name in GREEK_NAMES if name[0].isupper()},
    **{name: name for name in (*sorted(CALLABLE), *GREEK_NAMES) if name.isalpha()},
    "varepsilon": "epsilon", "vartheta": "theta", "varkappa": "kappa", "varphi": "phi",
    "varpi": "pi", "varrho": "rho", "varsigma": "sigma", "infty": "inf", "land": "and",
    "wedge": "and", "lor": "or", "vee": "or", "lnot": "not", "neg": "not",
})
"""Commands that are a name or a word."""

BLANKS = (
    "quad qquad enspace thinspace medspace thickspace negthinspace displaystyle textstyle "
    "scriptstyle limits nolimits rm it bf mathstrut strut nonumber notag allowbreak"
).split()
"""Commands that are white space; a sum's limits and the style of letters are not read."""

SIZES: Mapping[str, str] = MappingProxyType(
    {"left": "l", "right": "r"}
    | {f"{size}{side}": side for size in ("big", "Big", "bigg", "Bigg") for side in ("l", "r", "")}
)
"""Commands that size the bracket after them, by its side."""

BARS: Mapping[str, str] = MappingProxyType({"l": r"\lvert", "r": r"\rvert", "": "|"})
"""The vertical bar by its side."""

FONTS = frozenset(
    "mathrm mathit mathbf mathsf mathtt mathcal mathnormal boldsymbol bm operatorname "
    "operatorname* text textrm textit textbf textsf textnormal mbox hbox".split()
)
"""Commands whose argument is one name, or the words of a condition."""

WORDS: Mapping[str, str] = MappingProxyType({
    **dict.fromkeys(["if", "for", "when", "where", "with", "all"], ""),
    **dict.fromkeys(["otherwise", "else", "elsewhere"], "otherwise"),
    **{word: word for word in ("and", "or", "not")},
})
"""Words of a condition, by what they are read as."""

_SUM = r"write its terms out, or as \sum_{i=1}^{5}"
_TWO = "write the two formulas, each alone"
_ACCENT = r"give the variable a plain name, such as x_1 or x_{\mathrm{max}}"
_INTEGRAL = r"write one over a range, as in \int_{0}^{x} f \, dt"
REFUSED: Mapping[str, str] = MappingProxyType({
    **dict.fromkeys(["iint", "iiint", "oint"], _INTEGRAL),
    **dict.fromkeys(["lim", "limsup", "liminf"], "type the formula without the limit"),
    **dict.fromkeys(["dots", "ldots", "cdots", "dotsc", "dotsb"], _SUM),
    **dict.fromkeys(["pm", "mp"], _TWO),
    **dict.fromkeys(["hat", "bar", "vec", "tilde", "dot", "ddot", "widehat", "widetilde",
                     "overline", "underline", "acute", "breve", "check"], _ACCENT),
    **dict.fromkeys(["in", "notin"], r"write a comparison, such as 0 \le x \le 1"),
    **dict.fromkeys(["to", "rightarrow", "mapsto", "equiv", "approx", "sim", "propto", "implies"],
                    "type the formula alone"),
    **dict.fromkeys(["nabla"], "diffcli grad gives the gradient"),
    **dict.fromkeys(["mid", "middle"], "write the formula without the condition"),
    **dict.fromkeys(["langle", "rangle"], "use parentheses"),
    "circ": "a degree stands as in 30^\\circ",
    "%": r"write \bmod for the remainder",
    "&": "write 'and'",
    "tag": "leave the label out", "label": "leave the label out",
    **dict.fromkeys(["Re", "Im"], "formulas are of real numbers; leave it out"),
    **dict.fromkeys(["ll", "gg"], "type the formula without the condition"),
    "mathbb": "name the variable by a plain letter",
})
"""Commands that aren't read, with the remedy."""

ENVIRONMENTS = frozenset({"cases", "dcases", "cases*", "array"})
"""Environments that are read as pieces with their conditions."""
WRAPPERS = frozenset({"equation", "equation*", "displaymath", "math"})
"""Environments around a whole formula, that say nothing of it."""
# fmt: on
