#!/bin/sh
# check_results.sh: the tables of docs/results.md are those that bench/report.py makes of the
# recorded runs, and a command measures every figure of README's table.
set -eu
command -v python3 >/dev/null || { echo "skipped: no python3"; exit 77; }
exec python3 "${SOURCE:?the checkout}/bench/report.py" --check
