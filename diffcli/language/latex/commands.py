"""The commands of LaTeX in the plain language; and those that aren't read, with the remedy."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from diffcli.language.remedies import LIMIT
from diffcli.language.tokens import GREEK_NAMES

# fmt: off
SIGNS: Mapping[str, str] = MappingProxyType({
    **dict.fromkeys(["cdot", "times", "ast", "star", "odot", "bullet", "cdotp",
                     "otimes"], "*"),
    **dict.fromkeys(["div", "oslash"], "/"), "bmod": "%", "mod": "%", "colon": ":", "degree": "°",
    "lt": "<", "gt": ">", "le": "<=", "leq": "<=", "leqslant": "<=", "ge": ">=", "geq": ">=",
    "geqslant": ">=", "ne": "!=", "neq": "!=", "vert": "|", "sum": "∑", "prod": "∏",
    "lvert": r"\lvert", "rvert": r"\rvert", "lfloor": "⌊", "rfloor": "⌋", "lceil": "⌈",
    "rceil": "⌉", "lbrack": "(", "rbrack": ")", "lbrace": "(", "rbrace": ")", "{": "(", "}": ")",
    "prime": "'",
})
"""Commands that are a sign."""

QUANTITIES = frozenset({"hbar", "ell"})
"""Commands that are a letter of their own."""

FUNCTIONS: Mapping[str, str] = MappingProxyType({
    name: name
    for name in (
        "sin cos tan cot sec csc arcsin arccos arctan arccot arcsec arccsc sinh cosh tanh coth "
        "sech csch arsinh arcosh artanh arcoth arsech arcsch arcsinh arccosh arctanh arccoth "
        "arcsech arccsch asin acos atan acot asec acsc asinh acosh atanh acoth sen tg ctg cotg "
        "cotan arctg arcctg sh ch th cth cosec exp ln log lg lb min max sinc sgn sign erf erfc "
        "erfi Ei Si Ci Shi Chi Ai Bi Li relu elu gelu sigmoid softplus"
    ).split()
} | {"ReLU": "relu", "GELU": "gelu", "argsinh": "asinh", "argcosh": "acosh",
     "argtanh": "atanh"})
"""Functions that LaTeX, its packages and the macros of papers name; no other name of the plain
language is a command, as ``\\frac``, ``\\root`` and ``\\choose`` have a meaning of their own."""

VARIANTS: Mapping[str, str] = MappingProxyType({
    "varepsilon": "epsilon", "vartheta": "theta", "varkappa": "kappa", "varphi": "phi",
    "varpi": "pi", "varrho": "rho", "varsigma": "sigma",
    **{f"var{name}": name for name in GREEK_NAMES if name[0].isupper()},
})
"""Greek letters of another shape, by the letter that they are unless both stand in one text."""

WORD_SIGNS: Mapping[str, str] = MappingProxyType({
    "land": "and", "wedge": "and", "lor": "or", "vee": "or", "lnot": "not", "neg": "not",
})
"""Commands that are a word of logic."""

LETTERS: Mapping[str, str] = MappingProxyType({
    **{name: name for name in (*QUANTITIES, *GREEK_NAMES)}, **VARIANTS, "infty": "inf",
})
"""Commands that are a letter, by its name."""

BLANKS = (
    "quad qquad enspace thinspace medspace thickspace negthinspace negmedspace negthickspace "
    "displaystyle textstyle scriptstyle scriptscriptstyle limits nolimits mathstrut strut "
    "nonumber notag allowbreak hfill noindent centering boldmath unboldmath normalsize large "
    "Large relax null protect"
).split()
"""Commands that are white space; a sum's limits and the style of letters are not read."""

SIZES: Mapping[str, str] = MappingProxyType(
    {"left": "l", "right": "r"}
    | {f"{size}{side}": side for size in ("big", "Big", "bigg", "Bigg") for side in ("l", "r", "")}
)
"""Commands that size the bracket after them, by its side."""

BARS: Mapping[str, str] = MappingProxyType({"l": r"\lvert", "r": r"\rvert", "": "|"})
"""The vertical bar by its side."""

