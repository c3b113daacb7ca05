#!/bin/sh
# How our expert drives on every map that it must master, those with objects, pedestrians and other
# cars last: 200 random starts of 1500 steps on each. With `away`: whether it gets away from
# everywhere within 20 s, from 7980 starts at any angle on all built-in maps and 2000 in 200
# generated towns.
# usage: bench/expert.sh [EPISODES | away]     (build first: ./run build; for away: ./run test)
set -eu
cd "$(dirname "$0")/.."
if [ "${1-}" = away ]; then
    cmake --build build/release --target expert_progress >/dev/null
    build/release/tests/expert_progress -n 190 -v
    build/release/tests/expert_progress -t 200 -n 10 -v
    exit
fi
for map in straight_road small_loop small_loop_cw loop_empty zigzag_dists udem1_empty \
    4way_bordered ETHZ_autolab_technical_track_bordered ETHZ_loop_bordered \
    ETH_small_loop_2_bordered zigzag_dists_bordered loop_pedestrians loop_dyn_duckiebots \
    loop_obstacles 4way udem1; do
    printf '%-38s' "$map"
    build/release/imprint eval --policy expert --map $map --episodes "${1:-200}" --steps 1500 \
        --start-angle-deg 60 | grep '^expert  *[0-9]' | sed 's/^expert//'
done
