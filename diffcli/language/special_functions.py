"""The rows of the special functions: error functions, Bessel functions, elliptic integrals and others.

Their partials are formulas that torch and sympy compute with too, so each is written to keep its
digits. Sources: DLMF 6 to 10, 18, 19 and 25.
"""

from __future__ import annotations

from diffcli.language.rows import call, special

# A table is read by its columns.
# fmt: off
INTEGRALS = [
    special("erfcx", "error function", "e^(x²)·erfc(x)", ulps=64, accuracy=1e-12, range="(0, inf)", partials="2*x*erfcx(x) - 2/sqrt(pi)", is_smooth=True),
    special("erfinv", "error function", "inverse of erf", aliases="InverseErf inverse_erf", latex=r"\operatorname{erf}^{-1}\left({0}\right)", domain="−1 < x < 1", ulps=64, accuracy=2e-14, partials="sqrt(pi)/2*exp(erfinv(x)^2)", is_smooth=True),
    special("erfcinv", "error function", "inverse of erfc", aliases="InverseErfc inverse_erfc", latex=r"\operatorname{erfc}^{-1}\left({0}\right)", domain="0 < x < 2", ulps=64, accuracy=5e-14, partials="-sqrt(pi)/2*exp(erfcinv(x)^2)", is_smooth=True),
    special("dawson", "error function", "Dawson's integral, e^(−x²) ∫ e^(t²) dt over 0 … x", aliases="dawsn DawsonF", latex=r"F\left({0}\right)", ulps=64, accuracy=1e-12, range="(-0.5411, 0.5411)", partials="1 - 2*x*dawson(x)", is_smooth=True),
    special("fresnels", "error function", "Fresnel's ∫ sin(πt²/2) dt over 0 … x", aliases="fresnel_s", latex=r"S\left({0}\right)", ulps=64, accuracy=5e-13, range="(-0.714, 0.714)", partials="sin(pi*x^2/2)", is_smooth=True),
    special("fresnelc", "error function", "Fresnel's ∫ cos(πt²/2) dt over 0 … x", aliases="fresnel_c", latex=r"C\left({0}\right)", ulps=64, accuracy=2e-13, range="(-0.78, 0.78)", partials="cos(pi*x^2/2)", is_smooth=True),
    special("expint", "exponential integral", "∫ e^(−xt)/tⁿ dt over 1 … ∞, as expint(n, x)", arity=2, aliases="ExpIntegralE expn expintegral_e", latex=r"E_{{0}}\left({1}\right)", domain="x > 0", ulps=64, accuracy=5e-14, range="(0, inf)", partials="; -expint(x - 1, y)", is_smooth=True),
    special("e1", "exponential integral", "∫ e^(−t)/t dt over x … ∞", aliases="E1 exp1 expintegral_e1", latex=r"E_{1}\left({0}\right)", domain="x > 0", ulps=64, accuracy=2e-15, range="(0, inf)", partials="-exp(-x)/x", is_smooth=True),
    special("Ei", "exponential integral", "∫ e^t/t dt over −∞ … x, the principal value", aliases="expi ExpIntegralEi expintegral_ei", latex=call("operatorname{Ei}"), domain="x ≠ 0", ulps=64, accuracy=2e-15, partials="exp(x)/x", is_smooth=True),
    special("Si", "exponential integral", "∫ sin(t)/t dt over 0 … x", aliases="SinIntegral expintegral_si", latex=call("operatorname{Si}"), ulps=64, accuracy=5e-16, range="(-1.852, 1.852)", partials="sinc(x)", is_smooth=True),
    special("Ci", "exponential integral", "−∫ cos(t)/t dt over x … ∞", aliases="CosIntegral expintegral_ci", latex=call("operatorname{Ci}"), domain="x > 0", ulps=64, accuracy=1e-14, partials="cos(x)/x", is_smooth=True),
    special("Shi", "exponential integral", "∫ sinh(t)/t dt over 0 … x", aliases="SinhIntegral expintegral_shi", latex=call("operatorname{Shi}"), ulps=64, accuracy=5e-16, partials="piecewise((sinh(x)/x, x != 0), (1, True))", is_smooth=True),
    special("Chi", "exponential integral", "γ + log x + ∫ (cosh(t) − 1)/t dt over 0 … x", aliases="CoshIntegral expintegral_chi", latex=call("operatorname{Chi}"), domain="x > 0", ulps=64, accuracy=5e-16, partials="cosh(x)/x", is_smooth=True),
    special("li", "exponential integral", "logarithmic integral, Ei(log x)", aliases="LogIntegral expintegral_li", latex=call("operatorname{li}"), domain="x > 0, x ≠ 1", ulps=64, accuracy=5e-15, partials="1/log(x)", is_smooth=True),
]

