"""Where equations and conditions in two variables hold, proved cell by cell.

``reading`` makes equations and regions of a Function, ``components`` factors an equation,
``grid`` has the cells and ``cells`` decides which of them a curve meets. ``branches`` joins points
on the cells' edges into lines, ``systems`` solves two equations, ``notable`` finds the tangents
and singular points, ``ranges`` the plane that shows them, ``plane_view`` puts them together.
"""
