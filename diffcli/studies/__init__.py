"""What is built on derivatives.

A study takes a Function, answers in a record of its own, and knows nothing of how that is shown:
``check``, ``critical``, ``curves``, ``descent``, ``implicit`` and ``steps`` are packages;
``taylor``, ``uncertainty``, ``holomorphic``, ``graph`` and ``profile`` a file each. ``written`` is
the formula as torch code that ``graph`` looks at.
"""