GAMMAS = [
    special("gammainc", "special", "regularised lower incomplete gamma function P(a, x) = γ(a, x)/Γ(a), as gammainc(a, x)", arity=2, aliases="gammap igamma", latex=r"P\left({all}\right)", domain="a > 0, x ≥ 0", ulps=8192, accuracy=1e-13, range="[0, 1)", partials="; exp((x - 1)*log(y) - y - lgamma(x))", edges_at="y"),
    special("gammaincc", "special", "regularised upper incomplete gamma function Q(a, x) = 1 − P(a, x)", arity=2, aliases="gammaq igammac GammaRegularized gamma_incomplete_regularized", latex=r"Q\left({all}\right)", domain="a > 0, x ≥ 0", ulps=8192, accuracy=1e-14, range="(0, 1]", partials="; -exp((x - 1)*log(y) - y - lgamma(x))", edges_at="y"),
    special("loggamma", "special", "log Γ(x) for x > 0", aliases="log_gamma lnGAMMA", latex=r"\ln\Gamma\left({0}\right)", domain="x > 0", ulps=64, accuracy=1e-14, range="(-0.1215, inf)", partials="digamma(x)", is_smooth=True, stable="lgamma(x)"),
    special("trigamma", "special", "ψ′(x) = polygamma(1, x)", latex=r"\psi'\left({0}\right)", domain="x ≠ 0, −1, −2, …", ulps=64, accuracy=2e-15, range="(0, inf)", partials="polygamma(2, x)", is_smooth=True, stable="polygamma(1, x)"),
    special("betainc", "special", "regularised incomplete beta function I_x(a, b), as betainc(a, b, x)", arity=3, aliases="beta_incomplete_regularized", latex=r"I_{{2}}\left({0}, {1}\right)", domain="a, b > 0; 0 ≤ x ≤ 1", ulps=8192, accuracy=2e-14, range="[0, 1]", partials="; ; exp((x - 1)*log(z) + (y - 1)*log1p(-z) - lbeta(x, y))", edges_at="z; z - 1"),
    special("lbeta", "special", "log|B(x, y)|", arity=2, aliases="logbeta betaln", latex=r"\ln\left|\mathrm{B}\left({all}\right)\right|", domain="x, y, x + y ≠ 0, −1, −2, …", ulps=1024, accuracy=5e-14, partials="digamma(x) - digamma(x + y); digamma(y) - digamma(x + y)", is_smooth=True),
    special("multigammaln", "special", "log of the multivariate gamma function, as multigammaln(a, d)", arity=2, aliases="mvlgamma", latex=r"\ln\Gamma_{{1}}\left({0}\right)", domain="d = 1, 2, …; a > (d − 1)/2", ulps=1024, accuracy=5e-16, is_smooth=True),
    special("zeta", "special", "Riemann's ζ(s); Hurwitz's Σ 1/(n + a)^s as zeta(s, a)", arity=2, aliases="HurwitzZeta", defaults="1", latex=r"\zeta\left({all}\right)", domain="s ≠ 1, a > 0", ulps=1024, accuracy=1e-15, partials="; piecewise((-x*zeta(x + 1, y), x != 0), (-1, True))", is_smooth=True),
    special("polylog", "special", "polylogarithm Σ xⁿ/nˢ, as polylog(s, x)", arity=2, latex=r"\operatorname{Li}_{{0}}\left({1}\right)", domain="x < 1; x = 1 where s > 1", ulps=64, accuracy=5e-16, partials="; polylog(x - 1, y)/y", edges_at="y - 1"),
]

