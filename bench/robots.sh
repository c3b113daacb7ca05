#!/bin/sh
# Trains the policies for robots, and chooses their checkpoints by survival and by images of robots:
# one on images, under `real` and with delays, that leaves out the sky; one on segments, with its
# segmenter. Each policy is trained in stages; every stage is a candidate. A candidate's score is
# the share of surviving episodes on unseen maps under `real`, plus what images of robots say: the
# mean of the share on which it steers to the right side, and of its balanced accuracy. Training for
# longer can improve the first and worsen the second.
# usage: bench/robots.sh [FOLDER [LABELS]]     (build first: ./run test; two hours of two cores)
# LABELS: a table of `imprint eval --images`; ../shared/real-frames/labels.csv. Without it survival
# decides alone, and the script says so.
# SIZE=tiny in the environment tries the recipe in some minutes; its models are worth nothing.
set -eu
cd "$(dirname "$0")/.."
out=${1:-runs/robots}
labels=${2:-../shared/real-frames/labels.csv}
imprint=build/release/imprint
stages=4 epochs=8 episodes=1200 buffer=3600 steps=1500 trials=200 seg_epochs=16 seg_images=4096
if [ "${SIZE:-}" = tiny ]; then
    stages=2 epochs=1 episodes=4 buffer=8 steps=30 trials=3 seg_epochs=1 seg_images=64
fi
maps=
for map in loop_empty small_loop small_loop_cw zigzag_dists udem1_empty ETH_large_loop \
    Montreal_loop TTIC_loop robotarium1 MOOC_modcon; do
    maps="$maps --map $map"
done
expert='--pose-only --no-look-ahead --tracking-rate 1.4 --turn-rate-gain 5'
mkdir -p "$out"

# score NAME OPTION...: prints survival, right side and their sum for a candidate, in one line
score() {
    name=$1
    shift
    # shellcheck disable=SC2086  # options are kept as words
    $imprint eval --quiet --json --policy "$out/$name" "$@" $maps --split test --randomize real \
        --start-angle-deg 60 --episodes $trials --steps $steps >"$out/$name.drive.json"
    if [ -f "$labels" ]; then
        $imprint eval --quiet --json --policy "$out/$name" "$@" --images "$labels" \
            >"$out/$name.images.json"
    else
        echo '{"policies": [{"all": {"right_side": 0}, "balanced_accuracy": 0}]}' \
            >"$out/$name.images.json"
    fi
    python3 - "$name" "$out/$name.drive.json" "$out/$name.images.json" <<'PROGRAM'
import json
import sys

drive, images = (json.load(open(path))["policies"][0] for path in sys.argv[2:])
survival = drive["survived"] / drive["episodes"]
side, balanced = images["all"]["right_side"] or 0.0, images["balanced_accuracy"] or 0.0
print(
    f"{survival + (side + balanced) / 2:.4f} {sys.argv[1]} survived {survival:.3f}"
    f" right side {side:.3f} balanced accuracy {balanced:.3f}"
)
PROGRAM
}

# choose NAME: makes the best candidate of $out/NAME.scores the model NAME
choose() {
    best=$(sort -rn "$out/$1.scores" | head -n 1 | cut -d ' ' -f 2)
    cp "$out/$best/model.safetensors" "$out/$1.safetensors"
    cat "$out/$1.scores"
    echo "$out/$1.safetensors: $best"
}

[ -f "$labels" ] || echo "no $labels: survival decides alone"

# on images: each stage continues the one before, with a learning rate of its own
: >"$out/images.scores"
from=
for stage in $(seq $stages); do
    name=images-$stage
    # shellcheck disable=SC2086
    [ -d "$out/$name" ] || $imprint train --quiet --online $maps --split train --turns r \
        --network wide-residual --batch-norm --loss huber --ema-decay 0.998 --schedule cosine \
        --learning-rate 1.5e-3 $expert --speed 0.4 --start-angle-deg 75 --steps 20 \
        --replay-buffer $buffer --episodes $episodes --epochs $epochs --randomize real $from \
        --out "$out/$name"
    from="--from $out/$name"
    score "$name" >>"$out/images.scores"
done
choose images

# on segments: its segmenter, then DAgger on the masks that this one finds, errors included
# shellcheck disable=SC2086
[ -d "$out/segmenter" ] || $imprint seg-train --quiet $maps --split train --randomize real \
    --epochs $seg_epochs --images $seg_images --out "$out/segmenter"
: >"$out/segments.scores"
for stage in $(seq $stages); do
    name=segments-$stage
    # shellcheck disable=SC2086
    [ -d "$out/$name" ] || $imprint dagger --quiet --observation segments \
        --segmenter "$out/segmenter" $maps --split train --turns r $expert --speed 0.4 \
        --start-angle-deg 60 --noise 0.08 --first-episodes $trials --episodes $trials \
        --rounds "$stage" --eval-episodes 3 --eval-steps $steps --randomize real \
        --out "$out/$name"
    score "$name" --segmenter "$out/segmenter" >>"$out/segments.scores"
done
choose segments
