% One of two values.
function y = choose(condition, value, other)
  if condition
    y = value;
  else
    y = other;
  end
end

% A number, or nan instead of a complex one.
function y = only_real(y)
  if ~isreal(y)
    y = NaN;
  end
end

% A power over the real numbers.
function y = real_power(a, b)
  y = only_real(a ^ b);
end

% The lesser of two numbers, or nan if one is.
function y = least(a, b)
  y = choose(a < b || isnan(a), a, b);
end

% The greater of two numbers, or nan if one is.
function y = greatest(a, b)
  y = choose(a > b || isnan(a), a, b);
end

% The nearest whole number, halves to even.
function y = round_to_even(x)
  y = floor(x);
  rest = x - y;
  if rest > 0.5 || (rest == 0.5 && rem(y, 2) ~= 0)
    y = y + 1;
  end
end

% The remainder with the divisor's sign, exact: each step takes a power of two times b.
function r = remainder_of(a, b)
  r = abs(a);
  size_of_b = abs(b);
  if isnan(a) || isnan(b) || isinf(a) || b == 0
    r = NaN;
    return
  end
  [~, of_b] = log2(size_of_b);
  while r >= size_of_b && ~isinf(b)
    [~, of_r] = log2(r);
    step = pow2(size_of_b, of_r - of_b);
    if step > r
      step = pow2(size_of_b, of_r - of_b - 1);
    end
    r = r - step;
  end
  if a < 0
    r = -r;
  end
  if r ~= 0 && (r < 0) ~= (b < 0)
    r = r + b;
  end
end

% A sum of Chebyshev polynomials at t in [-1, 1], by Clenshaw's recurrence.
function y = chebyshev_sum(coefficients, t)
  b = 0;
  c = 0;
  for k = numel(coefficients):-1:2
    next = 2 * t * b - c + coefficients(k);
    c = b;
    b = next;
  end
  y = t * b - c + coefficients(1);
end

% A polynomial, by Horner's rule.
function y = polynomial_at(coefficients, x)
  y = 0;
  for k = numel(coefficients):-1:1
    y = y * x + coefficients(k);
  end
end

% log|gamma(x)|.
function y = lgamma_real(x)
  if x >= 3 || isnan(x)
    y = gammaln(x);
  elseif x >= 0.5
    y = (x - 1) * (x - 2) * chebyshev_sum(lgamma_series(), 0.8 * x - 1.4);
  elseif x >= 0
    y = lgamma_real(x + 1) - log(x);
  elseif x == floor(x)
    y = Inf;
  else
    y = log(pi / abs(x * sin(pi * (x - round(x))))) - lgamma_real(-x);
  end
end

% The derivative of log(gamma(x)).
function y = digamma(x)
  if x <= 0
    if x == floor(x)
      y = NaN;
    else
      y = digamma(1 - x) - pi / tan(pi * (x - round(x)));
    end
    return
  end
  if x >= 10
    series = [1/12, -1/120, 1/252, -1/240, 1/132, -691/32760, 1/12, -3617/8160];
    w = 1 / (x * x);
    y = log(x) - 0.5 / x - w * polynomial_at(series, w);
    return
  end
  total = 0;
  while x >= 2
    x = x - 1;
    total = total + 1 / x;
  end
  if x < 1
    total = total - 1 / x;
    x = x + 1;
  end
  y = (x - 1.4616321449683622 - 9.549995429965697e-17) ...
    * chebyshev_sum(digamma_series(), 2 * x - 3) + total;
end

% The n-th derivative of the cotangent at pi*x, a polynomial in it.
function y = slope_of_cotangent(n, x)
  coefficients = [0, 1];
  for k = 1:n
    next = zeros(1, k + 2);
    for i = 1:k
      next(i) = next(i) - i * coefficients(i + 1);
      next(i + 2) = next(i + 2) - i * coefficients(i + 1);
    end
    coefficients = next;
  end
  y = polynomial_at(coefficients, sin(pi * (0.5 - abs(x))) / sin(pi * x));
end

% The n-th derivative of digamma: recurrence, asymptotic series, reflection (DLMF 5.15).
function y = polygamma(n, x)
  if n == 0
    y = digamma(x);
    return
  end
  if x <= 0
    if x == floor(x)
      y = NaN;
    else
      slope = slope_of_cotangent(n, x - round(x));
      y = (-1) ^ n * polygamma(n, 1 - x) - pi ^ (n + 1) * slope;
    end
    return
  end
  below = gamma(n);
  total = 0;
  while x < 20 + n
    total = total + below * n / x ^ (n + 1);
    x = x + 1;
  end
  series = [1/6, -1/30, 1/42, -1/30, 5/66, -691/2730, 7/6, -3617/510];
  rising = below * n * (n + 1) / 2;
  tail = 0;
  for k = 0:7
    tail = tail + series(k + 1) * rising / x ^ (2 * k + 2);
    rising = rising * (n + 2 * k + 2) * (n + 2 * k + 3) / ((2 * k + 3) * (2 * k + 4));
  end
  y = (-1) ^ (n + 1) * (total + (below * (1 + n / (2 * x)) + tail) / x ^ n);
end
