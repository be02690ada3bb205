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

// Coefficients of erf(x)/x in t = 2x^2 - 1, for |x| <= 1.
const erfSeries = [
  0.9754769393826541, -0.14226120510371365, 0.010035582187599796,
  -0.0005768764699767485, 2.741993125219606e-05, -1.1043175507344507e-06,
  3.8488755420345036e-08, -1.1808582533875466e-09, 3.2334215826050907e-11,
  -7.991015947004549e-13, 1.7990725113961456e-14, -3.718635487818693e-16,
  7.103599003714253e-18,
];

// Coefficients of (x + 3) erfcx(x) in t = (x - 3)/(x + 3), for x >= 0.
const erfcxSeries = [
  1.413438223980872, -1.1314768490746974, 0.35410810034248635, -0.08508704009908545,
  0.014615273272816639, -0.0013795571636296329, -6.429066714315945e-05,
  3.9043421097724045e-05, -2.642785074856054e-06, -8.239440143910853e-07,
  1.3247975697671355e-07, 1.919522515672645e-08, -5.030507163745393e-09,
  -5.842006410267007e-10, 1.8742323910408168e-10, 2.4373672656733487e-11,
  -6.990943839667697e-12, -1.2573115617676e-12, 2.458000580643909e-13,
  7.005741632378779e-14, -6.732775694749609e-15, -3.843430589415152e-15,
  3.3163748896188907e-18, 1.9337385406947118e-16, 1.957552792661546e-17,
  -8.038651660274454e-18,
];

// Coefficients of lgamma(x)/((x - 1)(x - 2)) in t = (4x - 7)/5, for 1/2 <= x <= 3.
const lgammaSeries = [
  0.4969196496241282, -0.18983770295364127, 0.051642363278249136,
  -0.01620888582719529, 0.005480868756901195, -0.0019373470781938534,
  0.0007048910082035581, -0.00026169697337740814, 9.861130565519249e-05,
  -3.7584856908988406e-05, 1.4455839828556131e-05, -5.6014342781194404e-06,
  2.1839963102639326e-06, -8.560510993494189e-07, 3.3707703487176757e-07,
  -1.3325698991082197e-07, 5.286623421759879e-08, -2.1039026610571943e-08,
  8.396346115994458e-09, -3.3593279703588836e-09, 1.347128417758247e-09,
  -5.413413585081661e-10, 2.179523895564128e-10, -8.790476934031152e-11,
  3.551107466208523e-11, -1.4366889879916915e-11, 5.820523962016641e-12,
  -2.361128116146316e-12, 9.589528652171644e-13, -3.8990699504056754e-13,
  1.5870109734168948e-13, -6.465854220933822e-14, 2.6367771020705008e-14,
  -1.0762152407586304e-14, 4.396243296659399e-15, -1.797221357503132e-15,
  7.352595459272878e-16, -3.010110271283285e-16, 1.2331372609685956e-16,
  -5.054910883766592e-17, 2.073363598084663e-17, -8.509128175401906e-18,
  3.494064241874015e-18, -1.4354970125753624e-18,
];

// Coefficients of digamma(x)/(x - its root) in t = 2x - 3, for 1 <= x <= 2.
const digammaSeries = [
  0.983570260441567, -0.2270640863346444, 0.03336889902393011,
  -0.005320077271596548, 0.0008788656937820505, -0.00014773492650606044,
  2.5060543468359146e-05, -4.2721034029993324e-06, 7.302769272465923e-07,
  -1.2502886813559594e-07, 2.1425009322359472e-08, -3.673295918565179e-09,
  6.299717236108931e-10, -1.080593028883266e-10, 1.853735192053638e-11,
  -3.18023536582553e-12, 5.456147570322795e-13, -9.360993131036438e-14,
  1.606064636295075e-14, -2.7555431377438815e-15, 4.727736178601912e-16,
  -8.11148420346509e-17, 1.391707769474154e-17, -2.3877901082188625e-18,
];

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
