// The remainder with the divisor's sign.
fn modulo(a: f64, b: f64) -> f64 {
    let r = a % b;
    if r != 0.0 && (r < 0.0) != (b < 0.0) { r + b } else { r }
}

// The lesser of two numbers, or nan if one is.
fn least(a: f64, b: f64) -> f64 {
    if a < b || a.is_nan() { a } else { b }
}

// The greater of two numbers, or nan if one is.
fn greatest(a: f64, b: f64) -> f64 {
    if a > b || a.is_nan() { a } else { b }
}

// The inverse hyperbolic cosine, with its digits near 1.
fn acosh(x: f64) -> f64 {
    let t = x - 1.0;
    if x > 1e8 { x.ln() + std::f64::consts::LN_2 } else { (t + (t * (x + 1.0)).sqrt()).ln_1p() }
}

// The inverse hyperbolic tangent, with its digits near -1.
fn atanh(x: f64) -> f64 {
    (0.5 * (2.0 * x.abs() / (1.0 - x.abs())).ln_1p()).copysign(x)
}

// A sum of Chebyshev polynomials at t in [-1, 1], by Clenshaw's recurrence.
fn chebyshev_sum(coefficients: &[f64], t: f64) -> f64 {
    let (mut b, mut c) = (0.0, 0.0);
    for k in coefficients[1..].iter().rev() {
        (b, c) = (2.0 * t * b - c + k, b);
    }
    t * b - c + coefficients[0]
}

// A polynomial, by Horner's rule.
fn polynomial(coefficients: &[f64], x: f64) -> f64 {
    coefficients.iter().rev().fold(0.0, |sum, term| sum * x + term)
}

// exp(sign * x^2), with the digits that the rounding of x^2 would take.
fn exp_of_square(x: f64, sign: f64) -> f64 {
    let high = (16.0 * x).round() / 16.0;
    (sign * high * high).exp() * (sign * (x - high) * (x + high)).exp()
}

// sin(pi * x), exact about whole numbers.
fn sin_pi(x: f64) -> f64 {
    let whole = x.round();
    let sine = (std::f64::consts::PI * (x - whole)).sin();
    if whole % 2.0 == 0.0 { sine } else { -sine }
}

// The error function.
fn erf(x: f64) -> f64 {
    if x.abs() > 1.0 {
        return if x > 0.0 { 1.0 - erfc(x) } else { erfc(-x) - 1.0 };
    }
    x * chebyshev_sum(&ERF_SERIES, 2.0 * x * x - 1.0)
}

// 1 - erf(x).
fn erfc(x: f64) -> f64 {
    if x < 0.5 {
        return if x < -1.0 { 2.0 - erfc(-x) } else { 1.0 - erf(x) };
    }
    if x < 28.0 {
        return exp_of_square(x, -1.0) * erfcx(x);
    }
    if x.is_nan() { x } else { 0.0 }
}

// exp(x^2) * erfc(x).
fn erfcx(x: f64) -> f64 {
    if x < -27.0 {
        return f64::INFINITY;
    }
    if x < 0.0 {
        return 2.0 * exp_of_square(x, 1.0) - erfcx(-x);
    }
    if x > 1e15 {
        return 1.0 / std::f64::consts::PI.sqrt() / x;
    }
    chebyshev_sum(&ERFCX_SERIES, (x - 3.0) / (x + 3.0)) / (x + 3.0)
}

// Euler's gamma function: Stirling's series, and its recurrence and reflection.
fn gamma(x: f64) -> f64 {
    if x < 0.5 {
        if x == x.floor() {
            return if x == 0.0 { 1.0 / x } else { f64::NAN };
        }
        let reflected = std::f64::consts::PI / sin_pi(x) / gamma(1.0 - x);
        return if x < -190.0 { 0.0 } else { reflected };
    }
    if x > 171.7 {
        return f64::INFINITY;
    }
    let (mut divisor, mut y) = (1.0, x);
    if x == x.floor() && x < 12.0 {
        return (2..x as u64).map(|k| k as f64).product();
    }
    while y < 12.0 {
        divisor *= y;
        y += 1.0;
    }
    let half = y.powf(0.5 * y - 0.25);
    std::f64::consts::TAU.sqrt() * half * (-y).exp() * half * stirling_sum(y).exp() / divisor
}

// Stirling's series: log(gamma(x)) - (x - 1/2) log(x) + x - log(2 pi)/2, for x >= 10.
fn stirling_sum(x: f64) -> f64 {
    let series = [
        1.0 / 12.0, -1.0 / 360.0, 1.0 / 1260.0, -1.0 / 1680.0, 1.0 / 1188.0, -691.0 / 360360.0,
        1.0 / 156.0, -3617.0 / 122400.0,
    ];
    polynomial(&series, 1.0 / (x * x)) / x
}

