#!/bin/sh
# cli_challenge.sh: `imprint eval --protocol aido-...` from the arguments to the files.
# shellcheck source=tests/scripts/cli.lib
. "${SOURCE:?the checkout}/tests/scripts/cli.lib"

# the official episodes, in a table and in files
expect 0 imprint eval --protocol aido-lf --policy pure-pursuit --policy expert --out lf
prints '1. expert: 4 of 4 episodes completed, 0 stalled, progress 100.0 %'
prints 'zigzag-000'
for file in metrics.json trajectories.csv settings.yaml trajectories-autolab-000.png \
    trajectories-loop-000.png trajectories-loop2-000.png trajectories-zigzag-000.png; do
    [ -s "lf/$file" ] || fail "no lf/$file"
done
[ "$(grep -c '^expert,loop-000,' lf/trajectories.csv)" -eq 1201 ] || fail "1201 states wanted"

# the report, and drives that come out the same to the last bit; pure pursuit is the first policy
prints 'lf/report.html'
for text in Ranking 'Worst episodes' worst-1-1.drive.json worst-2-3.drive.json autolab-000; do
    grep -qF "$text" lf/report.html || fail "no '$text' in lf/report.html"
done
[ "$(find lf/drives -name '[12]-0000[0-3].drive.json' | wc -l)" -eq 8 ] || fail '8 drives wanted'
if grep -qF 'simulator.html#episode=worst-1-1' lf/report.html; then
    [ -s lf/simulator.html ] || fail 'the report links to no page'
else
    [ ! -e lf/simulator.html ] || fail 'the report does not link to its page'
fi
expect 0 imprint import drive lf/drives/2-00001.drive.json lf/worst-1-1.drive.json --size 16x12 \
    --out driven
prints 'come out the same to the last bit'

# the worst episode is the one that ended first
expect 0 imprint eval --protocol aido-lfv --policy pure-pursuit --out lfv
shortest=$(cut -d, -f2 lfv/trajectories.csv | sed 1d | sort | uniq -c | sort -n |
    sed -n '1s/^ *[0-9]* //p')
[ "$(grep -c "^pure-pursuit,$shortest," lfv/trajectories.csv)" -lt 1201 ] || fail 'all drove on'
grep -qF "\"map\":{\"name\":\"$shortest\"" lfv/worst-1-1.drive.json ||
    fail "$shortest ended first, but is not the worst episode"

# JSON holds the challenge's own names; threads do not show
for challenge in lf lfp lfv lfi; do
    expect 0 imprint eval --protocol "aido-$challenge" -p pure-pursuit --episodes 5 -j 1 --json
    sed '/"seconds"/d' out >one
    for key in '"protocol": "aido-'"$challenge"'"' '"driven_lanedir_consec_median":' \
        '"survival_time_min":' '"in-drivable-lane_max":' '"deviation-heading_mean":' \
        '"per-episodes":' '"distance-from-start":'; do
        prints "$key"
    done
    expect 0 imprint eval --protocol "aido-$challenge" -p pure-pursuit --episodes 5 -j 3 --json
    sed '/"seconds"/d' out >three
    cmp one three || fail "aido-$challenge depends on the number of threads"
done

# other starts, other numbers; the same settings, the same numbers
expect 0 imprint eval --protocol aido-lf --policy expert --test-starts
prints 'test starts'
expect 0 imprint eval --config lf/settings.yaml --out again
sed '/"seconds"/d' lf/metrics.json >before
sed '/"seconds"/d' again/metrics.json >after
cmp before after || fail "saved settings give other numbers"
expect 4 imprint eval --protocol aido-lf --policy expert --out lf
expect 0 imprint eval --protocol aido-lfi --policy expert --out lf --force
[ ! -e lf/trajectories-loop-000.png ] || fail "--force left old pictures"

# policies that look see what stands there, in their own size
expect 0 imprint log --episodes 3 --steps 30 --size 40x30 --out data
expect 0 imprint train --data data --epochs 1 --out model
expect 0 imprint eval --protocol aido-lfp --policy model --episodes 2 -j 1 --json
sed '/"seconds"/d' out >one
expect 0 imprint eval --protocol aido-lfp --policy model --episodes 2 -j 2 --json
sed '/"seconds"/d' out >two
cmp one two || fail "a model's numbers depend on the number of threads"

# what a challenge sets itself
expect 2 imprint eval --protocol aido-lx --policy expert
says 'aido-lfp'
expect 2 imprint eval --protocol aido-lf --policy expert --map 4way
says '--map'
expect 2 imprint eval --protocol aido-lf --policy expert --steps 10
says '--steps'
expect 2 imprint eval --protocol aido-lf --policy expert --episodes 0
expect 3 imprint eval --protocol aido-lf --policy no_such_model
