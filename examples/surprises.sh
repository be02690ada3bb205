#!/bin/sh
# Where automatic differentiation, computer algebra and finite differences agree and are wrong.

diffcli grad "abs(x)" --at 0            # autograd says 0; there is no derivative
diffcli grad "max(x, x^2)" --at 1       # autograd says 1.5
diffcli grad "relu(x) - relu(-x)" --at 0  # autograd says 0; it is x, so 1
diffcli grad "x*sqrt(x)" --at 0         # autograd says nan; 0, from the right
diffcli grad "x/x" --at 0               # sympy says 0; the formula has no value there
diffcli grad "(1-cos(x))/x^2" --at 1e-6 # autograd keeps no digit
diffcli grad "abs(x-0.1)" --at 0.1      # the float nearest to 0.1 hides the kink
exit 0
