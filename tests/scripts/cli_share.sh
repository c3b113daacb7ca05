#!/bin/sh
# cli_share.sh: parts of a work, put together, are what one process makes, byte for byte; parts that
# do not make a whole are refused.
# shellcheck source=tests/scripts/cli.lib
. "${SOURCE:?the checkout}/tests/scripts/cli.lib"

# seven episodes, some of which end early
how='log --episodes 7 --steps 40 --noise 0.3 --size 16x12 --map loop_obstacles --start-angle-deg 60'
record() { # OPTION...
    # shellcheck disable=SC2086  # a list of words
    imprint $how "$@"
}

# 1. any number of parts, given in any order
expect 0 record --out whole
for n in 1 2 3; do
    parts=
    for k in $(seq "$n"); do
        expect 0 record --share "$k/$n" --out "part-$k-$n"
        parts="part-$k-$n $parts"
    done
    # shellcheck disable=SC2086  # a list of words
    expect 0 imprint data join $parts --out "joined-$n"
    same_folders whole "joined-$n"
done
expect 0 imprint data info part-2-3
prints 'part            2 of 3 of a dataset of 7 episodes'

# 2. what was joined goes on as what was not
expect 0 imprint log --resume --episodes 9 --out whole
expect 0 imprint log --resume --episodes 9 --out joined-3
same_folders whole joined-3

# 3. parts that make no whole
expect 2 imprint data join part-1-3 part-3-3 --out no
says 'part 2 of 3 is not among those given'
cp -r part-2-3 copy
expect 2 imprint data join part-1-3 part-2-3 copy part-3-3 --out no
says 'part-2-3 and copy are both part 2 of 3'
expect 2 imprint data join part-1-3 part-2-2 --out no
says 'give the parts of one dataset'
expect 2 imprint data join joined-2 --out no
says 'is a whole dataset, not a part'
expect 2 imprint data join part-1-2 joined-2 --out no
says 'is a whole dataset, not a part'
expect 0 record --seed 5 --share 2/2 --out other-seed
expect 2 imprint data join part-1-2 other-seed --out no
says 'different settings, such as seed'
[ ! -e no ] || fail 'a refused join leaves a folder'

# 4. a part goes on as the same part
cp -r part-2-3 short
expect 0 imprint log --resume --out short
prints 'is complete'
expect 2 imprint log --resume --share 1/3 --out short
says 'is part 2 of 3 of 7 episodes, not part 1 of 3'
expect 2 imprint log --resume --episodes 12 --out short
says 'resume it as what it is'
# shellcheck disable=SC2086  # a list of words
start imprint $how --episodes 40000 --share 2/2 --out killed
while [ ! -e killed/main_data.hdf5 ]; do sleep 0.05; done
stop KILL '137 0'
expect 2 imprint data join killed --out no
says 'imprint log --resume'
expect 0 record --episodes 12 --share 1/2 --out half-1
# shellcheck disable=SC2086  # a list of words
start imprint $how --episodes 12 --share 2/2 --out half-2
sleep 0.2
stop KILL '137 0'
expect 0 record --episodes 12 --share 2/2 --out half-2 --resume
expect 0 record --episodes 12 --out twelve
expect 0 imprint data join half-1 half-2 --out joined-12
same_folders twelve joined-12

# 5. parts are datasets, too
expect 0 imprint data merge part-1-2 part-2-2 --out merged
expect 0 imprint data info merged --json
prints '"share": null'
expect 0 imprint data append part-1-2 part-2-2
expect 0 imprint data check part-1-2
prints '7 episodes'

# 6. what --share wants
for wrong in 0/2 3/2 2 /2 2/ 1/2/3 -1/2 a/b 1/99999999999; do
    expect 2 record "--share=$wrong" --out no
done
expect 2 record --share 3/9 --out no
says 'at most as many parts as episodes'
[ ! -e no ] || fail 'a refused part leaves a folder'
