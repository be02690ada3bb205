#!/bin/sh
# From y = 3x² to partial derivatives: what tutorials on derivatives in PyTorch do by hand.
set -e

# A derivative at a point: 18.
diffcli grad "3x^2" --at 3

# A function of two variables, and one of its partials alone.
diffcli grad "u^3 + v^2 + 4uv" --at u=3,v=4
diffcli grad "u^3 + v^2 + 4uv" --at u=3,v=4 --wrt v

# The derivative at many points: one vectorised pass.
diffcli grad "x^2" --at "x=linspace(-20,20,20)"

# Named steps, as a program would compute them.
diffcli grad "b = sin(a); c = 2b; d = c + 1; d" --at "a=linspace(0,2pi,25)" --format csv

# A function against its derivative.
diffcli plot "sin(x)" --range 0:10 -o sin.png
