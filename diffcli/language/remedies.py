"""Remedies for text that isn't read: by character, by sign, by word, by function."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

_PIECES = "where(x > 0, x, -x), or x if x > 0 else -x"
_ALONE = "type the formula alone, as in x^2*sin(x)"
_GRADIENT = "the command says what is wanted: diffcli grad gives the gradient"
_QUOTES = "type the formula without quotes"
LIMIT = r'diffcli limit "sin(x)/x" --at 0, or diffcli limit "\lim_{x \to 0} sin(x)/x"'
_ARROW = "type the formula alone, without an arrow"

CHARACTERS: Mapping[str, str] = MappingProxyType(
    {
        "_": "names begin with a letter",
        "&": "write 'and'",
        "~": "write 'not'",
        "{": "use parentheses; pieces stand in piecewise((x^2, x < 1), (x, True))",
        "}": "use parentheses; pieces stand in piecewise((x^2, x < 1), (x, True))",
        "?": f"write {_PIECES}",
        "∫": "write integrate(exp(-t^2), t=0..x)",
        "∇": _GRADIENT,
        "±": "write the two formulas, each alone",
        "∓": "write the two formulas, each alone",
        "∈": "write a comparison, as in 0 <= x <= 1",
        "≈": _ALONE,
        "⟨": "write dot(x, y)",
        "⟩": "write dot(x, y)",
        **dict.fromkeys("→↦⇒", _ARROW),
        **dict.fromkeys('"“”„«»`', _QUOTES),
    }
)
"""Remedies by the character that no token begins with."""

SIGNS: Mapping[str, str] = MappingProxyType(
    {
        "=": "'=' defines a name (y = x + 2; …), and to compare write '=='; "
        "an equation is solved by diffcli implicit",
        ")": "remove it, or open it with '('",
        "]": "remove it, or open it with '['",
        ";": "a definition is name = formula",
        "else": "write x if x > 0 else -x",
        "if": f"write {_PIECES}",
        "'": "primes stand at a function's name, as in sin'(x); else write diff(f, x), "
        "and a transpose as x.T",
        "∂": "write ∂/∂x before the formula, or diff(f, x)",
        "..": "a number has one decimal point; a range stands in sum(i=1..5, x^i)",
        "!": "write 'not'; a factorial stands after its argument, as in x!",
        "//": "write floor(x/2)",
        "****": "a power is written x^2 or x**2",
        "<>": "write x != 1",
        "=<": "write x <= 1",
        "=>": "write x >= 1",
    }
)
"""Remedies by the sign, or by it and the one that it touches."""

WORDS: Mapping[str, str] = MappingProxyType(
    {
        **dict.fromkeys(["of", "the", "derivative", "differentiate", "derive", "find"], _ALONE),
        **dict.fromkeys(["respect", "wrt"], "name the variable by --wrt x"),
        **dict.fromkeys(["deg", "degree", "degrees"], "write 30°, or 30*pi/180"),
        "lim": LIMIT,
        **dict.fromkeys(["then", "when", "otherwise"], f"write {_PIECES}"),
        **{word: f"write '{word.lower()}'" for word in ("AND", "OR", "NOT")},
        "squared": "write x^2",
        "cubed": "write x^3",
        "plus": "write '+'",
        "minus": "write '-'",
        "times": "write '*'",
        **dict.fromkeys(["divided", "over"], "write '/'"),
        "sine": "write sin(x)",
        "cosine": "write cos(x)",
    }
)
"""Remedies by the word of a sentence, which is no name unless it is declared."""

FUNCTIONS: Mapping[str, str] = MappingProxyType(
    {
        "W": "did you mean 'lambertw(x)'?",
        "B": "did you mean 'beta(x, y)'?",
        "C": "did you mean 'binomial(n, k)' or 'fresnelc(x)'?",
        "K": "did you mean 'ellipk(m)', of the parameter m = k²?",
        "Phi": "did you mean 'normcdf(x)'?",
        "phi": "did you mean 'normpdf(x)'?",
        "sigma": "did you mean 'sigmoid(x)'?",
        "theta": "did you mean 'heaviside(x)'?",
        "H": "did you mean 'heaviside(x)'?",
        "S": "did you mean 'fresnels(x)'?",
        "F": "did you mean 'dawson(x)' or 'ellipf(phi, m)'?",
        "jn": "did you mean 'sphericalj(n, x)' or 'besselj(n, x)'?",
        "D": "did you mean 'diff(x^2, x)'?",
        "d": "write d/dx (x^2), or diff(x^2, x)",
        "cases": "write piecewise((x^2, x < 1), (x, True))",
        "ifelse": f"write {_PIECES}",
        **dict.fromkeys(["lim", "limit"], LIMIT),
        "cuberoot": "write cbrt(x)",
        "square": "write x^2",
        "slogdet": "write log(abs(det(A)))",
        "loge": "write ln(x)",
        **dict.fromkeys(["grad", "gradient"], _GRADIENT),
    }
)
"""Remedies by the name that is no function of the table, or one of several conventions."""

INFINITY = "infinity is no number of a formula"
FINITE = (
    "an integral and a sum may go to inf, as sum(n=1..inf, x^n/n^2): else take a finite bound, "
    "or a function of the table, such as zeta"
)
"""The error of infinity in a formula, and the remedy."""
