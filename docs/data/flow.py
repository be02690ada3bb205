"""A loop and a choice, which no formula tells."""


def f(a):
    """Double a number until it is large; what is negative, a hundred times more."""
    b = a * 2
    while b.norm() < 1000:
        b = b * 2
    return b if b.sum() > 0 else 100 * b
