#!/bin/sh
# Every row of a file, and requests line by line; docs/batch.md tells more.
set -e
cd "$(dirname "$0")/../docs/data"

# A csv comes back with the value and the gradient of each row.
diffcli batch "x^2*ln(x)*y" --points points.csv

# One kind of file becomes another; what was done, as JSON.
diffcli batch "x^2*ln(x)*y" --points points.csv --kinds value,grad,hessian -o /tmp/g.jsonl --json

# The loss of each row by a parameter that all rows share.
diffcli batch "(k*x - y)^2" --points points.csv --at k=1.2 --wrt k --name loss --keep id

# Several formulas: their Jacobian.
diffcli batch "x*y" "x + y^2" --points points.csv --format jsonl

# Requests, each answered in its line.
printf '%s\n' '{"id": 1, "expression": "x^2", "at": {"x": 3}}' | diffcli batch -
