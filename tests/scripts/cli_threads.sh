#!/bin/sh
# cli_threads.sh: whatever works on several threads gives the same bytes with four as with one, in
# small runs of all of it. The thread sanitizer looks at this test.
# shellcheck disable=SC2086  # commands are kept as words
# shellcheck source=tests/scripts/cli.lib
. "${SOURCE:?the checkout}/tests/scripts/cli.lib"

# both OUT COMMAND...: with one thread into OUT-1, with four into OUT-4
both() {
    out=$1
    shift
    for threads in 1 4; do
        expect 0 "$@" --threads $threads --out "$out-$threads"
    done
}
# same OUT FILE...: these files do not hang on the number of threads; without names, all files
same() {
    out=$1
    shift
    same_folders "$out-1" "$out-4" "$@"
}

both data imprint log --episodes 6 --steps 10 --size 40x32 --randomize all --noise 0.1
same data main_data.hdf5 shard-00000.hdf5
both segments imprint log --episodes 4 --steps 8 --size 40x32 --observation segments
same segments shard-00000.hdf5
models='model.safetensors last.safetensors history.csv'
both model imprint train --data data-1 --network small --augment all --epochs 2 --no-tensorboard
same model $models
both online imprint train --online --network small --size 40x32 --steps 8 --replay-buffer 4 \
    --episodes 2 --epochs 2 --no-tensorboard
same online $models
both dagger imprint dagger --network small --size 40x32 --rounds 1 --first-episodes 4 --episodes 3 \
    --steps 8 --epochs 1 --eval-episodes 3 --eval-steps 8 --hardest-of 2
same dagger rounds.csv model-001/model.safetensors
both segmenter imprint seg-train --map loop_empty --split all --size 40x32 --epochs 1 \
    --images 16 --validation-images 4
same segmenter $models
both report imprint eval --policy expert --policy model-1 --episodes 4 --steps 8
same report episodes.csv worst-1-1.csv trajectories.png

# the agent decides on a thread of its own
golden=$SOURCE/tests/fixtures/golden/aido-node
expect 0 imprint agent --model model-1 --data-in "$golden/whole-run.in.cbor" --data-out answers
[ -s answers ] || fail "no answers"
