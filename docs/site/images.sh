#!/bin/sh
# images.sh [--check]: draws the images of the how-to "Your own map", and those of other pages that
# need no training, with $IMPRINT (build/release/imprint unless it is set). --check compares them
# with those in docs/images and exits with 1 where one differs.
set -eu
cd "$(dirname "$0")/../.."
imprint=${IMPRINT:-$PWD/build/release/imprint}
out=$PWD/docs/images
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
[ "${1-}" != --check ] || out=$work/images
mkdir -p "$out/tiles"

# each kind of tile in each turn, from above
for kind in straight curve_left curve_right 3way_left 4way; do
    for turn in S E N W; do
        printf 'tile_size: 0.585\ntiles:\n  - [%s/%s]\n' "$kind" "$turn" >"$work/tile.yaml"
        "$imprint" render --map "$work/tile.yaml" --view top-down --size 64x64 \
            --out "$out/tiles/$kind-$turn.png" >"$work/log"
    done
done
for kind in asphalt grass floor; do
    printf 'tile_size: 0.585\ntiles:\n  - [%s]\n' "$kind" >"$work/tile.yaml"
    "$imprint" render --map "$work/tile.yaml" --view top-down --size 64x64 \
        --out "$out/tiles/$kind.png" >"$work/log"
done

# every object
"$imprint" render --view catalogue --size 600x500 --out "$out/objects.png" >"$work/log"

# the map of the how-to, and what episodes look like in random worlds
"$imprint" map show docs/how-to/own-map.yaml --out "$out/own-map.svg" >"$work/log"
"$imprint" render --map udem1 --randomize all --episodes 8 --size 120x90 \
    --out "$out/random-worlds.png" >"$work/log"

# our expert drives: the moving image on the first page
"$imprint" log --map udem1 --episodes 1 --steps 450 --seed 3 --quiet \
    --out "$work/drive" >"$work/log"
"$imprint" render --replay "$work/drive" --view camera,top-down --size 220x200 --every 5 \
    --no-caption --out "$out/drive.webp" >"$work/log"

[ "${1-}" = --check ] || exit 0
status=0
for image in $(cd "$out" && find . -name '*.png' -o -name '*.svg'); do
    cmp -s "$out/$image" "docs/images/$image" ||
        { echo "docs/images/$image is not what docs/site/images.sh draws"; status=1; }
done
exit $status