// log|gamma(x)|.
fn lgamma(x: f64) -> f64 {
    if x < 0.0 {
        if x == x.floor() {
            return f64::INFINITY;
        }
        return (std::f64::consts::PI / (x * sin_pi(x)).abs()).ln() - lgamma(-x);
    }
    if x < 0.5 {
        return lgamma(x + 1.0) - x.ln();
    }
    if x < 3.0 {
        return (x - 1.0) * (x - 2.0) * chebyshev_sum(&LGAMMA_SERIES, 0.8 * x - 1.4);
    }
    if x < 12.0 {
        return gamma(x).ln();
    }
    if x > 1e17 {
        return x * (x.ln() - 1.0);
    }
    (x - 0.5) * x.ln() - x + 0.9189385332046728 + stirling_sum(x)
}

// The derivative of log(gamma(x)).
fn digamma(x: f64) -> f64 {
    if x <= 0.0 {
        if x == x.floor() {
            return f64::NAN;
        }
        let slope = std::f64::consts::PI / (std::f64::consts::PI * (x - x.round())).tan();
        return digamma(1.0 - x) - slope;
    }
    if x >= 10.0 {
        let series = [
            1.0 / 12.0, -1.0 / 120.0, 1.0 / 252.0, -1.0 / 240.0, 1.0 / 132.0, -691.0 / 32760.0,
            1.0 / 12.0, -3617.0 / 8160.0,
        ];
        let w = 1.0 / (x * x);
        return x.ln() - 0.5 / x - w * polynomial(&series, w);
    }
    let (mut sum, mut y) = (0.0, x);
    while y >= 2.0 {
        y -= 1.0;
        sum += 1.0 / y;
    }
    if y < 1.0 {
        sum -= 1.0 / y;
        y += 1.0;
    }
    let (root, rest) = (1.4616321449683622, 9.549995429965697e-17);
    (y - root - rest) * chebyshev_sum(&DIGAMMA_SERIES, 2.0 * y - 3.0) + sum
}

// The n-th derivative of the cotangent at pi * x, a polynomial in it.
fn slope_of_cotangent(n: usize, x: f64) -> f64 {
    let mut coefficients = vec![0.0, 1.0];
    for _ in 0..n {
        let mut next = vec![0.0; coefficients.len() + 1];
        for (i, term) in coefficients.iter().enumerate().skip(1) {
            next[i - 1] -= i as f64 * term;
            next[i + 1] -= i as f64 * term;
        }
        coefficients = next;
    }
    polynomial(&coefficients, sin_pi(x + 0.5) / sin_pi(x))
}

// The n-th derivative of digamma: recurrence, asymptotic series, reflection (DLMF 5.15).
fn polygamma(n: f64, x: f64) -> f64 {
    if n == 0.0 {
        return digamma(x);
    }
    if x <= 0.0 {
        if x == x.floor() {
            return f64::NAN;
        }
        let sign = if n % 2.0 == 0.0 { 1.0 } else { -1.0 };
        let slope = slope_of_cotangent(n as usize, x - x.round());
        return sign * polygamma(n, 1.0 - x) - std::f64::consts::PI.powf(n + 1.0) * slope;
    }
    let factorial: f64 = (2..n as u64).map(|k| k as f64).product();
    let (mut sum, mut y) = (0.0, x);
    while y < 20.0 + n {
        sum += factorial * n / y.powf(n + 1.0);
        y += 1.0;
    }
    let series = [
        1.0 / 6.0, -1.0 / 30.0, 1.0 / 42.0, -1.0 / 30.0, 5.0 / 66.0, -691.0 / 2730.0, 7.0 / 6.0,
        -3617.0 / 510.0,
    ];
    let (mut rising, mut tail) = (factorial * n * (n + 1.0) / 2.0, 0.0);
    for (k, bernoulli) in series.iter().enumerate() {
        let twice = 2.0 * k as f64;
        tail += bernoulli * rising / y.powf(twice + 2.0);
        rising *= (n + twice + 2.0) * (n + twice + 3.0) / ((twice + 3.0) * (twice + 4.0));
    }
    let leading = factorial * (1.0 + n / (2.0 * y)) + tail;
    let sign = if n % 2.0 == 1.0 { 1.0 } else { -1.0 };
    sign * (sum + leading / y.powf(n))
}
