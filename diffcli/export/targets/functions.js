// The remainder with the divisor's sign.
function modulo(a, b) {
  const r = a % b;
  return r !== 0 && (r < 0) !== (b < 0) ? r + b : r;
}

// The nearest whole number, halves to even.
function roundToEven(x) {
  const low = Math.floor(x), rest = x - low;
  if (rest !== 0.5) return rest < 0.5 ? low : low + 1;
  return low % 2 === 0 ? low : low + 1;
}

// A sum of Chebyshev polynomials at t in [-1, 1], by Clenshaw's recurrence.
function chebyshevSum(coefficients, t) {
  let b = 0, c = 0;
  for (let k = coefficients.length - 1; k > 0; k--) {
    [b, c] = [2 * t * b - c + coefficients[k], b];
  }
  return t * b - c + coefficients[0];
}

// exp(sign * x^2), with the digits that the rounding of x^2 would take.
function expOfSquare(x, sign) {
  const high = Math.round(16 * x) / 16;
  return Math.exp(sign * high * high) * Math.exp(sign * (x - high) * (x + high));
}

// sin(pi * x), exact about whole numbers.
function sinPi(x) {
  const whole = Math.round(x);
  const sine = Math.sin(Math.PI * (x - whole));
  return whole % 2 === 0 ? sine : -sine;
}

// The error function.
function erf(x) {
  const size = Math.abs(x);
  if (size > 1) return x > 0 ? 1 - erfc(x) : erfc(-x) - 1;
  return x * chebyshevSum(erfSeries, 2 * x * x - 1);
}

// 1 - erf(x).
function erfc(x) {
  if (x < 0.5) return x < -1 ? 2 - erfc(-x) : 1 - erf(x);
  return x < 28 ? expOfSquare(x, -1) * erfcx(x) : x !== x ? x : 0;
}

// exp(x^2) * erfc(x).
function erfcx(x) {
  if (x < 0) return x < -27 ? Infinity : 2 * expOfSquare(x, 1) - erfcx(-x);
  if (x > 1e15) return 1 / Math.sqrt(Math.PI) / x;
  return chebyshevSum(erfcxSeries, (x - 3) / (x + 3)) / (x + 3);
}

// Euler's gamma function: Stirling's series, and its recurrence and reflection.
function gamma(x) {
  if (x < 0.5) {
    if (x === Math.floor(x)) return x === 0 ? 1 / x : NaN;
    return x < -190 ? 0 : Math.PI / sinPi(x) / gamma(1 - x);
  }
  if (x > 171.7) return Infinity;
  let divisor = 1, y = x;
  for (; y < 12; y++) divisor *= y;
  if (x === Math.floor(x) && x < 12) {
    let product = 1;
    for (let k = 2; k < x; k++) product *= k;
    return product;
  }
  const half = Math.pow(y, 0.5 * y - 0.25);
  const rest = Math.exp(stirlingSum(y));
  return Math.sqrt(2 * Math.PI) * half * Math.exp(-y) * half * rest / divisor;
}

// Stirling's series: log(gamma(x)) - (x - 1/2) log(x) + x - log(2 pi)/2, for x >= 10.
function stirlingSum(x) {
  const w = 1 / (x * x);
  const series = [1 / 12, -1 / 360, 1 / 1260, -1 / 1680, 1 / 1188, -691 / 360360, 1 / 156,
    -3617 / 122400];
  return series.reduceRight((sum, term) => sum * w + term, 0) / x;
}

// log|gamma(x)|.
function lgamma(x) {
  if (x < 0) {
    if (x === Math.floor(x)) return Infinity;
    return Math.log(Math.PI / Math.abs(x * sinPi(x))) - lgamma(-x);
  }
  if (x < 0.5) return lgamma(x + 1) - Math.log(x);
  if (x < 3) return (x - 1) * (x - 2) * chebyshevSum(lgammaSeries, 0.8 * x - 1.4);
  if (x < 12) return Math.log(gamma(x));
  if (x > 1e17) return x * (Math.log(x) - 1);
  return (x - 0.5) * Math.log(x) - x + 0.9189385332046728 + stirlingSum(x);
}

// The derivative of log(gamma(x)).
function digamma(x) {
  if (x <= 0) {
    if (x === Math.floor(x)) return NaN;
    return digamma(1 - x) - Math.PI / Math.tan(Math.PI * (x - Math.round(x)));
  }
  if (x >= 10) {
    const series = [1 / 12, -1 / 120, 1 / 252, -1 / 240, 1 / 132, -691 / 32760, 1 / 12,
      -3617 / 8160];
    const w = 1 / (x * x), tail = series.reduceRight((sum, term) => sum * w + term, 0);
    return Math.log(x) - 0.5 / x - w * tail;
  }
  let sum = 0, y = x;
  for (; y >= 2; sum += 1 / y) y -= 1;
  if (y < 1) {
    sum -= 1 / y;
    y += 1;
  }
  const root = 1.4616321449683622, rest = 9.549995429965697e-17;
  return (y - root - rest) * chebyshevSum(digammaSeries, 2 * y - 3) + sum;
}

// The n-th derivative of the cotangent at pi * x, a polynomial in it.
function slopeOfCotangent(n, x) {
  const c = sinPi(x + 0.5) / sinPi(x);
  let coefficients = [0, 1];
  for (let k = 0; k < n; k++) {
    const next = new Array(coefficients.length + 1).fill(0);
    for (let i = 1; i < coefficients.length; i++) {
      next[i - 1] -= i * coefficients[i];
      next[i + 1] -= i * coefficients[i];
    }
    coefficients = next;
  }
  return coefficients.reduceRight((sum, term) => sum * c + term, 0);
}

// The n-th derivative of digamma: recurrence, asymptotic series, reflection (DLMF 5.15).
function polygamma(n, x) {
  if (n === 0) return digamma(x);
  if (x <= 0) {
    if (x === Math.floor(x)) return NaN;
    const reflected = (n % 2 === 0 ? 1 : -1) * polygamma(n, 1 - x);
    const slope = slopeOfCotangent(n, x - Math.round(x));
    return reflected - Math.pow(Math.PI, n + 1) * slope;
  }
  let factorial = 1;
  for (let k = 2; k < n; k++) factorial *= k;
  let sum = 0, y = x;
  for (; y < 20 + n; y++) sum += factorial * n / Math.pow(y, n + 1);
  const series = [1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6,
    -3617 / 510];
  let rising = factorial * n * (n + 1) / 2, tail = 0;
  series.forEach((bernoulli, k) => {
    tail += bernoulli * rising / Math.pow(y, 2 * k + 2);
    rising *= (n + 2 * k + 2) * (n + 2 * k + 3) / ((2 * k + 3) * (2 * k + 4));
  });
  const leading = factorial * (1 + n / (2 * y)) + tail;
  return (n % 2 === 1 ? 1 : -1) * (sum + leading / Math.pow(y, n));
}
