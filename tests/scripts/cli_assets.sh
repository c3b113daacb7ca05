#!/bin/sh
# cli_assets.sh: asset folders on the command line: what is missing is told, what is broken refused.
# shellcheck source=tests/scripts/cli.lib
. "${SOURCE:?the checkout}/tests/scripts/cli.lib"

mkdir -p assets/meshes/duckie
small="--map udem1 --pose 0.9,2.6,90 --size 40x30"

# shellcheck disable=SC2086  # options are words
{
    imprint render $small --assets assets --out a.png >out 2>err || fail "$(cat err)"
    grep -q 'imprint: note: assets: no texture for tiles' err || fail "no note: $(cat err)"
    expect 0 imprint render $small --assets assets --quiet --out b.png
    cmp a.png b.png || fail "pictures differ"

    expect 3 imprint render $small --assets absent --out c.png
    grep -q 'absent' err || fail "folder not named: $(cat err)"
    printf 'v 0 0 0\nf 1 2 3\n' >assets/meshes/duckie/duckie.obj
    expect 3 imprint render $small --assets assets --out c.png
    grep -q 'duckie.obj:2: ' err || fail "line not named: $(cat err)"
    expect 2 imprint render $small --style smooth --out c.png
    [ ! -e c.png ] || fail "a picture in spite of a failure"
}