BESSEL = [
    special("besselj", "Bessel", "Bessel function of the first kind, as besselj(order, x)", arity=2, aliases="jv bessel_j", latex=r"J_{{0}}\left({1}\right)", domain="x ≥ 0, or the order an integer", ulps=1024, accuracy=5e-14, partials="; (besselj(x - 1, y) - besselj(x + 1, y))/2"),
    special("bessely", "Bessel", "Bessel function of the second kind, as bessely(order, x)", arity=2, aliases="yv bessel_y", latex=r"Y_{{0}}\left({1}\right)", domain="x > 0", ulps=1024, accuracy=2e-14, partials="; (bessely(x - 1, y) - bessely(x + 1, y))/2", is_smooth=True),
    special("besseli", "Bessel", "modified Bessel function of the first kind, as besseli(order, x)", arity=2, aliases="iv bessel_i", latex=r"I_{{0}}\left({1}\right)", domain="x ≥ 0, or the order an integer", ulps=1024, accuracy=2e-15, partials="; (besseli(x - 1, y) + besseli(x + 1, y))/2"),
    special("besselk", "Bessel", "modified Bessel function of the second kind, as besselk(order, x)", arity=2, aliases="kv bessel_k", latex=r"K_{{0}}\left({1}\right)", domain="x > 0", ulps=1024, accuracy=1e-14, range="(0, inf)", partials="; -(besselk(x - 1, y) + besselk(x + 1, y))/2", is_smooth=True),
    special("j0", "Bessel", "besselj(0, x)", aliases="bessel_j0", latex=r"J_{0}\left({all}\right)", ulps=1024, accuracy=1e-15, range="(-0.4028, 1]", partials="-j1(x)", is_smooth=True),
    special("j1", "Bessel", "besselj(1, x)", aliases="bessel_j1", latex=r"J_{1}\left({all}\right)", ulps=1024, accuracy=1e-15, range="(-0.5819, 0.5819)", partials="(j0(x) - besselj(2, x))/2", is_smooth=True),
    special("y0", "Bessel", "bessely(0, x)", aliases="bessel_y0", latex=r"Y_{0}\left({all}\right)", domain="x > 0", ulps=1024, accuracy=1e-15, range="(-inf, 0.5209)", partials="-y1(x)", is_smooth=True),
    special("y1", "Bessel", "bessely(1, x)", aliases="bessel_y1", latex=r"Y_{1}\left({all}\right)", domain="x > 0", ulps=1024, accuracy=1e-15, partials="(y0(x) - bessely(2, x))/2", is_smooth=True),
    special("i0", "Bessel", "besseli(0, x)", aliases="modified_bessel_i0", latex=r"I_{0}\left({all}\right)", ulps=1024, accuracy=1e-15, range="[1, inf)", partials="i1(x)", is_smooth=True),
    special("i1", "Bessel", "besseli(1, x)", aliases="modified_bessel_i1", latex=r"I_{1}\left({all}\right)", ulps=1024, accuracy=1e-15, partials="(i0(x) + besseli(2, x))/2", is_smooth=True),
    special("k0", "Bessel", "besselk(0, x)", aliases="modified_bessel_k0", latex=r"K_{0}\left({all}\right)", domain="x > 0", ulps=1024, accuracy=2e-15, range="(0, inf)", partials="-k1(x)", is_smooth=True),
    special("k1", "Bessel", "besselk(1, x)", aliases="modified_bessel_k1", latex=r"K_{1}\left({all}\right)", domain="x > 0", ulps=1024, accuracy=1e-15, range="(0, inf)", partials="-(k0(x) + besselk(2, x))/2", is_smooth=True),
    special("sphericalj", "Bessel", "spherical Bessel function of the first kind, as sphericalj(n, x)", arity=2, aliases="SphericalBesselJ spherical_bessel_j spherical_jn", latex=r"\mathsf{j}_{{0}}\left({1}\right)", domain="n = 0, 1, 2, …", ulps=1024, accuracy=1e-14, partials="; piecewise(((x*sphericalj(x - 1, y) - (x + 1)*sphericalj(x + 1, y))/(2*x + 1), x > 0), (-sphericalj(1, y), True))", is_smooth=True),
    special("sphericaly", "Bessel", "spherical Bessel function of the second kind, as sphericaly(n, x)", arity=2, aliases="SphericalBesselY spherical_bessel_y spherical_yn", latex=r"\mathsf{y}_{{0}}\left({1}\right)", domain="n = 0, 1, 2, …; x ≠ 0", ulps=1024, accuracy=1e-15, partials="; piecewise(((x*sphericaly(x - 1, y) - (x + 1)*sphericaly(x + 1, y))/(2*x + 1), x > 0), (-sphericaly(1, y), True))", is_smooth=True),
    special("airyai", "Airy", "Airy function Ai", aliases="Ai airy_ai", latex=call("operatorname{Ai}"), ulps=1024, accuracy=2e-14, range="(-0.4191, 0.5357)", partials="airyaiprime(x)", is_smooth=True),
    special("airybi", "Airy", "Airy function Bi", aliases="Bi airy_bi", latex=call("operatorname{Bi}"), ulps=1024, accuracy=2e-14, partials="airybiprime(x)", is_smooth=True),
    special("airyaiprime", "Airy", "Ai′(x)", aliases="airy_dai", latex=r"\operatorname{Ai}'\left({0}\right)", ulps=1024, accuracy=2e-14, partials="x*airyai(x)", is_smooth=True),
    special("airybiprime", "Airy", "Bi′(x)", aliases="airy_dbi", latex=r"\operatorname{Bi}'\left({0}\right)", ulps=1024, accuracy=2e-14, partials="x*airybi(x)", is_smooth=True),
    special("lambertw", "special", "w with w·e^w = x: the branch w ≥ −1; w ≤ −1 as lambertw(x, -1)", arity=2, defaults="0", aliases="LambertW ProductLog lambert_w", latex=r"W_{{1}}\left({0}\right)", domain="x ≥ −1/e; for the branch −1, −1/e ≤ x < 0", ulps=1024, accuracy=2e-13, partials="exp(-lambertw(x, y))/(1 + lambertw(x, y))", edges_at="x*e + 1"),
]

