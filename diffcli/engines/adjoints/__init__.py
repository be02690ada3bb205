"""The gradient of a formula of tensors as a formula of tensors.

``rules`` holds what an operation hands to its arguments, ``reverse`` sweeps over a formula whose
shapes are known, and ``assumed`` asks it where nobody gave them.
"""
