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

# 7. evaluations: any number of parts, given in any order, make the same report
drives='eval -p expert -p pure-pursuit --episodes 7 --steps 90 --start-angle-deg 60'
drives="$drives --plot-episodes 3"
drive() { # OPTION...
    # shellcheck disable=SC2086  # a list of words
    imprint $drives "$@"
}
expect 0 drive --out report
for n in 1 2 3; do
    parts=
    for k in $(seq "$n"); do
        expect 0 drive --share "$k/$n" --threads "$k" --out "drive-$k-$n"
        parts="drive-$k-$n $parts"
    done
    # shellcheck disable=SC2086  # a list of words
    expect 0 imprint eval join $parts --out "report-$n"
    same_folders report "report-$n"
done
expect 0 drive --share 2/3 --out drive-2-3 --force --json
prints '"first_episode": 2'
for k in 1 2; do
    expect 0 drive --starts report/episodes.csv --share "$k/2" --out "given-$k"
done
expect 0 drive --starts report/episodes.csv --out given
expect 0 imprint eval join given-1 given-2 --out given-joined
same_folders given given-joined

# 8. parts that make no evaluation
expect 2 imprint eval join drive-1-3 drive-3-3 --out none
says 'part 2 of 3 is not among those given'
expect 2 imprint eval join drive-1-2 drive-1-2 --out none
says 'give each part once'
expect 2 imprint eval join drive-1-3 drive-2-2 --out none
says 'give the parts of one evaluation'
expect 0 drive --seed 5 --share 2/2 --out other-drive
expect 2 imprint eval join drive-1-2 other-drive --out none
says 'other settings than those of the first part'
mkdir swapped
cp drive-2-2/settings.yaml swapped
cp drive-2-2/part-2.jsonl swapped/part-1.jsonl
expect 2 imprint eval join drive-1-2 swapped --out none
says 'was driven by pure-pursuit, but the policy is expert'
cp -r drive-1-2 damaged
for damage in 's/"steps":[0-9]*/"steps":7/' '2s/"poses":./"poses":[[1/' '5d' \
    's/"reward":/"reward":"x",/' 's/"drive":"/&x/'; do
    sed -e "$damage" drive-1-2/part-1.jsonl >damaged/part-1.jsonl
    expect 3 imprint eval join drive-2-2 damaged --out none
    says 'is not as imprint writes parts'
done
expect 2 imprint eval join --out none
expect 2 imprint eval unite drive-1-2 --out none
expect 4 imprint eval join drive-1-2 missing --out none
expect 2 imprint eval join drive-1-2 drive-2-2
says '--out'
expect 2 drive --share 1/2
says '--out'
expect 2 drive --share 1/2 --robustness --out none
expect 2 drive --share 1/2 --videos 1 --out none
says 'imprint eval join'
expect 2 drive --share 3/9 --out none
expect 2 imprint eval -p expert --protocol aido-lf --share 1/2 --out none
[ ! -e none ] || fail 'a refused join leaves a folder'
