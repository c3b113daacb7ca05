#!/bin/sh
# cli_map.sh: maps are listed, checked, drawn and made as their help says.
# shellcheck source=tests/scripts/cli.lib
. "${SOURCE:?the checkout}/tests/scripts/cli.lib"

# list
expect 0 imprint map list
prints 'loop_empty                                8 x 7       18     36        4  A loop with left'
[ "$(sed 1d out | wc -l)" -eq "$(find "$SOURCE/maps" -name '*.yaml' | wc -l)" ] ||
    fail "not every map is listed"
if sed 1d out | grep -v '[0-9]  [A-Z].*\.$'; then
    fail "maps without a description"
fi

# check: all maps of ours are sound, and errors and remarks come with their lines
sed 1d out | cut -d' ' -f1 >names
# shellcheck disable=SC2046  # names of maps have no blanks
expect 0 imprint map check $(cat names)
[ "$(grep -c ': ok, ' out)" -eq "$(wc -l <names)" ] || fail "not every map is ok: $(cat out)"
prints 'loop_empty: ok, 8 x 7 tiles of 0.585 m, 18 drivable, 36 lanes, 4 objects (3 duckies, '
cat >odd.yaml <<'END'
tile_size: 0.585
colour: blue
tiles:
  - [curve_left/W, straight/W, curve_left/N]
  - [straight/S  , floor     , straight/N]
  - [curve_left/S, straight/E, curve_left/E]
END
expect 0 imprint map check odd.yaml
prints "odd.yaml:2: unknown key 'colour'"
prints 'odd.yaml: ok, '
expect 1 imprint map check --strict odd.yaml
says 'odd.yaml: 1 remark, and --strict allows none'
sed 's/straight\/W/lava/' odd.yaml >lava.yaml
code=0
imprint map check odd.yaml lava.yaml small_loop no_such_map >out 2>err || code=$?
[ "$code" -eq 3 ] || fail "two bad maps of four end with $code"
says 'imprint: lava.yaml:4: '
says "imprint: unknown map 'no_such_map'"
[ "$(wc -l <err)" -eq 2 ] || fail "wanted one line for each bad map: $(cat err)"
prints 'odd.yaml: ok, '
prints 'small_loop: ok, '
expect 0 imprint map check --json odd.yaml
prints '"line": 2'
prints '"columns": 3'

# check and eval agree on whether an episode can start, and say it in the same words
cat >bus.yaml <<'END'
tile_size: 0.585
start_tile: [1, 1]
tiles:
- [floor, floor, floor, floor]
- [floor, curve_left/N, floor, floor]
- [floor, straight/S, floor, floor]
objects:
- {kind: bus, pose: {~SE2Transform: {p: [0.819, 0.79], theta_deg: 10}}, height: 0.18}
END
expect 0 imprint map check bus.yaml
prints "bus.yaml:2: with the default --start-angle-deg 4, no episode can start on the map's "
prints "'bus1' (bus, line 8 of the map) is in the way; allow a start angle of 26 degrees"
expect 0 imprint eval --policy expert --map bus.yaml --start-angle-deg 60 --episodes 3 --steps 9
expect 3 imprint eval --policy expert --map bus.yaml --episodes 3 --steps 9
says "bus: no episode can start on the map's start_tile 1,1 within 4 degrees"
sed 's/0.18}/0.3}/' bus.yaml >blocked.yaml
why="start_tile 1,1 within 60 degrees of a lane: 'bus1' (bus, line 8 of the map) is in the way"
expect 1 imprint map check blocked.yaml
says "$why; move 'bus1'"
expect 3 imprint eval --policy expert --map blocked.yaml --start-angle-deg 60 --episodes 1
says "$why; move 'bus1'"
sed 's/^start_tile.*/start_tile: [2, 2]\nstart_pose: [[0, 0, 0], 0]/; /kind/d' bus.yaml >off.yaml
expect 0 imprint map check off.yaml
prints 'off.yaml:3: start_pose puts the robot off the road: episodes end at their first step'

# what a map leaves out is said by every command that uses it
sed 1d odd.yaml >old.yaml
expect 0 imprint map check old.yaml
prints 'old.yaml:1: no tile_size, as in maps of 2018: 0.585 m is assumed'
imprint eval --policy expert --map old.yaml --episodes 1 --steps 9 >out 2>err || fail "$(cat err)"
says 'imprint: note: old.yaml: no tile_size, as in maps of 2018: 0.585 m is assumed'

# folders of layers and scenarios are maps too; a layer alone says what to give
mkdir layers
cat >layers/tiles.yaml <<'END'
tiles: {m/a: {type: curve}, m/b: {type: curve}, m/c: {type: curve}, m/d: {type: curve}}
END
cat >layers/frames.yaml <<'END'
frames:
  m: {relative_to: ~, pose: {x: 1, y: 2}}
  m/a: {relative_to: m, pose: {x: 0.2925, y: 0.2925, yaw: 0}}
  m/b: {relative_to: m, pose: {x: 0.8775, y: 0.2925, yaw: 1.5708}}
  m/c: {relative_to: m, pose: {x: 0.8775, y: 0.8775, yaw: 3.1416}}
  m/d: {relative_to: m, pose: {x: 0.2925, y: 0.8775, yaw: -1.5708}}
