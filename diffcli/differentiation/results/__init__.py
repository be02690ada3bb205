"""What is answered at points.

``builder`` makes every result: of a point, of many (``stacked``), of more numbers than can be
checked one by one (``large``, ``by_shape``). ``analysis``: what the numbers say together.
"""
