#!/bin/sh
# What data is worth.
#   loop  behaviour cloning of a perfect driver, and DAgger, beside the experts themselves, on
#         loop_empty: 100 random starts up to 60 degrees off the lane, 1500 steps each, and the
#         baseline's own protocol, 10 starts of 65 steps.
#   roads one policy for all roads, trained on generated maps, built-in maps of the training split
#         and on roads that end, and driven on ten maps that it has never seen, 1000 such starts.
#   aido  policies by AI-DO's clock and lanes: lf, trained on LF's four maps, lfi, for crossings,
#         lfp, for duckies, and lfv, for cars on the road, in 100 episodes each.
# usage: bench/policies.sh [loop|roads|aido|lf|lfi|lfp|lfv] [SEED...]   (build first: ./run build)
# shellcheck disable=SC2086  # options are kept as words
set -eu
cd "$(dirname "$0")/.."
program=${IMPRINT:-build/release/imprint}
work=$(mktemp -d)
trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT
part=${1:-loop}
[ $# -eq 0 ] || shift
dagger='--start-angle-deg 60 --noise 0.08 --no-look-ahead'

# measure NAME POLICY [OPTION...]: a row of the loop's table
measure() {
    name=$1 policy=$2
    shift 2
    short=$($program eval --quiet --policy "$policy" "$@" |
        sed -n 's/^.*total reward: \([^,]*\),.*/\1/p')
    $program eval --quiet --policy "$policy" "$@" --episodes 100 --steps 1500 --start-angle-deg 60 |
        awk -v name="$name" -v short="$short" '$2 ~ "^[0-9]+/" && $4 == "%" {
            printf "| %s | %s | %.1f %% | %.2f cm | %.2f m | %.3f m/s | %.1f |\n",
                name, $2, $3, $5, $7, $9, short; exit }'
}

loop() {
    echo '| policy | completed | progress | lane distance | distance | speed | total of 10 x 65 |'
    echo '|---|---|---|---|---|---|---|'
    measure "pure pursuit of gym-duckietown" reference
    measure 'our expert' expert
    for seed in "$@"; do
        $program log --quiet --out "$work/clone-data-$seed" --seed "$seed" >"$work/log"
        $program train --quiet --data "$work/clone-data-$seed" --seed "$seed" \
            --out "$work/clone-$seed" >"$work/log"
        measure "plain behaviour cloning, seed $seed" "$work/clone-$seed"
        $program dagger --quiet $dagger --network one-residual-actions \
            --tracking-rate 2.4 --turn-rate-gain 8 \
            --first-episodes 180 --episodes 120 --rounds 3 --eval-episodes 50 --eval-steps 150 \
            --train-seed "$seed" --out "$work/dagger-$seed" >"$work/log"
        measure "DAgger, seed $seed" "$work/dagger-$seed"
    done
}

# towns NAME OPTION...: makes a folder of them
towns() {
    name=$1
    shift
    [ -d "$work/$name" ] || $program map new --quiet "$@" --out "$work/$name" >"$work/log"
    maps="$maps --map $work/$name"
}

# options that name the roads to learn from
training_roads() {
    maps=
    towns loops --loop --count 40 --seed 1 --size 7x7
    towns town-loops --loop --count 24 --seed 2 --objects
    towns random --random --count 24 --seed 3 --objects
    towns grid --grid --count 8 --seed 4
    for map in Caltech_loop01 ETHZ_autolab_fast_track ETH_large_loop ETH_small_loop \
        ETH_small_loop_1 ETH_small_loop_3 ETU_autolab_track MOOC_modcon Montreal_loop \
        TTIC_large_loop TTIC_loop experiment_loop small_loop small_loop_bordered small_loop_cw \
        ETH_intersection_map TTIC_ripltown udem1 udem1_empty 4way robotarium2; do
        maps="$maps --map $map"
    done
}

# often NUMBER MAP...: lets maps take part so many times
often() {
    number=$1
    shift
    for _ in $(seq "$number"); do
        for map in "$@"; do
            maps="$maps --map $map"
        done
    done
}

