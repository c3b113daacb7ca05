#!/bin/sh
# cli_errors.sh: what is wrong ends with the documented exit code and one line that says it.
# shellcheck disable=SC2086  # commands and options are kept as words
# shellcheck source=tests/scripts/cli.lib
. "${SOURCE:?the checkout}/tests/scripts/cli.lib"

small='--episodes 2 --steps 20 --size 40x30'

# 2: wrong arguments
expect 2 imprint steer
says "unknown command 'steer'"
expect 2 imprint log --no-such-option 3
says '--no-such-option'
expect 2 imprint log -Z
expect 2 imprint log --episodes
says 'wants a value'
for bad in 'episodes three' 'episodes 3.5' 'episodes 99999999999' 'episodes 0' 'steps -1' \
    'noise nan' 'noise 2' 'noise-time 0' 'seed -1' 'size 80' 'size 0x0' 'size 80x60x3' \
    'size 99999x2' 'lens fisheye' 'start-angle-deg 0' 'start-angle-deg inf' 'frame-skip 0' \
    'threads -1' 'threads 99999' 'start-tile 3'; do
    expect 2 imprint log --out data --$bad
done
expect 0 imprint log $small --out usage
for bad in 'epochs 0' 'batch 0' 'batch x' 'learning-rate nan' 'learning-rate -1' 'validation 1' \
    'shards 0' 'checkpoint-steps 0' 'network no-such' 'schedule no-such'; do
    expect 2 imprint train --data usage --out model --$bad
done
for bad in 'episodes 0' 'steps 0' 'threads x' 'size 1'; do
    expect 2 imprint eval --policy expert --$bad
done
expect 2 imprint log unexpected
says "unexpected argument 'unexpected'"
# what was meant for an option, and an option that is an argument
for case in 'eval runs/model:--policy' 'train runs/data:--data' 'log udem1:--map'; do
    expect 2 imprint ${case%%:*}
    says "if it is the value of ${case#*:}, write ${case#*:} "
done
# sources of policies, which no command compiles
echo 'int main(void) { return 0; }' >mine.c
: >mine.py
expect 3 imprint eval --policy mine.c
says 'mine.c: is a source: compile it to a plug-in, cc -O2 -shared -fPIC -I PREFIX/include'
expect 3 imprint eval --policy mine.py
says 'a policy in Python drives in Python, where imprint.evaluate() takes a function'
expect 2 imprint eval jion part
says "did you mean 'join'?"
expect 2 imprint map check --map udem1
says 'unknown option --map: it is an argument here. Write it without --map: imprint map'
expect 2 imprint log --out data --resume --force
expect 2 imprint map
expect 2 imprint map show
expect 2 imprint map fly loop_empty
expect 2 imprint data
expect 2 imprint data info
expect 2 imprint data info a b
expect 2 imprint render --pose 1,2
expect 2 imprint render --pose 1,2,nan
expect 2 imprint render --view sideways
expect 2 imprint bench nothing
absent data model

# a folder for runs that nothing is written to goes with what was made for it, and no other
mkdir mine
for out in runs/a runs/b/c ./runs/d/ mine/e/f mine/g "$PWD/runs/h"; do
    expect 3 imprint log --map no_such_map --out "$out"
    expect 3 imprint eval --policy no_such_policy --out "$out"
    absent runs
    [ -d mine ] || fail 'a folder that was there before is gone'
    [ -z "$(ls mine)" ] || fail "something is left in it: $(ls mine)"
done
expect 3 imprint train --data nowhere
expect 3 imprint sweep --out runs/s --seeds 2 -- train --data nowhere
absent runs

# options that would not be looked at
expect 0 imprint log $small --out used
for case in 'render --episode 1:--episode needs --replay or --randomize' \
    'render --every 2:--every needs --replay' \
    'render --episodes 4:--episodes needs --randomize' \
    'eval --policy expert --keep-messages --out kept:give one with --agent' \
    'eval --policy expert --test-starts:give --protocol aido-lf' \
    'train --data used --episodes 3:--episodes has no effect without --online' \
    'train --data used --online:--data cannot be combined with --online' \
    'log --resume --out nowhere:nowhere: no such folder, so there is nothing to resume' \
    'log --resume --force --out nowhere:--resume and --force exclude each other' \
    'log --size 80:a width and a height such as 80x60' \
    'log --start-tile 3:two whole numbers such as 3,1' \
    'bench agent --frames 0:--frames 0 must be at least 1'; do
    expect 2 imprint ${case%%:*}
    says "${case#*:}"
done
absent kept nowhere picture.png
# what a sweep cannot learn from is told before it drives
expect 3 imprint sweep --out swept -- --data nowhere
says 'nowhere: no such folder'
[ ! -s out ] || fail "the sweep began: $(cat out)"
absent swept

