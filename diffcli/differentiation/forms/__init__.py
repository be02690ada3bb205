"""Closed forms: derivatives as formulas of tensors, a block each.

``closed``: that of each operator, made of ``blocks``; ``assumed``: of shapes that are guessed;
``assumptions``: what is said of matrices, held against points. ``agreement`` holds a closed form
against another engine, at ``random_points``: the ``enclosure`` where there are balls.
"""