HYPERGEOMETRIC = [
    special("uppergamma", "special", "upper incomplete gamma function Γ(a, x) = ∫ t^(a−1) e^(−t) dt over x … ∞, as uppergamma(a, x)", arity=2, domain="x > 0", ulps=1024, accuracy=1e-13, range="(0, inf)", partials="; -exp((x - 1)*log(y) - y)", is_smooth=True),
    special("hyp0f1", "hypergeometric", "₀F₁(; b; x) = Σ xⁿ/((b)ₙ n!), as hyp0f1(b, x)", arity=2, aliases="Hypergeometric0F1 hypergeometric_0f1", latex=r"\,{}_0F_1\left(; {0}; {1}\right)", domain="b ≠ 0, −1, −2, …", ulps=1024, accuracy=1e-13, partials="; hyp0f1(x + 1, y)/x", is_smooth=True),
    special("hyp1f1", "hypergeometric", "Kummer's M(a, b, x) = ₁F₁(a; b; x), as hyp1f1(a, b, x)", arity=3, aliases="Hypergeometric1F1 hypergeometric_1f1 KummerM kummer_m", latex=r"\,{}_1F_1\left({0}; {1}; {2}\right)", domain="b ≠ 0, −1, −2, …", ulps=1024, accuracy=1e-13, partials="; ; x/y*hyp1f1(x + 1, y + 1, z)", is_smooth=True),
    special("hyperu", "hypergeometric", "Tricomi's U(a, b, x), as hyperu(a, b, x)", arity=3, aliases="HypergeometricU hypergeometric_u KummerU kummer_u tricomi_u", domain="x > 0", ulps=1024, accuracy=1e-13, partials="; ; -x*hyperu(x + 1, y + 1, z)", is_smooth=True),
    special("hyp2f1", "hypergeometric", "Gauss's ₂F₁(a, b; c; x), as hyp2f1(a, b, c, x)", arity=4, aliases="Hypergeometric2F1 hypergeometric_2f1", latex=r"\,{}_2F_1\left({0}, {1}; {2}; {3}\right)", domain="x < 1; c ≠ 0, −1, −2, …", ulps=1024, accuracy=1e-13, partials="; ; ; x*y/z*hyp2f1(x + 1, y + 1, z + 1, w)", is_smooth=True),
]

