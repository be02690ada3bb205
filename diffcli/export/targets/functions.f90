! The remainder with the divisor's sign, of C's exact remainder.
pure real(dp) function remainder_of(a, b)
    real(dp), intent(in) :: a, b
    remainder_of = c_fmod(a, b)
    if (remainder_of /= 0 .and. ((remainder_of < 0) .neqv. (b < 0))) remainder_of = remainder_of + b
end function

! The lesser of two numbers, or nan if one is.
pure real(dp) function least(a, b)
    real(dp), intent(in) :: a, b
    least = merge(a, b, a < b .or. ieee_is_nan(a))
end function

! The greater of two numbers, or nan if one is.
pure real(dp) function greatest(a, b)
    real(dp), intent(in) :: a, b
    greatest = merge(a, b, a > b .or. ieee_is_nan(a))
end function

! A sum of Chebyshev polynomials at t in [-1, 1], by Clenshaw's recurrence.
pure real(dp) function chebyshev_sum(coefficients, t)
    real(dp), intent(in) :: coefficients(0:), t
    real(dp) :: b, c, next
    integer :: k
    b = 0
    c = 0
    do k = size(coefficients) - 1, 1, -1
        next = 2*t*b - c + coefficients(k)
        c = b
        b = next
    end do
    chebyshev_sum = t*b - c + coefficients(0)
end function

! A polynomial, by Horner's rule.
pure real(dp) function polynomial_at(coefficients, x)
    real(dp), intent(in) :: coefficients(:), x
    integer :: k
    polynomial_at = 0
    do k = size(coefficients), 1, -1
        polynomial_at = polynomial_at*x + coefficients(k)
    end do
end function

! The derivative of log(gamma(x)).
pure recursive function digamma(x) result(total)
    real(dp), intent(in) :: x
    real(dp) :: total, y
    real(dp), parameter :: root = 1.4616321449683622_dp, rest = 9.549995429965697e-17_dp
    real(dp), parameter :: series(8) = [1.0_dp/12, -1.0_dp/120, 1.0_dp/252, -1.0_dp/240, &
        1.0_dp/132, -691.0_dp/32760, 1.0_dp/12, -3617.0_dp/8160]
    if (x <= 0) then
        if (x == c_floor(x)) then
            total = ieee_value(x, ieee_quiet_nan)
        else
            total = digamma(1 - x) - pi/tan(pi*(x - c_rint(x)))
        end if
    else if (x >= 10) then
        total = log(x) - 0.5_dp/x - polynomial_at(series, 1/(x*x))/(x*x)
    else
        total = 0
        y = x
        do while (y >= 2)
            y = y - 1
            total = total + 1/y
        end do
        if (y < 1) then
            total = total - 1/y
            y = y + 1
        end if
        total = (y - root - rest)*chebyshev_sum(digamma_series, 2*y - 3) + total
    end if
end function

! The n-th derivative of the cotangent at pi*x, a polynomial in it.
pure real(dp) function slope_of_cotangent(n, x)
    integer, intent(in) :: n
    real(dp), intent(in) :: x
    real(dp) :: coefficients(0:n + 1), next(0:n + 1)
    integer :: i, k
    coefficients = 0
    coefficients(1) = 1
    do k = 1, n
        next = 0
        do i = 1, k
            next(i - 1) = next(i - 1) - i*coefficients(i)
            next(i + 1) = next(i + 1) - i*coefficients(i)
        end do
        coefficients = next
    end do
    slope_of_cotangent = polynomial_at(coefficients, sin(pi*(0.5_dp - abs(x)))/sin(pi*x))
end function

! The derivative of digamma of a whole order: recurrence, asymptotic series, reflection
! (DLMF 5.15).
pure recursive function polygamma(order, x) result(total)
    real(dp), intent(in) :: order, x
    real(dp) :: total, y, product_below, rising, tail
    real(dp), parameter :: series(8) = [1.0_dp/6, -1.0_dp/30, 1.0_dp/42, -1.0_dp/30, 5.0_dp/66, &
        -691.0_dp/2730, 7.0_dp/6, -3617.0_dp/510]
    integer :: n, k
    n = nint(order)
    if (n == 0) then
        total = digamma(x)
    else if (x <= 0) then
        if (x == c_floor(x)) then
            total = ieee_value(x, ieee_quiet_nan)
        else
            total = (-1)**n*polygamma(order, 1 - x) &
                - pi**(n + 1)*slope_of_cotangent(n, x - c_rint(x))
        end if
    else
        product_below = gamma(order)
        total = 0
        y = x
        do while (y < 20 + n)
            total = total + product_below*n/y**(n + 1)
            y = y + 1
        end do
        rising = product_below*n*(n + 1)/2
        tail = 0
        do k = 0, 7
            tail = tail + series(k + 1)*rising/y**(2*k + 2)
            rising = rising*(n + 2*k + 2)*(n + 2*k + 3)/((2*k + 3)*(2*k + 4))
        end do
        total = total + (product_below*(1 + order/(2*y)) + tail)/y**n
        if (mod(n, 2) == 0) total = -total
    end if
end function
