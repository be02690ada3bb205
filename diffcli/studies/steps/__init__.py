"""The differentiation written out, rule by rule.

``fits`` says what a rule is; ``calls`` and ``leibniz`` are rules of their own, ``rules`` all of
them in order. ``teacher`` applies them, ``differentiation`` proves what comes out, and ``implicit``
does both for an equation.
"""
