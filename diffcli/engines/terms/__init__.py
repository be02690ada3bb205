"""The Function as sympy terms: the functions' meanings, partials, values and readable forms."""
