"""Many formulas of numbers as a few: terms of one shape are computed together.

``shapes`` finds the terms that are alike, ``derivatives`` computes each shape once for all of its
terms, and ``levels`` takes terms that are unlike, operation by operation.
"""
