"""Prove the claims of a certificate again, with nothing of diffcli.

``python -m diffcli_certificate FILE`` reads a formula as a list of operations, exact points, and
claims about the formula there; it proves each with mpmath's intervals and Python's fractions, or
rejects it. ``reals`` are numbers known exactly or within an interval, ``series`` power series of
them, which carry the derivatives, ``graph`` the formula on either, ``claims`` the proofs.
"""