END
echo 'tile_maps: {m: {tile_size: {x: 0.585, y: 0.585}}}' >layers/tile_maps.yaml
expect 0 imprint map check --strict layers layers/
prints 'layers: ok, 2 x 2 tiles of 0.585 m, 4 drivable'
expect 0 imprint eval --policy expert --map layers --episodes 1 --steps 60
expect 3 imprint map check layers/tiles.yaml
says 'give the folder that holds tiles.yaml, frames.yaml and tile_maps.yaml'
{ echo 'scenario_name: one'; echo 'environment: |'; sed 's/^/  /' odd.yaml; } >scenario.yaml
expect 0 imprint map check scenario.yaml
prints 'a scenario of AI-DO: its environment is the map'

# show
expect 0 imprint map show udem1
prints '3  ·  ├─────┤'
# rows from the top on the left, and those of an object's place, from the bottom, on the right
prints '       0  1  2  3  4  5  6  7   row of place'
prints '   0 '
grep -q '^   0 .*   6$' out || fail "no rows of places: $(cat out)"
prints 'sign_T_intersect'
expect 0 imprint map show udem1 --out town.svg
head -c 4 town.svg | grep -q '^<svg' || fail "no SVG: $(head -c 40 town.svg)"
expect 0 imprint map show udem1 --out town.png --size 500x400
[ "$(head -c 24 town.png | tail -c 8 | od -An -tu1 | tr -s ' ')" = ' 0 0 1 244 0 0 1 144' ] ||
    fail "not a PNG of 500 x 400"
expect 2 imprint map show udem1 --out town.gif
says 'must end with .png or .svg'
expect 2 imprint map show udem1 --out tiny.png --size 10x10
expect 3 imprint map show no_such_map --out none.svg
absent town.gif tiny.png none.svg

# new: what is written can be driven, and the seed decides it
for kind in loop grid random; do
    expect 0 imprint map new --$kind --seed 5 --size 9x8 --out $kind.yaml
    prints "$kind.yaml: 9 x 8 tiles of 0.585 m"
    expect 0 imprint map check --strict $kind.yaml
    expect 0 imprint map new --$kind --seed 5 --size 9x8 --out -
    cmp -s out $kind.yaml || fail "the same seed made another $kind town"
done
expect 0 imprint map new --seed 5 --out random2.yaml --size 9x8 --quiet
[ ! -s out ] || fail "--quiet printed $(cat out)"
cmp random.yaml random2.yaml || fail "random is not the default"
expect 4 imprint map new --seed 6 --out random.yaml
says 'random.yaml exists'
cmp random.yaml random2.yaml || fail "a refused command wrote"
expect 0 imprint map new --seed 6 --size 9x8 --out random.yaml --force
differ random.yaml random2.yaml "--force wrote nothing"
expect 0 imprint map new --out busy.yaml --size 12x12 --objects --pedestrians 3 --cars 2 \
    --parked 1 --obstacles 2 --tile-size 0.61 --json
prints '"file": "busy.yaml"'
prints '"tile_size_m": 0.61'
expect 0 imprint map check --strict busy.yaml
[ "$(grep -c 'duckie,.*static: false' busy.yaml)" -eq 3 ] || fail "not three pedestrians"
[ "$(grep -c 'duckiebot,.*static: false' busy.yaml)" -eq 2 ] || fail "not two cars"

# a folder of towns is a map to the others
expect 0 imprint map new --loop --count 12 --objects --out towns
[ "$(find towns -name 'town-00??.yaml' | wc -l)" -eq 12 ] || fail "not twelve towns"
[ "$(cat towns/*.yaml | grep -c '^tiles:')" -eq 12 ] || fail "towns are not whole"
no_leftovers towns
expect 0 imprint map check --strict towns/town-0001.yaml towns/town-0012.yaml
expect 0 imprint log --map towns --episodes 2 --steps 5 --size 40x30 --out data
expect 4 imprint map new --loop --count 3 --out towns
says '--force'
expect 0 imprint map new --loop --count 3 --objects --out towns2
same_folders towns towns2 town-0001.yaml town-0003.yaml
expect 0 imprint map new --loop --count 3 --out towns --force
[ "$(find towns -type f | wc -l)" -eq 3 ] || fail "--force left towns of before"
touch towns/mine
expect 4 imprint map new --loop --count 3 --out towns --force
says 'towns holds mine'

# refusals leave nothing behind
for bad in '--size 3x3' '--size 99x9' '--tile-size 9' '--cars -1' '--cars 30 --pedestrians 30' \
    '--count 0' '--count 10000' '--loop --grid' '--seed -1'; do
    # shellcheck disable=SC2086  # options are kept as words
    expect 2 imprint map new $bad --out bad
done
expect 2 imprint map new
says '--out'
expect 2 imprint map new --out - --count 2
expect 2 imprint map new --out - --json
expect 4 imprint map new --out /proc/nowhere/town.yaml
absent bad
