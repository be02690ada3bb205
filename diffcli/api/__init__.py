"""The Python API: a formula as an object, and what one does with it.

``function`` is the formula, ``derivatives`` its operators as methods, ``many`` the same at many
points, ``results`` what they give back, ``values`` Python's numbers ↔ the language's.

>>> import diffcli
>>> rosenbrock = diffcli.parse("(1 - x)^2 + 100(y - x^2)^2")
>>> slope = rosenbrock.grad(x=2, y=3)
>>> slope["x"], slope["y"], slope.verdict.value
(802.0, -200.0, 'certified')
"""
