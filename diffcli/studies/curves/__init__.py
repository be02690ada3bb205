"""A function of one or two variables as it is drawn: samples, breaks, features.

``breaks``, ``holes`` and ``viewing`` serve ``sampling``, which draws any function of one number;
``line`` gives it a Function's values, ``plane`` those over a plane, ``iterated`` those of both that
would take mpmath too long, and ``features`` finds what is of note on the line.
"""
