"""Autograd's numbers and the points that they are of.

``positions``: the points, element by element; ``evaluation``: autograd's numbers in the way that
suits their count, of many points by ``columns``, of long vectors by ``vectors``; ``arrays``: the
numbers, their checks, and what stands once they are checked.
"""