TEXTUAL = frozenset("text textrm textit textbf textsf texttt textnormal mbox hbox".split())
"""Commands whose argument is words, or one name."""
BOLD = frozenset("mathbf boldsymbol bm pmb bf vb mathbfit symbf vectorbold".split())
"""Fonts that write vectors and matrices."""
SWITCHES = frozenset("rm bf sf tt it cal".split())
"""Fonts that hold up to the end of the group; one name is read."""
FONTS = frozenset(
    "mathrm mathit mathsf mathtt mathcal mathnormal mathscr mathfrak operatorname "
    "operatorname*".split()
) | TEXTUAL | BOLD | SWITCHES
"""Commands whose argument is one name, or the words of a condition."""

ACCENTS: Mapping[str, str] = MappingProxyType({
    "hat": "hat", "widehat": "hat", "bar": "bar", "overline": "bar", "vec": "vec",
    "overrightarrow": "vec", "va": "vec", "tilde": "tilde", "widetilde": "tilde",
    "dot": "dot", "ddot": "ddot", "check": "check", "breve": "breve", "acute": "acute",
    "grave": "grave", "mathring": "ring", "underline": "underline", "underbar": "underline",
})
"""Commands that are part of the name under them, by what they add to it."""

MARKS: Mapping[str, str] = MappingProxyType({
    "*": "star", r"\ast": "star", r"\star": "star", "+": "plus", "-": "minus",
    r"\odot": "odot", r"\oplus": "oplus", r"\circ": "circ", r"\perp": "perp",
    r"\parallel": "parallel", r"\dagger": "dagger",
})
"""Signs below or above a name that are part of it, by what they add to it."""

_SUM = r"write its terms out, or as \sum_{i=1}^{5}"
_TWO = "write the two formulas, each alone"
_INTEGRAL = r"write one over a range, as in \int_{0}^{x} f \, dt"
REFUSED: Mapping[str, str] = MappingProxyType({
    **dict.fromkeys(["iint", "iiint", "oint"], _INTEGRAL),
    **dict.fromkeys(["lim", "limsup", "liminf"], LIMIT),
    **dict.fromkeys(["dots", "ldots", "cdots", "dotsc", "dotsb"], _SUM),
    **dict.fromkeys(["pm", "mp"], _TWO),
    **dict.fromkeys(["in", "notin"], r"write a comparison, such as 0 \le x \le 1"),
    **dict.fromkeys(["to", "rightarrow", "mapsto", "equiv", "approx", "sim", "propto", "implies"],
                    "type the formula alone"),
    **dict.fromkeys(["nabla"], "diffcli grad gives the gradient"),
    **dict.fromkeys(["mid", "middle"], "write the formula without the condition"),
    "circ": "a degree stands as in 30^\\circ",
    "%": r"write \bmod for the remainder",
    "&": "write 'and'",
    "cancel": "leave the part out that is crossed out",
    **dict.fromkeys(["stackrel", "overset", "underset", "atop"], "type the formula alone"),
    **dict.fromkeys(["Pr", "arg", "argmax", "argmin", "sup", "inf", "gcd", "deg", "dim", "ker"],
                    "it is no function of numbers; type the formula alone"),
    **dict.fromkeys(["Re", "Im"], "formulas are of real numbers; leave it out"),
    **dict.fromkeys(["ll", "gg"], "type the formula without the condition"),
    "mathbb": "name the variable by a plain letter",
})
"""Commands that aren't read, with the remedy."""

ENVIRONMENTS = frozenset({"cases", "dcases", "cases*", "array", "rcases"})
"""Environments that are read as pieces with their conditions."""
WRAPPERS = frozenset({"equation", "equation*", "displaymath", "math"})
"""Environments around a whole formula, that say nothing of it."""
ALIGNED = frozenset(
    "align align* aligned alignat alignedat split gather gather* gathered multline multline* "
    "eqnarray eqnarray* alignat* flalign flalign* alignedat".split()
)
"""Environments of lines, that continue each other or define names."""
MATRICES = frozenset("matrix pmatrix bmatrix Bmatrix smallmatrix".split())
"""Environments of the rows of a matrix."""
DETERMINANTS = frozenset({"vmatrix", "Vmatrix"})
"""Environments of the rows of a matrix of which the determinant is meant."""
# fmt: on
