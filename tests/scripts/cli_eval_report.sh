#!/bin/sh
# cli_eval_report.sh: what `imprint eval --out` writes: a page that needs nothing else, rows that
# agree with the metrics, replays; the same for any number of threads; maps kept for testing.
# shellcheck source=tests/scripts/cli.lib
. "${SOURCE:?the checkout}/tests/scripts/cli.lib"

expect 0 imprint log --map small_loop --map udem1_empty --episodes 6 --steps 40 --size 40x30 \
    --out data
expect 0 imprint train --data data --epochs 2 --out model
expect 0 imprint eval --policy model --map small_loop --episodes 1 --steps 5
prints 'model was trained on a map of this name; for others see --split'
maps='--map small_loop --map zigzag_dists --map loop_empty'
evaluate() {
    # shellcheck disable=SC2086  # options are kept as words
    expect 0 imprint eval --policy expert --policy model --policy pure-pursuit $maps --episodes 12 \
        --steps 60 "$@"
}
evaluate --out one --threads 1
prints 'minus expert'
prints 'model was trained on maps of the names of 1 of these 3 maps'
prints 'pure-pursuit: episode'
wide=$(sed '/^written/d' out | awk 'length($0) > 80')
[ -z "$wide" ] || fail "wider than 80 columns: $wide"
evaluate --out three --threads 3
for file in report.html episodes.csv trajectories-1.png trajectories-3.png worst-3-1.csv \
    worst-3-1.png saliency-2.png; do
    cmp "one/$file" "three/$file" || fail "$file depends on threads"
done
[ ! -e one/saliency-1.png ] || fail "an expert looks at nothing"

# one page: nothing is fetched, every picture is there
if grep -Eq 'src="[^d]|href="[^sw]|<script|@import|url\(' one/report.html; then
    fail "the page refers to something outside it"
fi
# what it links to lies beside it; the drives are those of the episodes, also from given starts
grep -o 'href="[^"#]*' one/report.html | cut -c7- | sort -u >links
[ "$(grep -c drive.json links)" -eq 9 ] || fail "nine drives are not linked: $(cat links)"
while read -r file; do
    [ -s "one/$file" ] || fail "$file is linked, but missing"
done <links
[ "$(grep -o '<svg' one/report.html | wc -l)" -eq 5 ] || fail "plots are missing"
[ "$(grep -o 'data:image/png' one/report.html | wc -l)" -ge 10 ] || fail "pictures are missing"
grep -q '<small>trained on</small>' one/report.html || fail "a training map is not marked"
if command -v xmllint >/dev/null; then
    xmllint --html --noout one/report.html 2>err || :
    if grep -v 'svg\|path\|rect invalid\|Tag' err | grep -q 'parser error'; then
        fail "not HTML: $(head -3 err)"
    fi
fi

# rows: a line per policy and episode, and the episodes that ended badly are those of the metrics
[ "$(wc -l <one/episodes.csv)" -eq 37 ] || fail "episodes.csv has not 36 rows"
dead=$(grep -c '^pure-pursuit,.*,invalid pose,' one/episodes.csv || :)
lived=$(grep -A3 '"policy": "pure-pursuit"' one/metrics.json |
    sed -n 's/.*"survived": \([0-9]*\),/\1/p' | head -1)
[ $((dead + lived)) -eq 12 ] || fail "$dead dead in episodes.csv, $lived survivors in metrics"
# with what the robot collided, in the table, the page, the figures and in words
expect 0 imprint eval --policy pure-pursuit --map loop_obstacles --episodes 6 --steps 400 --out hits
prints 'ended by collision with a cone after'
cut -d, -f5,22 hits/episodes.csv >endings
printf '%s\n' ending,collided_with collision,cone collision,duckiebot >wanted
head -3 endings | cmp - wanted || fail "other partners: $(cat endings)"
if grep -q '^invalid pose,.' endings; then fail "an invalid pose has a partner: $(cat endings)"; fi
grep -q '"collided_with": "cone"' hits/metrics.json || fail 'metrics lack the partner'
for text in '1 with a duckiebot, 1 with a cone' 'collision with a cone after' '95th percentile' \
    'duty cycles' 'Invalid pose: the robot left the road' "Student's t, made for means"; do
    grep -q "$text" hits/report.html || fail "the page does not say '$text'"
done
head -1 one/worst-3-1.csv | grep -q '^step,time_s,x_m,z_m,heading_deg' || fail "no poses"

# a pose of a replay can be drawn
pose=$(sed -n 2p one/worst-3-1.csv | cut -d, -f3-5)
expect 0 imprint render --map small_loop --pose "$pose" --out view.png

# the folder can be replaced, and is ours
evaluate --out one --force

