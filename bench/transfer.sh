#!/bin/sh
# What randomised worlds are worth: trains a plain policy and a randomised one by the same recipe,
# then lets both drive on maps that neither knows, plain and randomised, and steer on the
# reference's recorded images, if these stand beside the project. The recipe: slow and gentle, by
# sight alone, on ever new images.
# Plain worlds are learned in a quarter of the time.
# usage: bench/transfer.sh [FOLDER]     (build first: ./run test; an hour of one core)
set -eu
cd "$(dirname "$0")/.."
out=${1:-runs/transfer}
imprint=build/release/imprint
named='loop_empty small_loop small_loop_cw zigzag_dists ETHZ_autolab_technical_track
    ETHZ_autolab_fast_track ETHZ_loop ETH_large_loop Montreal_loop ETH_small_loop MOOC_modcon
    robotarium1 TTIC_loop udem1_empty'
maps=
for map in $named; do
    maps="$maps --map $map"
done
expert='--pose-only --no-look-ahead --speed 0.2 --tracking-rate 1.2 --turn-rate-gain 4'
expert="$expert --max-turn-rate 2.2"

# towns NAME OPTION...: makes a folder of them, to train in
training=
towns() {
    name=$1
    shift
    [ -d "$out/$name" ] || $imprint map new --quiet "$@" --out "$out/$name"
    training="$training --map $out/$name"
}
mkdir -p "$out"
towns loops --loop --count 40 --seed 1 --size 7x7
towns town-loops --loop --count 24 --seed 2 --objects
towns random --random --count 24 --seed 3 --objects
for map in 4way udem1 loop_obstacles ETH_intersection_map Caltech_loop01 experiment_loop; do
    training="$training --map $map"
done

# learn WORDS EPOCHS
learn() {
    # shellcheck disable=SC2086  # options are kept as words
    [ -d "$out/$1" ] || $imprint train --online $maps $training --split train --turns r \
        --network wide-residual --batch-norm --loss huber --ema-decay 0.998 --schedule cosine \
        --learning-rate 1.5e-3 $expert --start-angle-deg 75 --steps 20 --replay-buffer 3600 \
        --episodes 1200 --epochs "$2" --shards 1 --randomize "$1" --out "$out/$1"
}
learn all 32
learn none 12
for words in none all delay,trim; do
    echo "unseen maps, --randomize $words"
    # shellcheck disable=SC2086
    $imprint eval --policy expert $expert --policy "$out/none" --policy "$out/all" $maps \
        --episodes 500 --steps 1500 --turns r --split test --randomize $words |
        grep '^\(expert\|[^ ]*/none\|[^ ]*/all\)  *[0-9]'
done
ninja -C build/release --quiet transfer
build/release/tests/transfer "$out/none" "$out/all" || true
