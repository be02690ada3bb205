"""A derivative held against a claim, or against every engine."""
