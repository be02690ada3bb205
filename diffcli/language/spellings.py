"""Calls that other systems write with a convention of their own, as formulas of the language.

A name whose arguments mean the same here is an alias in its row of the table of functions. What
stands here takes them in another order, is normalised otherwise, or means something else by the
number of its arguments. The names are case-sensitive, and each is read only before a bracket.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import NamedTuple


class Spelling(NamedTuple):
    """One way to call a name: its arguments, letters or numbers, and the formula that it means."""

    arguments: tuple[str, ...]
    formula: str


_CALLS = """
Add(x, y): x + y
Add(x, y, z): x + y + z
add(x, y): x + y
AiryAi(1, x): airyaiprime(x)
AiryBi(1, x): airybiprime(x)
ArcTan(x, y): atan2(y, x)
arctan(y, x): atan2(y, x)
assoc_laguerre(n, a, x): laguerre(n, x, a)
atan(y, x): atan2(y, x)
Beta(z, a, b): beta(a, b)*betainc(a, b, z)
beta_incomplete(a, b, z): beta(a, b)*betainc(a, b, z)
betainc(a, b, 0, x): beta(a, b)*betainc(a, b, x)
betainc(a, b, x, y): beta(a, b)*(betainc(a, b, y) - betainc(a, b, x))
betainc_regularized(a, b, 0, x): betainc(a, b, x)
betainc_regularized(a, b, x, y): betainc(a, b, y) - betainc(a, b, x)
BetaRegularized(z, a, b): betainc(a, b, z)
chebyshev_polynomial_t(x, n): chebyshevt(n, x)
chebyshev_polynomial_u(x, n): chebyshevu(n, x)
CubeRoot(x): cbrt(x)
comp_ellint_1(k): ellipk(k^2)
comp_ellint_2(k): ellipe(k^2)
comp_ellint_3(k, n): ellippi(n, k^2)
deg2rad(x): x*pi/180
degrees(x): x*180/pi
dilog(x): polylog(2, 1 - x)
div(x, y): x/y
divide(x, y): x/y
Ei(n, x): expint(n, x)
ellint_1(k, phi): ellipf(phi, k^2)
ellint_2(k, phi): ellipeinc(phi, k^2)
ellint_3(k, n, phi): ellippiinc(n, phi, k^2)
ellippi(n, phi, m): ellippiinc(n, phi, m)
ellipe(x, m): ellipeinc(x, m)
ellipkm1(p): ellipk(1 - p)
elliptic_e(x, m): ellipeinc(x, m)
elliptic_pi(n, phi, m): ellippiinc(n, phi, m)
EllipticE(x, m): ellipeinc(x, m)
EllipticPi(n, phi, m): ellippiinc(n, phi, m)
entr(x): -x*log(x)
Erf(x, y): erf(y) - erf(x)
erf2(x, y): erf(y) - erf(x)
eval_genlaguerre(n, a, x): laguerre(n, x, a)
eval_hermitenorm(n, x): 2^(-n/2)*hermite(n, x/sqrt(2))
fix(x): piecewise((floor(x), x >= 0), (ceil(x), True))
float_power(x, y): x^y
fmod(x, y): x - y*piecewise((floor(x/y), x/y >= 0), (ceil(x/y), True))
FractionalPart(x): x - piecewise((floor(x), x >= 0), (ceil(x), True))
GAMMA(a, x): uppergamma(a, x)
Gamma(a, x): uppergamma(a, x)
gamma(a, x): uppergamma(a, x)
gamma_incomplete(a, x): uppergamma(a, x)
gamma_incomplete_lower(a, x): gamma(a)*gammainc(a, x)
gen_laguerre(n, a, x): laguerre(n, x, a)
generalized_lambert_w(k, x): lambertw(x, k)
hardsigmoid(x): clamp((x + 3)/6, 0, 1)
hardswish(x): x*clamp((x + 3)/6, 0, 1)
hermite_polynomial_h(x, n): hermite(n, x)
hermite_polynomial_he(x, n): 2^(-n/2)*hermite(n, x/sqrt(2))
hermite_prob(n, x): 2^(-n/2)*hermite(n, x/sqrt(2))
IntegerPart(x): piecewise((floor(x), x >= 0), (ceil(x), True))
kn(n, x): besselk(n, x)
laguerre_polynomial_l(x, n): laguerre(n, x)
LaguerreL(n, a, x): laguerre(n, x, a)
LambertW(x, 0): lambertw(x)
LambertW(x, -1): lambertw(x, -1)
LambertW(0, x): lambertw(x)
LambertW(-1, x): lambertw(x, -1)
legendre_polynomial_p(x, n): legendre(n, x)
Li(x): li(x)
logaddexp(x, y): log(exp(x) + exp(y))
logaddexp2(x, y): log2(2^x + 2^y)
lowergamma(a, x): gamma(a)*gammainc(a, x)
math.remainder(x, y): x - y*round(x/y)
mpmath.betainc(a, b, 0, x): beta(a, b)*betainc(a, b, x)
mpmath.betainc(a, b, x, y): beta(a, b)*(betainc(a, b, y) - betainc(a, b, x))
mpmath.gammainc(a, x): uppergamma(a, x)
mpmath.gammainc(a, 0, x): gamma(a)*gammainc(a, x)
mpmath.laguerre(n, a, x): laguerre(n, x, a)
Mul(x, y): x*y
Mul(x, y, z): x*y*z
mul(x, y): x*y
multigamma(x, n): exp(multigammaln(x, n))
multiply(x, y): x*y
neg(x): -x
negative(x): -x
np.sinc(x): sinc(pi*x)
Plus(x, y): x + y
Plus(x, y, z): x + y + z
PolyGamma(x): digamma(x)
PolyGamma(n, x): polygamma(n, x)
ProductLog(k, x): lambertw(x, k)
Psi(n, x): polygamma(n, x)
psi(n, x): polygamma(n, x)
rad2deg(x): x*180/pi
radians(x): x*pi/180
Rational(p, q): p/q
reciprocal(x): 1/x
relu6(x): clamp(x, 0, 6)
rsqrt(x): 1/sqrt(x)
scipy.jn(n, x): besselj(n, x)
spence(x): polylog(2, 1 - x)
spherical_bessel_j0(x): sphericalj(0, x)
sub(x, y): x - y
subtract(x, y): x - y
sympy.jn(n, x): sphericalj(n, x)
sympy.yn(n, x): sphericaly(n, x)
tanhshrink(x): x - tanh(x)
Times(x, y): x*y
Times(x, y, z): x*y*z
torch.frac(x): x - piecewise((floor(x), x >= 0), (ceil(x), True))
torch.sinc(x): sinc(pi*x)
true_divide(x, y): x/y
trunc(x): piecewise((floor(x), x >= 0), (ceil(x), True))
truncate(x): piecewise((floor(x), x >= 0), (ceil(x), True))
unit_step(x): heaviside(x, 0)
UnitStep(x): heaviside(x, 1)
xlog1py(x, y): piecewise((0, x == 0), (x*log1p(y), True))
xlogy(x, y): piecewise((0, x == 0), (x*log(y), True))
"""

_CALL = re.compile(r"([\w.]+)\(([^()]*)\): (.*)")


def _spellings() -> Iterator[tuple[str, Spelling]]:
    for line in _CALLS.strip().splitlines():
        match = _CALL.fullmatch(line)
        if match is None:
            raise ValueError(line)
        yield match[1], Spelling(tuple(match[2].split(", ")), match[3])


def _table() -> dict[str, tuple[Spelling, ...]]:
    table: dict[str, tuple[Spelling, ...]] = {}
    for name, spelling in _spellings():
        table[name] = (*table.get(name, ()), spelling)
    return table


SPELLINGS: Mapping[str, tuple[Spelling, ...]] = MappingProxyType(_table())
"""The calls of each name; the first that fits the arguments is meant.

