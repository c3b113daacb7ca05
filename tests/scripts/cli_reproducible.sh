#!/bin/sh
# cli_reproducible.sh: the same work done from two folders, with other paths to copies of the same
# files and at another time, gives the same bytes, and a finished dataset can be made longer.
# shellcheck disable=SC2086  # commands are kept as words
# shellcheck source=tests/scripts/cli.lib
. "${SOURCE:?the checkout}/tests/scripts/cli.lib"

mkdir -p one/files two/deep/elsewhere
cp "$SOURCE/maps/loop_empty.yaml" one/files/town.yaml
echo '{"camera_angle": {"type": "uniform", "low": 0.9, "high": 1.1}}' >one/files/drawn.json
cat >one/files/net.yaml <<'END'
name: tiny
layers:
  - {name: flat, kind: flatten}
  - {name: action, kind: dense, channels: outputs}
END
cp one/files/* two/deep/elsewhere
mv two/deep/elsewhere/drawn.json two/deep/elsewhere/other-name.json

# work FILES DRAWN RESULTS: all commands, with paths to what they read and to where they write
work() {
    files=$1 drawn=$2 to=$3
    small="--size 20x15 --map $files/town.yaml"
    net="--network $files/net.yaml --no-tensorboard"
    expect 0 imprint log $small --distributions $drawn --episodes 4 --steps 20 --out $to/data
    expect 0 imprint train --data $to/data $net --epochs 2 --out $to/model
    expect 0 imprint train --data $to/data:0.5 $net --from $to/model --epochs 1 --out $to/next
    expect 0 imprint log $small --policy $to/model --episodes 2 --steps 20 --out $to/driven
    expect 0 imprint train --online $small --distributions $drawn $net --steps 10 \
        --replay-buffer 4 --episodes 2 --epochs 2 --out $to/online
    expect 0 imprint seg-train --size 40x32 --map $files/town.yaml --split all --images 16 \
        --validation-images 4 --batch 8 --epochs 1 --no-tensorboard --out $to/segmenter
    expect 0 imprint eval --policy expert --policy $to/model --policy $to/next/last.safetensors \
        $small --episodes 2 --steps 20 --out $to/eval
    expect 0 imprint eval --policy $to/model --protocol aido-lf --episodes 1 --out $to/contest
    expect 0 imprint sweep --seeds 2 $small --episodes 2 --steps 20 --out $to/sweep -- \
        --data $to/data $net --epochs 1
    expect 0 imprint dagger $small --network $files/net.yaml --rounds 1 --episodes 2 --steps 20 \
        --epochs 1 --eval-episodes 1 --eval-steps 20 --out $to/rounds
}
cd one
work files files/drawn.json .
cd ../two/deep
work "$work/two/deep/elsewhere/" ../deep/elsewhere/other-name.json ../results
cd "$work"

# every file but those that say what was typed
found=0
(cd one && find . -type f ! -path './files/*' ! -name settings.yaml ! -name '*.html' \
    ! -name '*.png') | sort >list
while read -r file; do
    cmp "one/$file" "two/results/$file" || fail "$file depends on paths or on time"
    found=$((found + 1))
done <list
[ $found -gt 60 ] || fail "only $found files were compared"
for name in one/model/model.safetensors one/data/main_data.hdf5 one/sweep/sweep.json \
    one/eval/metrics.json one/contest/metrics.json one/online/model.safetensors; do
    ! grep -qaE 'seconds|town\.yaml|drawn\.json|net\.yaml|/tmp|\./' $name ||
        fail "$name tells a path or a time"
done
# what it was trained on is still told
expect 0 imprint data info --json one/data
hash=$(sed -n 's/.*"hash": *"\([0-9a-f]*\)".*/\1/p' "$work/out")
[ -n "$hash" ] || fail "no hash: $(cat "$work/out")"
expect 0 imprint model show one/next
prints "dataset $hash:0.5"
prints "$hash"
# other contents under the same path are other settings
cd one
sed 's/0.9/0.8/' files/drawn.json >files/new && mv files/new files/drawn.json
expect 2 imprint log --out data --resume
says 'other settings'
cd "$work"

# longer: with the bytes of a dataset that had so many episodes from the start
log='imprint log --steps 30 --size 20x15'
expect 0 $log --episodes 50 --out whole
expect 0 $log --episodes 10 --out longer
cp -rp longer kept
expect 0 imprint log --out longer --resume --episodes 50
prints '40 episodes'
same_folders whole longer
expect 2 imprint log --out longer --resume --episodes 49
says 'has 50 episodes already'
same_folders whole longer
for episodes in 11 16 33 50; do
    expect 0 imprint log --out kept --resume --episodes $episodes
done
same_folders whole kept
# killed meanwhile
expect 0 $log --episodes 10 --out longer --force
start imprint log --out longer --resume --episodes 50 -q
until [ -e longer/shard-00001.hdf5 ] || ! runs; do sleep 0.01; done
stop KILL '0 137'
expect 0 imprint log --out longer --resume
same_folders whole longer
