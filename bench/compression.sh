#!/bin/bash
# compression.sh [FOLDER]: what compressed datasets save and cost: size, time to open, and the rate
# at which a training reads them. $IMPRINT is the program. Takes some minutes; best on an idle
# machine.
set -euo pipefail
imprint=${IMPRINT:-build/release/imprint}
folder=${1:-$(mktemp -d)}

[ -d "$folder/plain" ] ||
    "$imprint" log --map udem1 --map zigzag_dists --episodes 24 --steps 240 --noise 0.2 --quiet \
        --out "$folder/plain"
"$imprint" data copy "$folder/plain" --out "$folder/compressed" --force --quiet >"$folder/log"
for kind in plain compressed; do
    bytes=$(cat "$folder/$kind"/shard-*.hdf5 | wc -c)
    TIMEFORMAT='%U'
    seconds=$({ time "$imprint" data list "$folder/$kind" >"$folder/log"; } 2>&1)
    echo "$kind: $((bytes / 1000000)) MB in shards, opened in $seconds s of one processor"
done
# in turns, so that other work on the machine meets both
for turn in 1 2 3; do
    for kind in plain compressed; do
        rate=$("$imprint" train --data "$folder/$kind" --epochs 1 --quiet --force \
            --out "$folder/model" | sed 's/.*(\(.*\) samples.s).*/\1/')
        echo "turn $turn, $kind: $rate samples/s"
    done
done
