#!/bin/sh
# cli_online.sh: training without a dataset, killed at any point and resumed, ends with the bytes
# of a run that nobody disturbed.
# shellcheck disable=SC2086  # commands are kept as words
# shellcheck source=tests/scripts/cli.lib
. "${SOURCE:?the checkout}/tests/scripts/cli.lib"

teach='imprint train --online --network small --size 40x30 --start-angle-deg 30 --steps 40
    --replay-buffer 12 --episodes 4 --epochs 8 --checkpoint-steps 4 --no-tensorboard'

expect 0 $teach --out whole
prints 'whole: '
prints '8 epochs'
[ "$(wc -l <whole/history.csv)" -eq 9 ] || fail "history.csv has not a row per epoch"
expect 0 $teach --threads 1 --out one
diff -r whole one || fail "the number of threads changed bytes"

for file in drivers/epoch-000001.safetensors history.csv drivers/epoch-000005.safetensors; do
    for signal in INT KILL; do
        codes='0 130'
        [ $signal = INT ] || codes='0 137'
        start $teach --out killed
        until [ -e killed/$file ] || ! runs; do sleep 0.01; done
        stop $signal "$codes"
        expect 0 imprint train --out killed --resume # its settings are in the folder
        diff -r whole killed || fail "after $signal at $file the folders differ"
        rm -rf killed
    done
done

# what is learned from worlds that differ is something else
expect 0 $teach --randomize looks --epochs 1 --out looks
expect 0 $teach --epochs 1 --out plain
differ looks/model.safetensors plain/model.safetensors "--randomize changes nothing"
cut -d, -f2 looks/history.csv >first
cut -d, -f2 plain/history.csv >second
differ first second "--randomize changes no picture"
expect 2 $teach --randomize fog --out other
says "'fog'"
echo '{"camera_angle": {"type": "uniform", "low": 0.9, "high": 1.1}}' >drawn.json
expect 0 $teach --distributions drawn.json --epochs 2 --schedule constant --out drawn
sed 's/0.9/0.8/' drawn.json >other.json && mv other.json drawn.json
expect 3 $teach --distributions drawn.json --epochs 3 --schedule constant --out drawn --resume
says 'other settings'

# what it writes it may replace, unless it is stopped before there is anything new
expect 0 $teach --epochs 1 --force --out plain
cp -r plain kept
start $teach --replay-buffer 2000 --episodes 1000 --force --out plain
stop INT 130
says 'before anything was written'
diff -r plain kept || fail "an interruption changed the folder that was to be replaced"

# settings that are saved can be used again; others would not be looked at
expect 0 imprint train --config whole/settings.yaml --out again
cmp whole/model.safetensors again/model.safetensors
expect 2 imprint train --noise 0.1 --out other
says '--noise has no effect without --online'
expect 2 $teach --out other --patience 3
says '--patience'
expect 0 imprint eval --policy whole --episodes 1 --steps 5
expect 2 $teach --out other --data whole
says '--data'
echo 'data: [whole]' >data.yaml
expect 2 $teach --out other --config data.yaml
says '--data'
expect 2 $teach --out other --replay-buffer 10
says 'multiple'
expect 3 $teach --out whole --resume --noise 0.3
says 'other settings'