A point stands after the library whose function is meant: ``np.sinc`` is another than ``sinc``.
"""

LIBRARIES: Mapping[str, str] = MappingProxyType(
    {
        **dict.fromkeys(["np", "numpy", "jnp"], "np"),
        **dict.fromkeys(["torch", "tf", "F"], "torch"),
        **dict.fromkeys(["scipy", "special"], "scipy"),
        "Math": "math",
        **{name: name for name in ("math", "cmath", "mpmath", "sympy", "autograd")},
    }
)
"""Libraries whose name may stand before a function, by the one that :data:`SPELLINGS` knows."""

_MODULUS = "the argument is the parameter m, as in Mathematica; Maple's is the modulus k, m = k^2"
DOUBTS: Mapping[tuple[str, int], str] = MappingProxyType(
    {
        ("EllipticK", 1): _MODULUS,
        ("EllipticE", 1): _MODULUS,
        ("EllipticE", 2): f"{_MODULUS}, and its first is sin(φ)",
        ("EllipticF", 2): f"{_MODULUS}, and its first is sin(φ)",
        ("EllipticPi", 2): _MODULUS,
        ("EllipticPi", 3): f"{_MODULUS}, and its order is another",
        ("LambertW", 2): "the branch comes last, as in sympy; Maple's LambertW(k, x) has it first",
        ("Li", 1): "as in Maple; sympy's Li(x) is li(x) - li(2)",
        (
            "Zeta",
            2,
        ): "Hurwitz's zeta function, as in Mathematica; Maple's Zeta(n, s) is a derivative",
    }
)
"""Notes on a name in round brackets, by its number of arguments, that two systems share."""

TWO_READINGS: Mapping[tuple[str, int], str] = MappingProxyType(
    {("Log", 2): "write log(x, b): what is applied to comes first"}
)
"""Calls, by the number of their arguments, that systems read differently, with the remedy."""

SPELLED = frozenset({*SPELLINGS, *(name for name, _ in (*DOUBTS, *TWO_READINGS))})
"""The names whose arguments decide what they mean."""

REFUSED: Mapping[str, str] = MappingProxyType(
    {
        **dict.fromkeys(
            ["np.var", "np.std"],
            "numpy divides by n, and var and std here by n - 1: write mean((x - mean(x))^2)",
        ),
    }
)
"""Names that would be misread, by what to write instead."""

CAPITALS = frozenset(
    """
    Abs Sign Floor Ceiling Round Mod Min Max Clip Sqrt Surd Power Pow Exp Log Log2 Log10 Sinc
    Sin Cos Tan Cot Sec Csc Sinh Cosh Tanh Coth Sech Csch
    ArcSin ArcCos ArcTan ArcCot ArcSec ArcCsc ArcSinh ArcCosh ArcTanh ArcCoth ArcSech ArcCsch
    Heaviside Piecewise Factorial Binomial LogGamma PolyGamma Psi GAMMA Erf Erfc Erfi
    FresnelS FresnelC BesselJ BesselY BesselI BesselK AiryAi AiryBi AiryAiPrime AiryBiPrime
    Zeta PolyLog LegendreP HermiteH LaguerreL ChebyshevT ChebyshevU
    Sum Product Integrate Integral Derivative Mean Variance Norm Det Tr Dot Inverse Transpose
    """.split()
)
"""Names of Mathematica, sympy and Maple that have no capitals in the table."""
