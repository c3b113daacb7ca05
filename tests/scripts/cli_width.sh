#!/bin/sh
# cli_width.sh: a progress bar stays in one line of a narrow terminal, and is silent in pipes. Help
# and lists are wrapped to a terminal's width.
# shellcheck source=tests/scripts/cli.lib
# shellcheck disable=SC2086  # commands are kept as words
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

# within WIDTH: the last output has no longer line, but for usage lines and examples
within() {
    sed '/^Usage:/d; /^  imprint /d; /^Example:/,$d' out >wrapped
    long=$(awk -v width="$1" 'length > width' wrapped)
    [ -z "$long" ] || fail "longer than $1 columns: $long"
    if grep -q ' $' out; then fail "blanks at the end of a line: $(grep -n ' $' out)"; fi
}
for width in 48 60 80 100; do
    for command in help 'log --help' 'eval --help' 'map list' doctor; do
        expect 0 env COLUMNS=$width imprint $command
        within $width
    done
done
# wide terminals do not get wide paragraphs; a table gets all of its columns
expect 0 env COLUMNS=200 imprint eval --help
within 100
grep -qE '^.{90,100}$' out || fail 'the help does not take the width of a wide terminal'
expect 0 env COLUMNS=200 imprint map list
prints 'loop_empty                                8 x 7       18     36        4  A loop with left'
script -qec "stty cols 60; imprint help" typescript >/dev/null </dev/null
tr -d '\r' <typescript | sed '1d; $d' >out
grep -q '^  dagger  *train a policy with DAgger' out || fail "no help: $(cat typescript)"
within 60
for width in '' 0 x 60x; do
    expect 0 env COLUMNS=$width imprint help
    within 80
    grep -qE '^.{70,}$' out || fail "COLUMNS=$width makes narrow lines"
done
