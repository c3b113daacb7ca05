#!/bin/sh
# What randomisation costs to draw: of everything, and of each group that is seen, how much longer
# images take than those of plain worlds from the same poses, on one core.
# usage: bench/randomisation.sh [SECONDS]     (build first: ./run build)
set -eu
cd "$(dirname "$0")/.."
groups="all horizon light materials road clutter objects mounting,lens exposure blur noise jpeg"
for map in udem1 loop_empty; do
    for group in $groups; do
        build/release/imprint bench random --map "$map" --randomize "$group" \
            --seconds "${1:-0.2}" |
            awk -v what="$map $group" '/^plain/ { plain = $2 } /^random/ { random = $2 }
                END { printf "%-26s %6.0f us, plain %6.0f us: %4.0f %%\n", what, 1e6 / random,
                      1e6 / plain, 100 * (plain / random - 1) }'
    done
done
