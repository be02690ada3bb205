"""What a formula does on one side of a point, by expansions that prove it.

``coefficients`` are exact numbers with balls; ``germs`` are expansions and their arithmetic;
``choices``, ``analytic`` and ``functions`` are the rows of the table on germs; ``paths`` walks a
formula.
"""
