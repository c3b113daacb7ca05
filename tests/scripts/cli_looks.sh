#!/bin/sh
# cli_looks.sh: `imprint looks` measures images of files, datasets and randomised episodes.
# shellcheck source=tests/scripts/cli.lib
. "${SOURCE:?the checkout}/tests/scripts/cli.lib"

expect 0 imprint render --map loop_empty --pose 1.7,0.5,0 --out a.png
expect 0 imprint log --map loop_empty --episodes 1 --steps 20 --out data
expect 0 imprint looks a.png data --every 5 --episodes 3 --map loop_empty
prints '10th, 50th and 90th percentile'
prints 'a.png                         1 '
prints 'data                          4 '
prints 'episodes of none              3 '
# the same episodes look the same, others under a randomisation do not
expect 0 imprint looks --map loop_empty --randomize looks --episodes 5 --json
prints '"name": "episodes of looks"'
cp out first
expect 0 imprint looks --map loop_empty --randomize looks --episodes 5 --json
cmp first out || fail "the same episodes look different"
expect 0 imprint looks --map loop_empty --episodes 5 --json
! cmp -s first out || fail "the randomisation changes nothing"

expect 2 imprint looks
says 'give images'
expect 2 imprint looks a.png --every 0
expect 2 imprint looks --episodes -1
expect 3 imprint looks "$SOURCE/README.md"
