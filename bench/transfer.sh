#!/bin/sh
# What randomised worlds are worth: trains a plain policy and a randomised one by the same recipe,
# then lets both drive on maps that neither knows, plain and randomised, and steer on the
# reference's recorded pictures, if these stand beside the project.
# usage: bench/transfer.sh [FOLDER]     (build first: ./run build; some minutes of an idle machine)
set -eu
cd "$(dirname "$0")/.."
out=${1:-runs/transfer}
imprint=build/release/imprint
set --
for map in loop_empty small_loop small_loop_cw zigzag_dists ETHZ_autolab_technical_track \
    ETHZ_autolab_fast_track ETHZ_loop ETH_large_loop Montreal_loop ETH_small_loop MOOC_modcon \
    robotarium1 TTIC_loop udem1_empty; do
    set -- "$@" --map "$map"
done
for words in none all; do
    [ -d "$out/$words" ] || $imprint dagger --by-sight --speed 0.5 --tracking-rate 1.4 \
        --turning-rate 5 --start-angle-deg 75 --noise 0.08 --first-episodes 500 --episodes 250 \
        --steps 80 --rounds 2 --last-epochs 6 --average 0.999 --learning-rate 1.5e-3 "$@" \
        --split train --randomize $words --out "$out/$words"
done
for words in none all delay,trim; do
    echo "unseen maps, --randomize $words"
    $imprint eval --policy "$out/none" --policy "$out/all" --episodes 100 --steps 1500 "$@" \
        --split test --randomize $words | grep '^[^ ]*/\(none\|all\)  *[0-9]'
done
ninja -C build/release --quiet transfer
build/release/tests/transfer "$out/none" "$out/all" || true
