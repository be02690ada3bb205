"""The differentiation written out, rule by rule."""
