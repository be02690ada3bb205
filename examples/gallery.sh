#!/bin/sh
# Plots of every kind; docs/gallery.md shows what each draws.
set -e

# A wave and its derivative; the range is two periods.
diffcli plot "sin(x)" -o sine.png

# Poles are found, and broken at; a dashed line stands at each.
diffcli plot "tan(x)" -o tan.png

# A pole doesn't flatten the rest.
diffcli plot "1/x" -o pole.png

# Jumps: a dot where the value is, a ring where it isn't.
diffcli plot "floor(x)" --range=-3:3 -o floor.png

# Kinks: the function keeps its corners, the derivative has open ends.
diffcli plot "|x^2 - 4|" --range=-4:4 --mark extrema,kinks -o kinks.png

# The domain has an edge; the derivative is endless there.
diffcli plot "sqrt(x)" -o root.png

# A pole at 0 and at every negative integer.
diffcli plot "gamma(x)" --range=-4.5:4.5 -o gamma.png

# The wildest function that still has a limit.
diffcli plot "x*sin(1/x)" --range=-0.5:0.5 --orders 0 -o wild.png

# Two derivatives, a tangent, and the area below.
diffcli plot "exp(-x^2)" --range=-3:3 --orders 0,1,2 --tangent 1 --fill -o bell.png

# Zeros, extrema and inflections, to the last digits.
diffcli plot "x^5 - 5x^3 + 4x" --range=-2.3:2.3 --y-range=-8:8 --mark zeros,extrema,inflections -o quintic.png

# The point that is missing has a ring.
diffcli plot "sin(x)/x" --range=-15:15 -o hole.png

# A function and its Taylor polynomials, in its own frame.
diffcli taylor "sin(x)" --order 5 -q -o taylor.png

# Growth, by its logarithm.
diffcli plot "2^x" "x^2" "x!" --range 0.5:8 --orders 0 --log y -o growth.png

# Rosenbrock's valley: contours, the gradient as arrows, the minimum.
diffcli plot "(1-x)^2 + 10(y-x^2)^2" --range x=-2:2,y=-1:3 -o rosenbrock.png

# Every critical point, in the dark.
diffcli plot "sin(x)*cos(y)" --style diffcli-dark -o waves.png

# A saddle as a surface.
diffcli plot "x^2 - y^2" --range x=-2:2,y=-2:2 --kind surface -o saddle.png

# A curve in the plane, with arrows along its tangents.
diffcli plot "[t cos t, t sin t]" -o spiral.png

# A derivative of another size has an axis of its own.
diffcli plot "sin(40x)" --range=-0.5:0.5 -o twin.png

# Panels one above the other.
diffcli plot "x^3 - 3x" --orders 0,1,2 --layout stacked --mark extrema,inflections -o stacked.png

# Logarithmic axes: a straight line is a power.
diffcli plot "1/(1 + x^2)" --log xy --orders 0 --tangent 1 -o decay.png

# A family: a line for each value of a parameter.
diffcli plot "x^a*exp(-x)" --family a=1,2,3,4 --range 0:10 --orders 0 -o family.png

# The curve of an equation: every branch is proved, and where its tangents are level or upright.
diffcli plot "x^3 + y^3 = 3x*y" --range x=-3:3,y=-3:3 --mark horizontal,vertical,crossings -o folium.png

# An elliptic curve with an oval, and one with an isolated point.
diffcli plot "y^2 = x^3 - x" "y^2 = x^2*(x - 2)" --range x=-2:4,y=-4:4 --mark isolated -o elliptic.png

# Where conditions hold; a dashed edge is no part of the region.
diffcli plot "x^2 + y^2 < 9 and y >= sin(2x)" -o region.png

# Equations that no formula solves.
diffcli plot "sin(x^2 + y^2) = cos(x*y)" --range x=-5:5,y=-4:4 -o ripples.png

# A polar curve with its tangent, the speed and the curvature there.
diffcli plot "r = 1 + cos(theta)" --tangent pi/3,pi/2 -o cardioid.png

# An equation of r and theta: Bernoulli's lemniscate.
diffcli plot "r^2 = cos(2theta)" -o lemniscate.png

# A curve in space.
diffcli plot "[cos t, sin t, t/4]" --range 0:4pi -o helix.png

# A vector field as stream lines: a pendulum with friction.
diffcli plot "[y, -sin(x) - y/4]" --range x=-2pi:2pi,y=-4:4 --kind stream -o pendulum.png

# The path of a descent over the contours.
diffcli descend "(1-x)^2 + 10(y-x^2)^2" --from=-1.2,1 --lr 0.01 --steps 300 -q -o descent.png

# A Hessian as a heat map.
diffcli hessian "x^2*y + y^3 + sin(x*z)" --at 1,2,3 -o hessian.png

# A live page: pan, zoom, a crosshair with the tangent, a slider; it computes by itself, offline.
diffcli plot "a*sin(x)*exp(-x/5)" --range=-2:12 --slider a=0:2 -o wave.html

# A live page of a surface: it turns, and a click shows the tangent plane.
diffcli plot "sin(x)*cos(a*y)" --range x=-3:3,y=-3:3 --slider a=0:2 -o eggs.html

# Without a picture, in the terminal.
diffcli plot "x^5 - 5x^3 + 4x" --range=-2.2:2.2 --orders 0 --mark zeros,extrema --term
