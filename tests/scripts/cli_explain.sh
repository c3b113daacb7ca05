#!/bin/sh
# cli_explain.sh: imprint eval --explain says why episodes failed, as a table, JSON and CSV.
# shellcheck source=tests/scripts/cli.lib
. "${SOURCE:?the checkout}/tests/scripts/cli.lib"

expect 0 imprint eval --policy pure-pursuit --policy expert --episodes 6 --steps 300 \
    --start-angle-deg 60 --explain --out eval
prints 'of pure-pursuit failed; the last chance was'
prints 'steered too far to the left'
! grep -q 'of expert failed' "$work/out" || fail "the expert's failures"
# a row for each failure: all but the survivors
rows=$(($(wc -l <eval/failures.csv) - 1))
failed=$(grep -c 'invalid pose' eval/failures.csv)
[ "$rows" -gt 0 ] || fail "no failure"
[ "$rows" -eq "$failed" ] || fail "$rows rows, $failed failures"
grep -q '"median_margin_s": 0\.' eval/metrics.json || fail "no margin in metrics.json"
grep -q '"explained": '"$rows," eval/metrics.json || fail "not $rows in metrics.json"
grep -q 'Why they failed' eval/report.html || fail "not in the report"

# the same again, over the same folder
cp eval/failures.csv before.csv
expect 0 imprint eval --policy pure-pursuit --policy expert --episodes 6 --steps 300 \
    --start-angle-deg 60 --explain --out eval --force
cmp eval/failures.csv before.csv || fail "failures.csv differs"

# drives of the first episodes only
expect 0 imprint eval --policy pure-pursuit --episodes 6 --steps 300 --start-angle-deg 60 \
    --explain --plot-episodes 1
prints 'explained, see --plot-episodes)'

expect 2 imprint eval --policy expert --explain --protocol aido-lf
says '--explain: --protocol aido-lf has its own'
