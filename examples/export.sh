#!/bin/sh
# Formulas as code that runs without diffcli, tried before it is shown.
set -e

# The value and the gradient, in plain Python.
diffcli export "u^3 + v^2 + 4uv"

# In torch, with the Hessian; no branch that isn't taken spoils a gradient.
diffcli export "where(x > 0, sqrt(x)*sin(y), x^2*y)" --to torch --kinds value,grad,hessian

# In C, to a file; -v says how it was tried.
diffcli export "softplus(x - y)*atan2(y, x)" --to c --name energy -v -o energy.c

# In numpy with scipy's special functions, only the derivative in x.
diffcli export "x*besselj(2, x*k)" --to numpy --kinds grad --wrt x

# As equations.
diffcli export "x^2*sin(y)" --to latex --kinds value,grad,hessian
