#!/bin/sh
# A dataset that is cut short while it is read ends the program with a message, not with a signal.
# shellcheck source=tests/scripts/cli.lib
. "${SOURCE:?the checkout}/tests/scripts/cli.lib"

expect 0 imprint log --episodes 3 --steps 8 --size 40x30 --out data
chmod -R u+w data
imprint train --data data --network small --epochs 100000 --batch 8 --out model --threads 1 \
    --quiet 2>messages &
process=$!
for _ in $(seq 200); do
    [ ! -s model/history.csv ] || break
    sleep 0.05
done
[ -s model/history.csv ] || fail "training did not begin"
: >data/shard-00000.hdf5
code=0
wait $process || code=$?
[ $code -eq 4 ] || fail "exit code $code, wanted 4: $(cat messages)"
grep -q 'was truncated' messages || fail "no word of the file: $(cat messages)"
expect 0 imprint model show model
