#!/bin/sh
# What data is worth: behaviour cloning of a perfect driver, and DAgger with an expert that pictures
# can teach, beside the experts themselves. 100 random starts up to 60 degrees off the lane, 1500
# steps each, and the baseline's own protocol, 10 starts of 65 steps; all on loop_empty.
# usage: bench/policies.sh [SEED...]     (build first: ./run build)
set -eu
cd "$(dirname "$0")/.."
program=${IMPRINT:-build/release/imprint}
work=$(mktemp -d)
trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT
gentle='--by-sight --speed 0.53 --tracking-rate 1.4 --turning-rate 5'

# measure NAME POLICY [OPTION...]: a row of the table
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

echo '| policy | survived | lane distance | distance | speed | total of 10 x 65 |'
echo '|---|---|---|---|---|---|'
measure "reference's teacher" reference
measure 'our expert' expert
# shellcheck disable=SC2086  # options are kept as words
measure 'our expert, gentle and by sight' expert $gentle
for seed in "${@:-1}"; do
    $program log --quiet --out "$work/clone-data-$seed" --seed "$seed" >"$work/log"
    $program train --quiet --data "$work/clone-data-$seed" --seed "$seed" \
        --out "$work/clone-$seed" >"$work/log"
    measure "plain behaviour cloning, seed $seed" "$work/clone-$seed"
    # shellcheck disable=SC2086
    $program dagger --quiet $gentle --start-angle-deg 60 --noise 0.08 --first-episodes 200 \
        --episodes 150 --rounds 3 --eval-episodes 20 --eval-steps 300 --learning-rate 1.5e-3 \
        --train-seed "$seed" --out "$work/dagger-$seed" >"$work/log"
    measure "DAgger, seed $seed" "$work/dagger-$seed"
done