# 3: bad input
expect 3 imprint log --map no_such_map --out data
says "unknown map 'no_such_map'"
expect 3 imprint eval --policy expert --map no_such_map
expect 3 imprint render --map no_such_map
expect 3 imprint map check no_such_map
expect 3 imprint log --start-tile 0,0 --out data
says '--start-tile 0,0 is not drivable'
printf 'tile_size: 0.585\ntiles:\n- [straight/N, floor]\n- [straight/N]\n' >ragged.yaml
printf 'tile_size: 0.585\ntiles:\n- [straight/N, lava]\n' >lava.yaml
printf 'tile_size: nan\ntiles:\n- [straight/N]\n' >size.yaml
printf '\211PNG\r\n\032\n' >picture.yaml
for case in 'ragged.yaml:4:' 'lava.yaml:3:' 'size.yaml:1:' 'picture.yaml: is a PNG image'; do
    map=${case%%:*}
    expect 3 imprint log --map "$map" --out data
    says "$case"
    expect 3 imprint map check "$map"
    says "$case"
    expect 3 imprint eval --policy expert --map "./$map"
    says "$case"
done
code=0
imprint data info nowhere >out 2>err || code=$?
[ "$code" -eq 3 ] || [ "$code" -eq 4 ] || fail "a missing dataset ends with $code"
one_line err
says nowhere
code=0
imprint train --data nowhere --out model >out 2>err || code=$?
[ "$code" -eq 3 ] || [ "$code" -eq 4 ] || fail "training on nothing ends with $code"
one_line err
says nowhere
expect 3 imprint eval --policy no_such_model
says no_such_model

# nothing to drive on: the map is sound, but of no use
printf 'tile_size: 0.585\ntiles:\n- [asphalt, asphalt]\n- [asphalt, asphalt]\n' >field1.yaml
expect 1 imprint map check field1.yaml
says 'no drivable tile'
expect 3 imprint log --map field1.yaml --out data
says 'no drivable tile'
expect 3 imprint eval --policy expert --map field1.yaml
expect 0 imprint map show field1.yaml
expect 0 imprint render --map field1.yaml --view top-down --out field.png
absent data model

# datasets and models that are damaged or do not fit
expect 0 imprint log $small --out data
expect 0 imprint train --data data --epochs 1 --out model
expect 0 imprint data check data
expect 0 imprint eval --policy model --episodes 1 --steps 5
expect 3 imprint eval --policy model --episodes 1 --size 80x60
says 'needs observations of 40 x 30'
says '80 x 60'
expect 0 imprint log --episodes 2 --steps 5 --size 48x36 --out larger
expect 3 imprint train --data larger --from model --out other-model
says 'model/model.safetensors: is for images of 40 x 30, these are 48 x 36'
expect 3 imprint train --data data --data larger --out other-model
says 'pictures of 48 x 36'
absent other-model
head -c 5000 model/model.safetensors >short.safetensors
expect 3 imprint eval --policy short.safetensors
says short.safetensors
expect 3 imprint eval --policy data/metadata.json
says data/metadata.json
expect 3 imprint eval --policy data
says 'no model.safetensors in it'
cp -r data broken
chmod -R u+w broken
head -c 20000 data/shard-00000.hdf5 >broken/shard-00000.hdf5
expect 3 imprint data info broken
says broken/shard-00000.hdf5
expect 3 imprint train --data broken --out model2
cp data/shard-00000.hdf5 broken/shard-00000.hdf5
chmod u+w broken/shard-00000.hdf5
printf 'XXXXXXXX' | dd of=broken/shard-00000.hdf5 bs=1 seek=40000 conv=notrunc 2>/dev/null
expect 1 imprint data check broken

# 4: output that is there already, or cannot be written
expect 4 imprint log $small --out data
says '--resume'
says '--force'
expect 4 imprint train --data data --epochs 1 --out model
expect 0 imprint eval --policy expert --episodes 1 --steps 5 --out metrics
expect 4 imprint eval --policy expert --episodes 1 --steps 5 --out metrics
expect 0 imprint log $small --out data --force
expect 0 imprint train --data data --epochs 1 --out model --force
expect 0 imprint eval --policy expert --episodes 1 --steps 5 --out metrics --force
mkdir precious
echo mine >precious/thesis.tex
expect 4 imprint log $small --out precious --force
says thesis.tex
[ "$(cat precious/thesis.tex)" = mine ] || fail "--force took a stranger's file"
for out in field1.yaml/sub /proc/nowhere; do
    expect 4 imprint log $small --out $out
    says "$out"
    expect 4 imprint train --data data --epochs 1 --out $out
    expect 4 imprint eval --policy expert --episodes 1 --steps 5 --out $out
    expect 4 imprint render --out $out/picture.png
    expect 4 imprint map show loop_empty --out $out/picture.png
done
mkdir -m 555 locked
expect 4 unprivileged imprint log $small --out locked/data
says locked
expect 0 imprint data check data

# the library names members of definitions, the program its options
while read -r option command; do
    # shellcheck disable=SC2086  # words
    expect 2 imprint $command
    says "imprint: $option "
done <<'END'
--turns eval -p expert --turns xyz
--replay-buffer train --online --replay-buffer 7 --episodes 4 --out never
--learning-rate train --online --learning-rate -1 --out never
--shards train --online --shards 1000 --out never
--ema-decay train --online --ema-decay 1 --out never
--wanted-speed-min log --wanted-speed-min 1 --out never
--take-over drive -p expert --take-over 3 --out never
--hand-back drive -p expert --take-over 0.1 --hand-back 0.2 --out never
--tile-size map new --tile-size 9 --out never.yaml
--share eval -p expert --share 2/2 --episodes 1 --out never
END
absent never never.yaml
