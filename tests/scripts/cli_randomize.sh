#!/bin/sh
# cli_randomize.sh: randomised worlds: the same bytes for any number of threads and after
# interruptions, what was drawn told by the dataset, files of distributions, pictures.
# shellcheck source=tests/scripts/cli.lib
. "${SOURCE:?the checkout}/tests/scripts/cli.lib"

drive='imprint log --map loop_empty --map udem1 --randomize all --episodes 20 --steps 25'
# shellcheck disable=SC2086  # several words
{
    expect 0 $drive --threads 1 --out one
    expect 0 $drive --threads 3 --out three
}
same_folders one three main_data.hdf5 shard-00000.hdf5 shard-00001.hdf5
expect 0 imprint data check one
expect 0 imprint data info one
prints 'randomised      20 episodes'
prints '    delay         '
expect 0 imprint data info one --json
prints '"rate_divider": {'

# another seed is other worlds; without randomisation nothing is told
expect 0 imprint log --randomize all --episodes 2 --steps 25 --seed 9 --out other
expect 0 imprint log --episodes 2 --steps 25 --out plain
differ one/shard-00000.hdf5 other/shard-00000.hdf5 'the seed does not count'
expect 0 imprint data info plain --json
prints '"randomization": null'

# whoever is stopped goes on to the same bytes
long='imprint log --randomize all --episodes 40 --steps 200 --threads 2'
# shellcheck disable=SC2086
{
    expect 0 $long --out whole
    start $long --out cut
}
sleep 0.5
stop INT '0 130'
# shellcheck disable=SC2086
expect 0 $long --out cut --resume
same_folders whole cut main_data.hdf5 shard-00000.hdf5 shard-00001.hdf5

# gym-duckietown's own format
cat >mine.json <<EOF
{"camera_height": {"type": "uniform", "low": 1.5, "high": 1.6},
 "wind": {"type": "int", "low": 0, "high": 4}}
EOF
code=0
imprint log --distributions mine.json --episodes 2 --steps 5 --out mine >out 2>err || code=$?
[ "$code" = 0 ] || fail "--distributions ended with $code: $(cat err)"
one_line err
grep -qF "note: mine.json: unknown names are ignored: 'wind'" err || fail "$(cat err)"
expect 0 imprint data info mine
prints 'camera_height 1.5'
echo '{"trim": {"type": "beta"}}' >bad.json
expect 3 imprint log --distributions bad.json --out never
says "bad.json:1: trim: type 'beta' is none of int, uniform, normal"
expect 2 imprint log --randomize wether --out never
says "--randomize: 'wether' is none of all, none, indoors, real, looks"
expect 2 imprint eval --protocol aido-lf --randomize all
says '--randomize: --protocol aido-lf has its own'
absent never

# evaluation is randomised too, and repeats itself
run='imprint eval --policy expert --episodes 6 --steps 60 --json --map udem1 --randomize dynamics'
# shellcheck disable=SC2086
{
    expect 0 $run --threads 1
    grep -v seconds out >eval-one
    expect 0 $run --threads 4
}
grep -v seconds out >eval-four
cmp -s eval-one eval-four || fail 'eval depends on threads'

# what breaks a policy: the reference's expert, which knows nothing of trim
run='imprint eval --policy pure-pursuit --episodes 12 --steps 100 --robustness'
run="$run --randomize trim,delay,light"
# shellcheck disable=SC2086
{
    expect 0 $run --threads 1 --out breaks
    grep -E '^[a-z]+ +[0-9.]+ %' out >rows
    expect 0 $run --threads 3 --json
}
cut -d' ' -f1 rows | sort | tr '\n' ' ' >groups
[ "$(cat groups)" = 'all delay dynamics light trim ' ] || fail "groups are $(cat groups)"
head -n 2 rows | grep -q '^trim' || fail 'trim is not among what breaks it most'
prints '"group": "trim"'
grep -q 'What breaks pure-pursuit' breaks/report.html || fail 'the report does not tell'
grep -q '"strength": 0.25' breaks/metrics.json || fail 'metrics.json does not tell'
expect 2 imprint eval --protocol aido-lf --robustness
says '--robustness: --protocol aido-lf has its own'

# pictures of episodes
expect 0 imprint render --randomize looks --size 80x60 --out first.png
expect 0 imprint render --randomize looks --size 80x60 --episode 1 --out second.png
differ first.png second.png '--episode does nothing'
expect 0 imprint render --randomize looks --size 80x60 --episodes 5 --out sheet.png
expect 2 imprint render --randomize looks --view top-down
says "--randomize shows the robot's camera"
expect 2 imprint render --randomize looks --episodes 0