POLYNOMIALS = [
    special("legendre", "orthogonal polynomial", "Legendre polynomial, as legendre(n, x)", arity=2, aliases="legendrep legendre_p eval_legendre", latex=r"P_{{0}}\left({1}\right)", domain="n = 0, 1, 2, …", ulps=4096, accuracy=5e-16, partials="; gegenbauer(x - 1, 3/2, y)", is_smooth=True),
    special("hermite", "orthogonal polynomial", "Hermite polynomial of the physicists, as hermite(n, x)", arity=2, aliases="hermiteh eval_hermite", latex=r"H_{{0}}\left({1}\right)", domain="n = 0, 1, 2, …", ulps=4096, accuracy=5e-16, partials="; 2*x*hermite(x - 1, y)", is_smooth=True),
    special("laguerre", "orthogonal polynomial", "Laguerre polynomial, as laguerre(n, x) or, generalised, laguerre(n, x, α)", arity=3, defaults="0", aliases="laguerrel eval_laguerre", domain="n = 0, 1, 2, …", ulps=4096, accuracy=1e-15, partials="; -laguerre(x - 1, y, z + 1);", is_smooth=True),
    special("chebyshevt", "orthogonal polynomial", "Chebyshev polynomial of the first kind, as chebyshevt(n, x)", arity=2, aliases="chebyt chebyshev_t eval_chebyt", latex=r"T_{{0}}\left({1}\right)", domain="n = 0, 1, 2, …", ulps=4096, accuracy=5e-16, partials="; x*chebyshevu(x - 1, y)", is_smooth=True),
    special("chebyshevu", "orthogonal polynomial", "Chebyshev polynomial of the second kind, as chebyshevu(n, x)", arity=2, aliases="chebyu chebyshev_u eval_chebyu", latex=r"U_{{0}}\left({1}\right)", domain="n = 0, 1, 2, …", ulps=4096, accuracy=5e-16, partials="; 2*gegenbauer(x - 1, 2, y)", is_smooth=True),
    special("gegenbauer", "orthogonal polynomial", "Gegenbauer polynomial, as gegenbauer(n, λ, x)", arity=3, aliases="GegenbauerC ultraspherical eval_gegenbauer", domain="n = 0, 1, 2, …", ulps=4096, accuracy=1e-15, partials="; ; 2*y*gegenbauer(x - 1, y + 1, z)", is_smooth=True),
]

ELLIPTIC = [
    special("ellipk", "elliptic", "complete elliptic integral K(m), of the parameter m = k²", aliases="EllipticK elliptic_k elliptic_kc", latex=call("operatorname{K}"), domain="m < 1", ulps=1024, accuracy=5e-16, range="(0, inf)", partials="(ellipe(x) - (1 - x)*ellipk(x))/(2*x*(1 - x))", is_smooth=True),
    special("ellipe", "elliptic", "complete elliptic integral E(m), of the parameter m = k²", aliases="EllipticE elliptic_ec elliptic_e", latex=call("operatorname{E}"), domain="m ≤ 1", ulps=1024, accuracy=5e-16, range="[1, inf)", partials="(ellipe(x) - ellipk(x))/(2*x)", edges_at="x - 1"),
    special("ellipf", "elliptic", "incomplete elliptic integral F(φ | m), as ellipf(φ, m)", arity=2, aliases="EllipticF elliptic_f ellipkinc", latex=r"F\left({0} \mid {1}\right)", domain="m·sin(φ)² < 1", ulps=1024, accuracy=2e-15, partials="1/sqrt(1 - y*sin(x)^2); ellipeinc(x, y)/(2*y*(1 - y)) - ellipf(x, y)/(2*y) - sin(2*x)/(4*(1 - y)*sqrt(1 - y*sin(x)^2))", is_smooth=True),
    special("ellipeinc", "elliptic", "incomplete elliptic integral E(φ | m), as ellipeinc(φ, m)", arity=2, latex=r"E\left({0} \mid {1}\right)", domain="m·sin(φ)² < 1", ulps=1024, accuracy=5e-16, partials="sqrt(1 - y*sin(x)^2); (ellipeinc(x, y) - ellipf(x, y))/(2*y)", is_smooth=True),
    special("ellippiinc", "elliptic", "incomplete elliptic integral Π(n; φ | m), as ellippiinc(n, φ, m)", arity=3, domain="n·sin(φ)² < 1, m·sin(φ)² < 1", ulps=1024, accuracy=1e-13, partials="(ellipeinc(y, z) + (z - x)/x*ellipf(y, z) + (x^2 - z)/x*ellippiinc(x, y, z) - x*sqrt(1 - z*sin(y)^2)*sin(2*y)/(2*(1 - x*sin(y)^2)))/(2*(z - x)*(x - 1)); 1/((1 - x*sin(y)^2)*sqrt(1 - z*sin(y)^2)); (ellipeinc(y, z)/(z - 1) + ellippiinc(x, y, z) - z*sin(2*y)/(2*(z - 1)*sqrt(1 - z*sin(y)^2)))/(2*(x - z))", is_smooth=True),
    special("ellippi", "elliptic", "complete elliptic integral Π(n | m), as ellippi(n, m)", arity=2, aliases="EllipticPi elliptic_pi", latex=r"\Pi\left({0} \mid {1}\right)", domain="n < 1, m < 1", ulps=1024, accuracy=1e-15, partials="(ellipe(y) + (y - x)/x*ellipk(y) + (x^2 - y)/x*ellippi(x, y))/(2*(y - x)*(x - 1)); (ellipe(y)/(y - 1) + ellippi(x, y))/(2*(x - y))", is_smooth=True),
]
# fmt: on
