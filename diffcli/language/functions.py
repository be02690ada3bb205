"""THE table of functions: a row per operation of the language.

Whoever adds a function adds a row, and the implementations that the row names; the parser,
lambdify, the enclosure, ``diffcli functions``, the docs and the parametrised tests follow.
Implementations are named by reference (``"torch:sin"``) and imported by the engine that first
needs one (:func:`resolve`), so reading the table loads no engine.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from importlib import import_module
from types import MappingProxyType
from typing import Any

from diffcli.language.rows import ANY, Row, call, integral_row, row, special
from diffcli.language.special_functions import (
    BESSEL,
    ELLIPTIC,
    GAMMAS,
    HYPERGEOMETRIC,
    INTEGRALS,
    POLYNOMIALS,
)

MAX_CACHED = 2048
"""Implementations that are kept: all of the table, and those of integrals, which are typed."""

__all__ = ["ANY", "BY_NAME", "MODULES", "OPERATORS", "TABLE", "Row", "resolve"]

#: What the part of a reference before the colon stands for.
MODULES: Mapping[str, str] = MappingProxyType(
    {
        "torch": "torch",
        "special": "torch.special",
        "nn": "torch.nn.functional",
        "kernels": "diffcli.engines.kernels.table",
        "rules": "diffcli.engines.kernels.rules",
        "tensors": "diffcli.engines.tensors",
        "sympy": "sympy",
        "symbols": "diffcli.engines.terms.symbols",
        "balls": "diffcli.engines.balls.rules",
        "kernels.quadrature": "diffcli.engines.kernels.quadrature",
        "terms.integrals": "diffcli.engines.terms.integrals",
        "balls.quadrature": "diffcli.engines.balls.quadrature",
    }
)

# A table is read by its columns.
# fmt: off
_ARITHMETIC = [
    row("add", "arithmetic", "sum", "torch:add", "sympy:Add", arity=(2, ANY), is_smooth=True),
    row("mul", "arithmetic", "product", "torch:mul", "sympy:Mul", arity=(2, ANY), is_smooth=True),
    row("div", "arithmetic", "quotient", "torch:div", "symbols:quotient", arity=2, domain="y ≠ 0", is_smooth=True),
    row("neg", "arithmetic", "negation", "torch:neg", "symbols:negation", is_smooth=True),
    row("pow", "arithmetic", "power; x^(p/q) with odd q is the real root", "kernels:power", "sympy:Pow", arity=2, domain="x > 0, or y an integer, or y = p/q with q odd", ulps=8),
    row("mod", "arithmetic", "remainder with the divisor's sign, as in Python", "torch:remainder", "sympy:Mod", arity=2, aliases="remainder", domain="y ≠ 0", jumps="where x/y is an integer", latex=r"{0} \bmod {1}", jumps_at="x/y", between="1; -floor(x/y)", definition="x - y*floor(x/y)"),
]

_LOGIC = [
    row("lt", "comparison", "x < y", "torch:lt", "sympy:StrictLessThan", arity=2, boolean=True, latex="{0} < {1}", kinks_at="x - y"),
    row("le", "comparison", "x ≤ y", "torch:le", "sympy:LessThan", arity=2, boolean=True, latex=r"{0} \le {1}", kinks_at="x - y"),
    row("gt", "comparison", "x > y", "torch:gt", "sympy:StrictGreaterThan", arity=2, boolean=True, latex="{0} > {1}", kinks_at="x - y"),
    row("ge", "comparison", "x ≥ y", "torch:ge", "sympy:GreaterThan", arity=2, boolean=True, latex=r"{0} \ge {1}", kinks_at="x - y"),
    row("eq", "comparison", "x = y", "torch:eq", "sympy:Equality", arity=2, boolean=True, latex="{0} = {1}", kinks_at="x - y"),
    row("ne", "comparison", "x ≠ y", "torch:ne", "sympy:Unequality", arity=2, boolean=True, latex=r"{0} \ne {1}", kinks_at="x - y"),
    row("and", "logic", "both", "torch:logical_and", "sympy:And", arity=(2, ANY), boolean=True, latex=r"{0} \land {1}", is_smooth=True),
    row("or", "logic", "either", "torch:logical_or", "sympy:Or", arity=(2, ANY), boolean=True, latex=r"{0} \lor {1}", is_smooth=True),
    row("not", "logic", "the contrary", "torch:logical_not", "sympy:Not", boolean=True, latex=r"\lnot {0}", is_smooth=True),
]

_TRIGONOMETRIC = [
    row("sin", "trigonometric", "sine", "torch:sin", "sympy:sin", latex=call("sin"), aliases="sen", range="[-1, 1]", partials="cos(x)", is_smooth=True),
    row("cos", "trigonometric", "cosine", "torch:cos", "sympy:cos", latex=call("cos"), range="[-1, 1]", partials="-sin(x)", is_smooth=True),
    row("tan", "trigonometric", "tangent", "torch:tan", "sympy:tan", latex=call("tan"), aliases="tg", domain="x ≠ π/2 + kπ", partials="sec(x)^2", is_smooth=True, definition="sin(x)/cos(x)"),
    row("cot", "trigonometric", "cotangent, cos/sin", "kernels:cot", "sympy:cot", latex=call("cot"), aliases="ctg cotan cotg", domain="x ≠ kπ", partials="-csc(x)^2", is_smooth=True, definition="cos(x)/sin(x)", stable="1/tan(x)"),
    row("sec", "trigonometric", "secant, 1/cos", "kernels:sec", "sympy:sec", latex=call("sec"), domain="x ≠ π/2 + kπ", partials="sec(x)*tan(x)", is_smooth=True, definition="1/cos(x)", is_stable=True),
    row("csc", "trigonometric", "cosecant, 1/sin", "kernels:csc", "sympy:csc", latex=call("csc"), aliases="cosec", domain="x ≠ kπ", partials="-csc(x)*cot(x)", is_smooth=True, definition="1/sin(x)", is_stable=True),
    row("sinc", "trigonometric", "sin(x)/x, 1 at 0", "kernels:sinc", "sympy:sinc", ulps=32, range="(-0.2173, 1]", partials="piecewise(((cos(x) - sinc(x))/x, x != 0), (0, True))", is_smooth=True, definition="piecewise((sin(x)/x, x != 0), (1, True))", is_stable=True),
    row("asin", "inverse trigonometric", "inverse sine", "kernels:asin", "sympy:asin", latex=call("arcsin"), aliases="arcsin", domain="−1 ≤ x ≤ 1", range="[-pi/2, pi/2]", partials="1/sqrt(1 - x^2)", kinks_at="x - (-1); x - 1"),
    row("acos", "inverse trigonometric", "inverse cosine", "kernels:acos", "sympy:acos", latex=call("arccos"), aliases="arccos", domain="−1 ≤ x ≤ 1", range="[0, pi]", partials="-1/sqrt(1 - x^2)", kinks_at="x - (-1); x - 1", definition="pi/2 - asin(x)"),
    row("atan", "inverse trigonometric", "inverse tangent", "torch:atan", "sympy:atan", latex=call("arctan"), aliases="arctan arctg atg", range="(-pi/2, pi/2)", partials="1/(1 + x^2)", is_smooth=True),
    row("acot", "inverse trigonometric", "inverse cotangent, atan(1/x)", "kernels:acot", "sympy:acot", aliases="arccot arcctg arcctan actg", domain="x ≠ 0", jumps="at 0", range="(-pi/2, pi/2)", partials="-1/(1 + x^2)", kinks_at="x", definition="atan(1/x)", is_stable=True),
    row("asec", "inverse trigonometric", "inverse secant, acos(1/x)", "kernels:asec", "sympy:asec", aliases="arcsec", domain="|x| ≥ 1", range="[0, pi]", partials="1/(abs(x)*sqrt(x^2 - 1))", edges_at="x - (-1); x - 1", definition="acos(1/x)", stable="atan2(sqrt(abs(x) - 1)*sqrt(abs(x) + 1), sign(x))"),
    row("acsc", "inverse trigonometric", "inverse cosecant, asin(1/x)", "kernels:acsc", "sympy:acsc", aliases="arccsc arccosec", domain="|x| ≥ 1", range="[-pi/2, pi/2]", partials="-1/(abs(x)*sqrt(x^2 - 1))", edges_at="x - (-1); x - 1", definition="asin(1/x)", stable="atan2(sign(x), sqrt(abs(x) - 1)*sqrt(abs(x) + 1))"),
    row("atan2", "inverse trigonometric", "angle of the point (x, y), as atan2(y, x)", "kernels:atan2", "sympy:atan2", arity=2, aliases="arctan2", domain="(x, y) ≠ (0, 0)", jumps="y = 0 with x < 0", range="(-pi, pi]", partials="y/(x^2 + y^2); -x/(x^2 + y^2)", kinks_at="x", edges_at="piecewise((x, y <= 0), (1, True))"),
    row("hypot", "trigonometric", "√(x² + y²)", "kernels:hypot", "symbols:hypot", arity=2, latex=r"\sqrt{{0}^2 + {1}^2}", kinks="at (0, 0)", range="[0, inf)", partials="x/hypot(x, y); y/hypot(x, y)", kinks_at="hypot(x, y)", definition="sqrt(x^2 + y^2)"),
]

_HYPERBOLIC = [
    row("sinh", "hyperbolic", "hyperbolic sine", "torch:sinh", "sympy:sinh", latex=call("sinh"), aliases="sh", partials="cosh(x)", is_smooth=True, definition="(exp(x) - exp(-x))/2"),
    row("cosh", "hyperbolic", "hyperbolic cosine", "torch:cosh", "sympy:cosh", latex=call("cosh"), aliases="ch", range="[1, inf)", partials="sinh(x)", is_smooth=True, definition="(exp(x) + exp(-x))/2"),
    row("tanh", "hyperbolic", "hyperbolic tangent", "kernels:tanh", "sympy:tanh", latex=call("tanh"), aliases="th", range="(-1, 1)", partials="sech(x)^2", is_smooth=True, definition="(exp(2*x) - 1)/(exp(2*x) + 1)"),
    row("coth", "hyperbolic", "hyperbolic cotangent", "kernels:coth", "sympy:coth", latex=call("coth"), aliases="cth", domain="x ≠ 0", partials="-csch(x)^2", is_smooth=True, definition="cosh(x)/sinh(x)", stable="1/tanh(x)"),
    row("sech", "hyperbolic", "hyperbolic secant", "kernels:sech", "sympy:sech", range="(0, 1]", partials="-sech(x)*tanh(x)", is_smooth=True, definition="2/(exp(x) + exp(-x))", stable="2*exp(-abs(x))/(1 + exp(-2*abs(x)))"),
    row("csch", "hyperbolic", "hyperbolic cosecant", "kernels:csch", "sympy:csch", aliases="cosech", domain="x ≠ 0", partials="-csch(x)*coth(x)", is_smooth=True, definition="1/sinh(x)", stable="-2*sign(x)*exp(-abs(x))/expm1(-2*abs(x))"),
    row("asinh", "inverse hyperbolic", "inverse hyperbolic sine", "kernels:asinh", "sympy:asinh", aliases="arsinh arcsinh argsinh arsh", partials="1/sqrt(x^2 + 1)", is_smooth=True, definition="log(x + sqrt(x^2 + 1))"),
    row("acosh", "inverse hyperbolic", "inverse hyperbolic cosine", "kernels:acosh", "sympy:acosh", aliases="arcosh arccosh argcosh arch", domain="x ≥ 1", range="[0, inf)", partials="1/(sqrt(x - 1)*sqrt(x + 1))", edges_at="x - 1", definition="log(x + sqrt(x - 1)*sqrt(x + 1))"),
    row("atanh", "inverse hyperbolic", "inverse hyperbolic tangent", "kernels:atanh", "sympy:atanh", aliases="artanh arctanh argtanh arth", domain="−1 < x < 1", partials="1/(1 - x^2)", is_smooth=True, definition="log((1 + x)/(1 - x))/2"),
    row("acoth", "inverse hyperbolic", "inverse hyperbolic cotangent", "kernels:acoth", "sympy:acoth", aliases="arcoth arccoth argcoth", domain="|x| > 1", partials="1/(1 - x^2)", is_smooth=True, definition="log((x + 1)/(x - 1))/2", stable="sign(x)*log1p(2/(abs(x) - 1))/2"),
    row("asech", "inverse hyperbolic", "inverse hyperbolic secant", "kernels:asech", "sympy:asech", aliases="arsech arcsech", domain="0 < x ≤ 1", range="[0, inf)", partials="-1/(x*sqrt(1 - x^2))", edges_at="x - 1", definition="acosh(1/x)", stable="log1p(sqrt((1 - x)*(1 + x))) - log(x)"),
    row("acsch", "inverse hyperbolic", "inverse hyperbolic cosecant", "kernels:acsch", "sympy:acsch", aliases="arcsch arccsch", domain="x ≠ 0", partials="-1/(abs(x)*sqrt(1 + x^2))", is_smooth=True, definition="asinh(1/x)", is_stable=True),
]

_EXPONENTIAL = [
    row("exp", "exponential and logarithm", "e^x", "torch:exp", "sympy:exp", latex="e^{{0}}", range="(0, inf)", partials="exp(x)", is_smooth=True),
    row("expm1", "exponential and logarithm", "e^x − 1", "kernels:expm1", "symbols:expm1", range="(-1, inf)", partials="exp(x)", is_smooth=True, definition="exp(x) - 1"),
    row("log", "exponential and logarithm", "natural logarithm; log(x, b) has base b", "torch:log", "sympy:log", latex=call("ln"), aliases="ln", domain="x > 0", partials="1/x", is_smooth=True),
    row("log2", "exponential and logarithm", "logarithm with base 2", "torch:log2", "symbols:log2", latex=r"\log_{2}\left({0}\right)", aliases="lb ld", domain="x > 0", partials="1/(x*log(2))", is_smooth=True, definition="log(x)/log(2)"),
    row("log10", "exponential and logarithm", "logarithm with base 10", "torch:log10", "symbols:log10", latex=r"\log_{10}\left({0}\right)", aliases="lg", domain="x > 0", partials="1/(x*log(10))", is_smooth=True, definition="log(x)/log(10)"),
    row("log1p", "exponential and logarithm", "log(1 + x)", "torch:log1p", "symbols:log1p", domain="x > −1", partials="1/(1 + x)", is_smooth=True, definition="log(1 + x)"),
    row("sqrt", "powers and roots", "square root", "torch:sqrt", "sympy:sqrt", latex=r"\sqrt{{0}}", domain="x ≥ 0", range="[0, inf)", partials="1/(2*sqrt(x))", kinks_at="x", definition="x^(1/2)"),
    row("cbrt", "powers and roots", "real cube root", "kernels:cbrt", "symbols:cbrt", latex=r"\sqrt[3]{{0}}", kinks="vertical tangent at 0", partials="1/(3*cbrt(x)^2)", kinks_at="x", definition="x^(1/3)", stable="sign(x)*abs(x)^0.33333333333333333"),
    row("root", "powers and roots", "real n-th root, as root(x, n); odd roots of negatives are real", "kernels:root", "symbols:root", arity=2, latex=r"\sqrt[{1}]{{0}}", aliases="nthroot surd real_root", domain="x ≥ 0, or n an odd integer", partials="root(x, y)/(y*x); -root(x, y)*log(x)/y^2", edges_at="x", stable="piecewise((x^(1/y), x >= 0), (-(-x)^(1/y), y % 2 == 1))"),
]

_PIECES = [
    row("abs", "rounding and choice", "absolute value", "torch:abs", "sympy:Abs", aliases="absolute fabs", latex=r"\left|{0}\right|", kinks="at 0", range="[0, inf)", partials="x/abs(x)", kinks_at="x", subgradient="sign(x)", definition="piecewise((x, x >= 0), (-x, True))"),
    row("sign", "rounding and choice", "−1, 0 or 1", "kernels:sign", "sympy:sign", latex=call("operatorname{sgn}"), aliases="sgn signum", jumps="at 0", range="[-1, 1]", kinks_at="x", between="0", definition="piecewise((1, x > 0), (-1, x < 0), (0, True))", stable="piecewise((1, x > 0), (-1, x < 0), (x, True))"),
    row("floor", "rounding and choice", "greatest integer not above x", "torch:floor", "sympy:floor", aliases="entier", latex=r"\left\lfloor {0} \right\rfloor", jumps="at integers", jumps_at="x", between="0"),
    row("ceil", "rounding and choice", "least integer not below x", "torch:ceil", "sympy:ceiling", latex=r"\left\lceil {0} \right\rceil", aliases="ceiling", jumps="at integers", jumps_at="x", between="0", definition="-floor(-x)"),
    row("round", "rounding and choice", "nearest integer, halves to even", "torch:round", "symbols:round_half_even", aliases="rint around", jumps="at half-integers", jumps_at="x + 0.5", between="0"),
    row("frac", "rounding and choice", "x − floor(x)", "kernels:frac", "sympy:frac", jumps="at integers", range="[0, 1)", jumps_at="x", between="1", definition="x - floor(x)", is_stable=True),
    row("min", "rounding and choice", "least of the arguments", "kernels:minimum", "sympy:Min", arity=(2, ANY), latex=call("min"), aliases="minimum fmin", kinks="where the two least are equal"),
    row("max", "rounding and choice", "greatest of the arguments", "kernels:maximum", "sympy:Max", arity=(2, ANY), latex=call("max"), aliases="maximum fmax", kinks="where the two greatest are equal"),
    row("clamp", "rounding and choice", "x kept within a … b, as clamp(x, a, b)", "kernels:clamp", "symbols:clamp", arity=3, aliases="clip", kinks="at a and b", kinks_at="x - y; x - z", between="piecewise((1, y < x and x < z), (0, x < y or z < x)); piecewise((1, x < y and y < z), (0, y < x or z < y)); piecewise((1, z < max(x, y)), (0, max(x, y) < z))", subgradient="piecewise((1, x >= y and x <= z), (0, True)); piecewise((1, x < y and y <= z), (0, True)); piecewise((1, x > z or y > z), (0, True))", definition="min(max(x, y), z)", is_stable=True),
    row("heaviside", "rounding and choice", "0 before 0, 1 after, the second argument at 0", "kernels:heaviside", "sympy:Heaviside", arity=2, defaults="1/2", latex=r"\theta\left({0}\right)", aliases="step HeavisideTheta", jumps="at 0", kinks_at="x", between="0; piecewise((1, x == 0), (0, True))", definition="piecewise((1, x > 0), (0, x < 0), (y, True))", is_stable=True),
    row("piecewise", "rounding and choice", "the first value whose condition holds: piecewise((a, c), (b, True))", "kernels:piecewise", "sympy:Piecewise", arity=(2, ANY), kinks="where the pieces meet", is_smooth=True),
    row("detach", "autograd", "the value, held constant by the derivative", "kernels:detach", "symbols:detach", aliases="stop_gradient", partials="0", is_smooth=True, stable="x"),
]

_SPECIAL = [
    row("gamma", "special", "Γ(x)", "kernels:gamma", "sympy:gamma", latex=r"\Gamma\left({0}\right)", aliases="Gamma", domain="x ≠ 0, −1, −2, …", ulps=16, partials="gamma(x)*digamma(x)", is_smooth=True),
    row("lgamma", "special", "log|Γ(x)|", "kernels:lgamma", "symbols:lgamma", latex=r"\ln\left|\Gamma\left({0}\right)\right|", aliases="gammaln lngamma", domain="x ≠ 0, −1, −2, …", ulps=64, partials="digamma(x)", is_smooth=True),
    row("digamma", "special", "Γ′(x)/Γ(x)", "kernels:digamma", "sympy:digamma", latex=r"\psi\left({0}\right)", aliases="psi", domain="x ≠ 0, −1, −2, …", ulps=16, partials="polygamma(1, x)", is_smooth=True),
    row("polygamma", "special", "n-th derivative of digamma, as polygamma(n, x)", "kernels:polygamma", "sympy:polygamma", arity=2, latex=r"\psi^{({0})}\left({1}\right)", domain="n = 0, 1, 2, …; x ≠ 0, −1, −2, …", ulps=16, partials="; polygamma(x + 1, y)", is_smooth=True),
    row("beta", "special", "Γ(x)Γ(y)/Γ(x+y)", "kernels:beta", "sympy:beta", arity=2, latex=r"\mathrm{B}\left({all}\right)", aliases="Beta", domain="x, y ≠ 0, −1, −2, …", ulps=8192, partials="beta(x, y)*(digamma(x) - digamma(x + y)); beta(x, y)*(digamma(y) - digamma(x + y))", is_smooth=True),
    row("factorial", "special", "x! = Γ(x + 1)", "kernels:factorial", "sympy:factorial", latex="{0}!", aliases="fact", domain="x ≠ −1, −2, …", ulps=16, partials="gamma(x + 1)*digamma(x + 1)", is_smooth=True, definition="gamma(x + 1)", is_stable=True),
    row("binomial", "special", "Γ(n+1)/(Γ(k+1)Γ(n−k+1)), as binomial(n, k)", "kernels:binomial", "sympy:binomial", arity=2, latex=r"\binom{{0}}{{1}}", aliases="binom comb choose nCr", domain="n ≠ −1, −2, …", ulps=8192, partials="binomial(x, y)*(digamma(x + 1) - digamma(x - y + 1)); binomial(x, y)*(digamma(x - y + 1) - digamma(y + 1))", is_smooth=True),
    row("erf", "special", "error function", "torch:erf", "sympy:erf", range="(-1, 1)", partials="2/sqrt(pi)*exp(-x^2)", is_smooth=True),
    row("erfc", "special", "1 − erf(x)", "kernels:erfc", "sympy:erfc", ulps=16, range="(0, 2)", partials="-2/sqrt(pi)*exp(-x^2)", is_smooth=True, definition="1 - erf(x)"),
    row("erfi", "special", "−i·erf(ix)", "kernels:erfi", "sympy:erfi", ulps=16, partials="2/sqrt(pi)*exp(x^2)", is_smooth=True),
]

_PROBABILITY = [
    special("normlogcdf", "probability", "log(normcdf(x))", aliases="log_ndtr", latex=r"\ln\Phi\left({0}\right)", ulps=64, accuracy=1e-14, range="(-inf, 0)", partials="piecewise((sqrt(2/pi)/erfcx(-x/sqrt(2)), x < 0), (normpdf(x)/normcdf(x), True))", is_smooth=True),
    row("normpdf", "probability", "normal density, as normpdf(x, μ, σ)", "kernels:normpdf", "symbols:normpdf", arity=3, defaults="0 1", domain="σ > 0", ulps=1024, range="(0, inf)", partials="(y - x)/z^2*normpdf(x, y, z); (x - y)/z^2*normpdf(x, y, z); ((x - y)^2/z^3 - 1/z)*normpdf(x, y, z)", is_smooth=True, definition="exp(-((x - y)/z)^2/2)/(z*sqrt(2*pi))", is_stable=True),
    row("normcdf", "probability", "normal distribution function, as normcdf(x, μ, σ)", "kernels:normcdf", "symbols:normcdf", arity=3, aliases="ndtr", defaults="0 1", domain="σ > 0", ulps=1024, range="(0, 1)", partials="normpdf(x, y, z); -normpdf(x, y, z); (y - x)/z*normpdf(x, y, z)", is_smooth=True, definition="erfc((y - x)/(z*sqrt(2)))/2", is_stable=True),
]

_ACTIVATIONS = [
    row("relu", "activation", "max(x, 0)", "nn:relu", "symbols:relu", aliases="Ramp", kinks="at 0", range="[0, inf)", partials="(1 + x/abs(x))/2", kinks_at="x", between="piecewise((1, x > 0), (0, x < 0))", subgradient="piecewise((1, x > 0), (0, True))", definition="max(x, 0)", is_stable=True),
    row("leaky_relu", "activation", "x above 0, a·x below, as leaky_relu(x, a)", "kernels:leaky_relu", "symbols:leaky_relu", arity=2, defaults="0.01", aliases="leakyrelu", kinks="at 0", kinks_at="x", between="piecewise((1, x > 0), (y, x < 0)); piecewise((0, x > 0), (x, x < 0))", subgradient="piecewise((1, x > 0), (y, True)); min(x, 0)", definition="piecewise((x, x >= 0), (y*x, True))", stable="piecewise((x, x > 0), (y*x, True))"),
    row("elu", "activation", "x above 0, a(e^x − 1) below, as elu(x, a)", "kernels:elu", "symbols:elu", arity=2, defaults="1", kinks="at 0, unless a = 1", kinks_at="x", between="piecewise((1, x > 0), (y*exp(x), x < 0)); piecewise((0, x > 0), (exp(x) - 1, x < 0))", subgradient="piecewise((1, x > 0), (y*exp(x), True)); piecewise((0, x > 0), (expm1(x), True))", definition="piecewise((x, x >= 0), (y*(exp(x) - 1), True))", stable="piecewise((x, x > 0), (y*expm1(x), True))"),
    row("selu", "activation", "scaled elu (Klambauer et al. 2017)", "nn:selu", "symbols:selu", kinks="at 0", kinks_at="x", between="piecewise((selu(1), x > 0), (selu(-1)*exp(x)/(exp(-1) - 1), x < 0))", subgradient="piecewise((1.0507009873554804934193349852946, x > 0), (1.0507009873554804934193349852946*1.6732632423543772848170429916717*exp(x), True))", stable="1.0507009873554804934193349852946*piecewise((x, x > 0), (1.6732632423543772848170429916717*expm1(x), True))"),
    row("gelu", "activation", "x·normcdf(x)", "kernels:gelu", "symbols:gelu", ulps=1024, range="(-0.17, inf)", partials="normcdf(x) + x*normpdf(x)", is_smooth=True, definition="x*normcdf(x)", is_stable=True),
    row("silu", "activation", "x·sigmoid(x)", "kernels:silu", "symbols:silu", aliases="swish", ulps=16, range="(-0.2785, inf)", partials="sigmoid(x)*(1 + x*sigmoid(-x))", is_smooth=True, definition="x/(1 + exp(-x))", stable="x*sigmoid(x)"),
    row("mish", "activation", "x·tanh(softplus(x))", "kernels:mish", "symbols:mish", ulps=64, range="(-0.3089, inf)", partials="tanh(softplus(x)) + x*sigmoid(x)*sech(softplus(x))^2", is_smooth=True, definition="x*(1 - 2/(exp(x)*(exp(x) + 2) + 2))", stable="x*tanh(softplus(x))"),
    row("softplus", "activation", "log(1 + e^x)", "kernels:softplus", "symbols:softplus", range="(0, inf)", partials="sigmoid(x)", is_smooth=True, definition="log(1 + exp(x))", stable="max(x, 0) + log1p(exp(-abs(x)))"),
    row("softsign", "activation", "x/(1 + |x|)", "kernels:softsign", "symbols:softsign", range="(-1, 1)", partials="1/(1 + abs(x))^2", edges_at="x", definition="x/(1 + abs(x))", is_stable=True),
    row("sigmoid", "activation", "1/(1 + e^(−x))", "kernels:sigmoid", "symbols:sigmoid", latex=r"\sigma\left({0}\right)", aliases="logistic expit LogisticSigmoid", range="(0, 1)", partials="sigmoid(x)*sigmoid(-x)", is_smooth=True, definition="1/(1 + exp(-x))", stable="piecewise((1/(1 + exp(-x)), x >= 0), (exp(x)/(1 + exp(x)), True))"),
    row("logit", "activation", "log(x/(1 − x))", "kernels:logit", "symbols:logit", domain="0 < x < 1", partials="1/(x*(1 - x))", is_smooth=True, definition="log(x/(1 - x))", stable="piecewise((log1p((2*x - 1)/(1 - x)), abs(x - 1/2) < 1/5), (log(x/(1 - x)), True))"),
    row("logsigmoid", "activation", "log(sigmoid(x))", "kernels:logsigmoid", "symbols:logsigmoid", aliases="log_sigmoid log_expit", range="(-inf, 0)", partials="sigmoid(-x)", is_smooth=True, definition="-log(1 + exp(-x))", stable="min(x, 0) - log1p(exp(-abs(x)))"),
    row("hardtanh", "activation", "x kept within −1 … 1", "kernels:hardtanh", "symbols:hardtanh", kinks="at −1 and 1", range="[-1, 1]", kinks_at="x - (-1); x - 1", between="piecewise((1, abs(x) < 1), (0, abs(x) > 1))", subgradient="piecewise((1, abs(x) <= 1), (0, True))", definition="min(max(x, -1), 1)", is_stable=True),
]
# fmt: on


class _Table(dict[str, Row]):
    """The rows by their names; an integral's is made from its name."""

    def __missing__(self, op: str) -> Row:
        return integral_row(op)