# fewer are drawn than driven
evaluate --out few --plot-episodes 2
cmp one/episodes.csv few/episodes.csv || fail "figures depend on what is kept"

# maps for testing
few=some-maps
mkdir "$few"
cp "$SOURCE/maps/udem1.yaml" "$SOURCE/maps/zigzag_dists.yaml" "$SOURCE/maps/robotarium1.yaml" "$few"
expect 0 imprint eval --policy expert --map "$few" --split test --episodes 5 --steps 5 --json
prints '"map": "zigzag_dists"'
! grep -q '"map": "udem1"' "$work/out" || fail "udem1 is for training"
expect 2 imprint eval --policy expert --split test --episodes 2 --steps 5
says "none of 1 map is in the split 'test'"
expect 2 imprint eval --policy expert --split tset
says "none of all, train, test"
expect 0 imprint log --map small_loop --map zigzag_dists --split train --episodes 6 --steps 4 \
    --size 40x30 --out kept
expect 0 imprint data info kept --json
prints '"map": "small_loop"'

# starts: an evaluation's own again, and a list that somebody wrote
expect 0 imprint eval --policy pure-pursuit --policy expert --map small_loop --map udem1_empty \
    --episodes 5 --steps 40 --start-angle-deg 60 --out drawn
expect 0 imprint eval --policy pure-pursuit --starts drawn/episodes.csv --steps 40 --out again
grep '^pure-pursuit,' drawn/episodes.csv >a
grep '^pure-pursuit,' again/episodes.csv >b
cmp a b || fail "the same starts give other episodes"
[ "$(find drawn/drives -name '*.drive.json' | wc -l)" -eq 10 ] || fail 'episodes without a drive'
expect 0 imprint import drive drawn/drives again/drives --size 16x12 --out driven
prints '15 drives'
expect 0 imprint eval --policy expert --starts drawn/episodes.csv --episodes 2 --steps 5 --json
[ "$(grep -c '"ending"' out)" -eq 4 ] || fail "--episodes does not limit the starts"
printf 'x,z,heading\n1.44457571,2.2583746,0.265151767\n3.716097,5.690560,1.073086\n' >list.csv
expect 0 imprint eval --policy expert --map ETU_autolab_track --starts list.csv --steps 20
prints '2 episodes of at most 20 steps, starts from list.csv'
printf 'x,z,heading\n1.44457571,2.2583746,0.265151767\n0.1,0.1,0\n' >off.csv
expect 3 imprint eval --policy expert --map ETU_autolab_track --starts off.csv --out not-made
says 'off.csv:3: a robot at x 0.1 m, z 0.1 m'
printf 'x,z,heading,map\n1,2,3,no_such\n' >off.csv
expect 3 imprint eval --policy expert --starts off.csv
says "off.csv:2: column 'map': 'no_such'"
expect 2 imprint eval --policy expert --map ETU_autolab_track --starts list.csv --episodes 3
says 'list.csv holds 2 starts'
expect 2 imprint eval --policy expert --starts list.csv --start-tile 1,1
expect 2 imprint eval --policy expert --protocol aido-lf --starts list.csv
expect 3 imprint eval --policy expert --starts nowhere.csv
# they are settings like others
expect 0 imprint eval --config again/settings.yaml --out third
grep '^pure-pursuit,' third/episodes.csv | cmp - a || fail "settings.yaml forgets the starts"

# a name that a spreadsheet or a reader could take for something else
cp "$SOURCE/maps/small_loop.yaml" '=1,"a.yaml'
expect 0 imprint eval --policy expert --map '=1,"a.yaml' --episodes 2 --steps 5 --out odd
grep -q "^expert,0,\"'=1,\"\"a\",5,max steps," odd/episodes.csv || fail "$(cat odd/episodes.csv)"
expect 0 imprint eval --policy expert --map '=1,"a.yaml' --starts odd/episodes.csv --steps 5

# what no step was measured for is unknown, not nought
expect 0 imprint eval --policy expert --episodes 2 --steps 5 --settle-steps 5
prints ' - cm'
expect 0 imprint eval --policy expert --episodes 2 --steps 5 --settle-steps 5 --json
prints '"lane_distance_mean_m": null'

# who cannot write hears of it before anybody drives
touch plain
expect 4 timeout 60 imprint eval --policy expert --episodes 1000000 --steps 1500 --out plain/eval
expect 4 imprint eval --policy expert --episodes 1 --steps 5 --out plain
says 'is not a folder'
mkdir made
touch made/mine
expect 4 imprint eval --policy expert --episodes 1 --steps 5 --out made
if grep -q -- --resume err; then
    fail "eval advises an option that it has not: $(cat err)"
fi
