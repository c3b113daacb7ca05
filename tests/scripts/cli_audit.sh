#!/bin/sh
# cli_audit.sh: imprint audit says that a command is missing where it is, that it helps where it is
# given, and that an expert who drives badly does; its report has all parts.
# shellcheck source=tests/scripts/cli.lib
. "${SOURCE:?the checkout}/tests/scripts/cli.lib"

record() {
    expect 0 imprint log --map 4way_bordered --episodes 30 --steps 150 --noise 0.05 \
        --no-look-ahead -q "$@"
}

record --out turns
record --commands random --out told
expect 0 imprint log --pose-only --episodes 12 --steps 150 --start-angle-deg 30 -q --out wild

expect 0 imprint audit turns --frames 3000 --queries 600 --out report
prints 'At intersections the steering spreads by'
prints 'written: report/report.html'
for file in report.html audit.json map.svg alike.png; do
    [ -s "report/$file" ] || fail "no report/$file"
done
grep -q 'Alike, and driven differently' report/report.html || fail 'no pairs in the report'
grep -q 'spread of steering' report/map.svg || fail 'no scale on the map'

# results do not depend on threads, and a finished report is replaced by --force alone
expect 0 imprint audit turns --frames 3000 --queries 600 -j 1 --json
cp out one.json
expect 0 imprint audit turns --frames 3000 --queries 600 -j 3 --json
cmp -s out one.json || fail 'three threads give other numbers than one'
expect 4 imprint audit turns --out report
expect 0 imprint audit turns --frames 3000 --queries 600 --out report --force

expect 0 imprint audit told --frames 3000 --queries 600
prints '  image, command '
expect 0 imprint audit turns told --frames 3000 --queries 600

expect 0 imprint audit wild --frames 2000 --queries 400
prints 'the driving itself is bad'

# what cannot be audited
expect 2 imprint audit
says 'give a dataset'
expect 2 imprint audit turns --frames 10
says 'is not within 1000 to'
expect 0 imprint log --episodes 3 --steps 30 -q --out few
expect 3 imprint audit few
says '3 of 3 episodes can be compared'
expect 3 imprint audit nowhere