roads() {
    training_roads
    often 12 bench/maps/cul_de_sacs.yaml
    often 7 bench/maps/lone_road.yaml bench/maps/lone_bend.yaml
    unseen=
    for map in ETHZ_autolab_technical_track_bordered ETHZ_loop_bordered ETH_small_loop_2_bordered \
        zigzag_dists_bordered loop_empty straight_road straight_road_down ETH_large_intersect \
        ETH_small_intersect robotarium1; do
        unseen="$unseen --map $map"
    done
    $program eval --quiet --policy expert --turns r $unseen \
        --episodes 1000 --steps 1500 --start-angle-deg 60
    for seed in "$@"; do
        echo "one policy for all, seed $seed"
        $program dagger --quiet $dagger $maps --split train --turns r --tracking-rate 2.4 \
            --turn-rate-gain 8 --network wide-residual-actions --first-episodes 800 \
            --episodes 500 --hardest-of 4 --beta-decay 0.8 --steps 30 --rounds 5 --epochs 2 \
            --last-epochs 12 --eval-episodes 100 --eval-steps 150 --train-seed "$seed" \
            --out "$work/all-$seed" |
            tail -n 1
        $program eval --quiet --policy "$work/all-$seed" --turns r $unseen \
            --episodes 1000 --steps 1500 --start-angle-deg 60
    done
}

# aido_policy NAME SEED OPTION...: trains it on $maps
aido_policy() {
    name=$1 seed=$2
    shift 2
    echo "AI-DO, a policy for $name, seed $seed"
    $program dagger --quiet $dagger $maps --turns r --clock challenge --lanes challenge \
        --cars-yield --epochs 2 --eval-episodes 100 --eval-steps 200 "$@" --train-seed "$seed" \
        --out "$work/$name-$seed" | tail -n 1
}

# contest NAME SEED: what its policy does in 100 episodes of the challenge of that name
contest() {
    $program eval --quiet --protocol "aido-$1" --episodes 100 --policy "$work/$1-$2" |
        grep -E 'completed|median'
}

lf_maps='ETHZ_autolab_technical_track_bordered ETHZ_loop_bordered ETH_small_loop_2_bordered
    zigzag_dists_bordered'

lf() {
    maps=
    often 1 $lf_maps
    for seed in "$@"; do
        aido_policy lf "$seed" --network wide-residual-actions --first-episodes 240 \
            --episodes 150 --hardest-of 3 --rounds 5 --last-epochs 14
        $program eval --quiet --protocol aido-lf --lanes challenge --policy expert \
            --policy "$work/lf-$seed"
    done
}

lfi() {
    training_roads
    often 12 $lf_maps
    for seed in "$@"; do
        aido_policy lfi "$seed" --network one-residual-actions --first-episodes 400 \
            --episodes 250 --steps 60 --rounds 5 --last-epochs 14
        contest lfi "$seed"
    done
}

lfp() {
    maps=
    towns loops --loop --count 40 --seed 1 --size 7x7
    towns duckies --loop --count 240 --seed 11 --size 7x7 --objects --duckies 10
    towns cars --loop --count 60 --seed 12 --size 7x7 --objects --cars 3
    often 4 4way
    for seed in "$@"; do
        aido_policy lfp "$seed" --network wide-residual-past --start-angle-deg 30 \
            --max-return-angle-deg 7 --first-episodes 240 --episodes 300 --steps 60 --hardest-of 3 \
            --rounds 6 --last-epochs 12
        contest lfp "$seed"
    done
}

lfv() {
    maps=
    towns loops --loop --count 40 --seed 1 --size 7x7
    towns traffic --loop --count 120 --seed 13 --size 7x7 --objects --cars 4
    for seed in "$@"; do
        # who follows a car too closely runs into it much later: episodes of 10 s, not of 3
        aido_policy lfv "$seed" --network wide-residual-actions --start-angle-deg 30 \
            --first-episodes 100 --episodes 75 --steps 200 --hardest-of 3 --rounds 5 \
            --last-epochs 10 --eval-episodes 50 --eval-steps 600
        contest lfv "$seed"
    done
}

aido() {
    lf "$@"
    lfi "$@"
    lfp "$@"
    lfv "$@"
}

case $part in
loop | roads | aido | lf | lfi | lfp | lfv) $part "${@:-1}" ;;
*)
    echo "usage: bench/policies.sh [loop|roads|aido|lf|lfi|lfp|lfv] [SEED...]" >&2
    exit 2
    ;;
esac
