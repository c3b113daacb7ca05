#!/bin/sh
# How fast images are drawn through the lens: the sizes and maps that the renderer is built for,
# on one core and on two, beside what reading and mixing the ground's texels alone would allow,
# and with everything randomised.
# usage: bench/render.sh [SECONDS]     (of each measurement; build first: ./run build)
set -eu
cd "$(dirname "$0")/.."
rows() { # MAP SIZE ROWS...
    map=$1 size=$2
    shift 2
    echo "$map, $size"
    build/release/imprint bench "$@" --map "$map" --size "$size" --seconds "$seconds" | sed 1,3d
}
seconds=${1:-0.5}
rows loop_empty 80x60 render pair ground bound random
rows udem1 80x60 render pair ground bound random
rows udem1 160x120 render pair
rows udem1 640x480 render pair
