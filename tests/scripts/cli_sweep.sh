#!/bin/sh
# cli_sweep.sh: seeds are trained and evaluated as alone, kept when resumed, and judged.
# shellcheck source=tests/scripts/cli.lib
. "${SOURCE:?the checkout}/tests/scripts/cli.lib"

expect 0 imprint log --episodes 6 --steps 40 --size 40x30 --out data
sweep() {
    wanted=$1
    shift
    expect "$wanted" imprint sweep --episodes 6 --steps 30 "$@" -- --data data --epochs 2 \
        --no-tensorboard
}
sweep 0 --seeds 2 --out sweep
prints 'expert'
prints '+-'
sweep 4 --seeds 2 --out sweep
says 'continue it with --resume'

# a third one is added, the first two stay as they are
touch -d '2001-01-01' sweep/seed-1/model.safetensors sweep/seed-1/evaluation.json
before=$(stat -c %Y sweep/seed-1/model.safetensors sweep/seed-1/evaluation.json)
sweep 0 --seeds 3 --out sweep --resume --json
[ "$before" = "$(stat -c %Y sweep/seed-1/model.safetensors sweep/seed-1/evaluation.json)" ] ||
    fail "a finished seed was done again"
[ "$(grep -c '"seed":' sweep/sweep.json)" -eq 3 ] || fail "not three seeds"

# the same as in one go, and as by the commands
sweep 0 --seeds 3 --out whole --threads 1
for seed in 1 2 3; do
    same_folders sweep/seed-$seed whole/seed-$seed model.safetensors history.csv
done
expect 0 imprint train --data data --epochs 2 --no-tensorboard --seed 2 --out alone
same_folders alone sweep/seed-2 model.safetensors history.csv

# another evaluation is done anew, on the networks that are there
expect 0 imprint sweep --seeds 1 --episodes 4 --steps 10 --resume --out sweep -- --data data \
    --epochs 2 --no-tensorboard
# what was trained otherwise is not mixed in
expect 3 imprint sweep --seeds 1 --episodes 6 --steps 30 --resume --out sweep -- --data data \
    --epochs 2 --no-tensorboard --validation 0.5
says 'other settings'

sweep 1 --seeds 1 --out judged --require-lane-distance 0.0001
says 'the mean |lane distance|'
sweep 1 --seeds 1 --out judged --resume --require-completed 1.1
says 'were completed'
sweep 1 --seeds 1 --out judged --resume --require-progress 10
says "of the expert's, 10 is required"
expect 2 imprint sweep --seeds 0 --out other -- --data data
expect 2 imprint sweep --seeds 1 --out other -- --data data --seed 4
says 'a sweep sets it itself'
expect 2 imprint sweep --out other -- --no-such
expect 3 imprint sweep --seeds 1 --episodes 1 --steps 5 --out other -- --data nowhere
