#!/bin/sh
# cli_width.sh: a progress bar stays in one line of a narrow terminal, and is silent in pipes.
# shellcheck source=tests/scripts/cli.lib
. "${SOURCE:?the checkout}/tests/scripts/cli.lib"

command -v script >/dev/null || { echo "skipped: no script (package bsdutils)"; exit 77; }
for width in 40 120; do
    script -qec "stty cols $width; imprint log --episodes 20 --steps 400 --out data --force" \
        typescript >/dev/null </dev/null || fail "log failed: $(cat typescript)"
    # the bars alone, each in a line of its own
    tr '\r' '\n' <typescript | sed -n 's/^.\[K\(log \[\)/\1/p' >bars
    [ -s bars ] || fail "no bar at $width columns: $(cat typescript)"
    long=$(awk -v width="$width" 'length >= width' bars)
    [ -z "$long" ] || fail "longer than $width columns: $long"
done
expect 0 imprint log --episodes 20 --steps 400 --out data --force
