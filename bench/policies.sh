#!/bin/sh
# What data is worth. `loop`: behaviour cloning of a perfect driver, and DAgger, beside the experts
# themselves, on loop_empty: 100 random starts up to 60 degrees off the lane, 1500 steps each, and
# the baseline's own protocol, 10 starts of 65 steps. `roads`: one policy for all roads, trained on
# towns that nobody drew, on built-in maps for training and on roads that end, and driven on ten
# maps that it has never seen, 1000 such starts; then AI-DO's lane following, with a policy that was
# trained by its clock.
# usage: bench/policies.sh [loop|roads] [SEED...]     (build first: ./run build)
# shellcheck disable=SC2086  # options are kept as words
set -eu
cd "$(dirname "$0")/.."
program=${IMPRINT:-build/release/imprint}
work=$(mktemp -d)
trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT
part=${1:-loop}
[ $# -eq 0 ] || shift
dagger='--network one-residual-actions --start-angle-deg 60 --noise 0.08 --learning-rate 1.5e-3'

# measure NAME POLICY [OPTION...]: a row of the loop's table
measure() {
    name=$1 policy=$2
    shift 2
    short=$($program eval --quiet --policy "$policy" "$@" |
        sed -n 's/^.*total reward: \([^,]*\),.*/\1/p')
    $program eval --quiet --policy "$policy" "$@" --episodes 100 --steps 1500 --start-angle-deg 60 |
        awk -v name="$name" -v policy="$policy" -v short="$short" '$1 == policy && $2 ~ "/" {
            printf "| %s | %s | %.2f cm | %.2f m | %.3f m/s | %.1f |\n",
                name, $2, $4, $8, $10, short; exit }'
}

loop() {
    echo '| policy | survived | lane distance | distance | speed | total of 10 x 65 |'
    echo '|---|---|---|---|---|---|'
    measure "reference's teacher" reference
    measure 'our expert' expert
    for seed in "$@"; do
        $program log --quiet --out "$work/clone-data-$seed" --seed "$seed" >"$work/log"
        $program train --quiet --data "$work/clone-data-$seed" --seed "$seed" \
            --out "$work/clone-$seed" >"$work/log"
        measure "plain behaviour cloning, seed $seed" "$work/clone-$seed"
        $program dagger --quiet $dagger --first-episodes 150 --episodes 100 --rounds 3 \
            --eval-episodes 20 --eval-steps 300 --train-seed "$seed" \
            --out "$work/dagger-$seed" >"$work/log"
        measure "DAgger, seed $seed" "$work/dagger-$seed"
    done
}

# options that name the roads to learn from
training_roads() {
    $program map new --quiet --loop --count 40 --seed 1 --size 7x7 --out "$work/loops" >"$work/log"
    $program map new --quiet --loop --count 24 --seed 2 --objects --out "$work/town-loops" \
        >"$work/log"
    $program map new --quiet --random --count 24 --seed 3 --objects --out "$work/random" \
        >"$work/log"
    $program map new --quiet --grid --count 8 --seed 4 --out "$work/grid" >"$work/log"
    for map in loops town-loops random grid; do
        printf -- '--map %s ' "$work/$map"
    done
    for map in Caltech_loop01 ETHZ_autolab_fast_track ETH_large_loop ETH_small_loop \
        ETH_small_loop_1 ETH_small_loop_3 ETU_autolab_track MOOC_modcon Montreal_loop \
        TTIC_large_loop TTIC_loop experiment_loop small_loop small_loop_bordered small_loop_cw \
        ETH_intersection_map TTIC_ripltown udem1 udem1_empty 4way robotarium2; do
        printf -- '--map %s ' "$map"
    done
    for _ in 1 2 3 4 5 6 7 8 9 10; do
        printf -- '--map bench/maps/cul_de_sacs.yaml '
    done
}

roads() {
    roads=$(training_roads)
    unseen=
    for map in ETHZ_autolab_technical_track_bordered ETHZ_loop_bordered ETH_small_loop_2_bordered \
        zigzag_dists_bordered loop_empty straight_road straight_road_down ETH_large_intersect \
        ETH_small_intersect robotarium1; do
        unseen="$unseen --map $map"
    done
    recipe="$dagger $roads --split train --turns r --first-episodes 250 --episodes 150 --rounds 5
        --epochs 2 --last-epochs 8 --eval-episodes 40 --eval-steps 400"
    for seed in "$@"; do
        echo "one policy for all, seed $seed"
        $program dagger --quiet $recipe --train-seed "$seed" --out "$work/all-$seed" >"$work/log"
        $program eval --quiet --policy "$work/all-$seed" --policy expert --turns r $unseen \
            --episodes 1000 --steps 1500 --start-angle-deg 60
        echo "AI-DO's lane following, seed $seed"
        $program dagger --quiet $recipe --clock challenge --train-seed "$seed" \
            --out "$work/aido-$seed" >"$work/log"
        $program eval --quiet --protocol aido-lf --policy expert --policy "$work/aido-$seed"
    done
}

case $part in
loop) loop "${@:-1}" ;;
roads) roads "${@:-1}" ;;
*)
    echo "usage: bench/policies.sh [loop|roads] [SEED...]" >&2
    exit 2
    ;;
esac
