"""Many formulas of numbers as a few: terms of one shape are computed together."""