def _table(*groups: Iterable[Row]) -> Mapping[str, Row]:
    return MappingProxyType(_Table({row.name: row for group in groups for row in group}))


TABLE: Mapping[str, Row] = _table(
    _ARITHMETIC,
    _LOGIC,
    _TRIGONOMETRIC,
    _HYPERBOLIC,
    _EXPONENTIAL,
    _PIECES,
    _SPECIAL,
    INTEGRALS,
    GAMMAS,
    BESSEL,
    POLYNOMIALS,
    ELLIPTIC,
    HYPERGEOMETRIC,
    _PROBABILITY,
    _ACTIVATIONS,
)
"""Every row by its name."""

OPERATORS = frozenset({row.name for row in (*_ARITHMETIC, *_LOGIC)} - {"mod"})
"""The rows that are written with a sign (``+ < and …``), not called by name."""

BY_NAME: Mapping[str, Row] = MappingProxyType(
    {
        spelling: row
        for row in TABLE.values()
        if row.name not in OPERATORS
        for spelling in (row.name, *row.aliases)
    }
)
"""Every row that is called by name, under its name and each alias."""


@lru_cache(MAX_CACHED)
def resolve(reference: str) -> Any:
    """Import and return what a reference such as ``"torch:sin"`` names."""
    module, _, attribute = reference.partition(":")
    return getattr(import_module(MODULES[module]), attribute)
