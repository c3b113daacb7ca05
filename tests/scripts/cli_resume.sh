#!/bin/sh
# cli_resume.sh: Ctrl-C ends with 130 and one line; after it, or after a kill, --resume ends with
# the bytes of a run that nobody disturbed.
# shellcheck disable=SC2086  # commands and options are kept as words
# shellcheck source=tests/scripts/cli.lib
. "${SOURCE:?the checkout}/tests/scripts/cli.lib"

# runs without end, so that the signal always comes in time
start imprint log --episodes 1000000 --steps 100 --size 40x30 --out endless
until [ -e endless ]; do sleep 0.05; done
stop INT 130
one_line err
says '--resume'
no_leftovers endless
expect 0 imprint data check endless
start imprint log --episodes 1000000 --steps 100 --size 40x30 --out endless --resume
stop TERM 130
one_line err
expect 0 imprint data check endless
start imprint eval --policy expert --policy reference --episodes 1000000 --steps 1500 --out e
stop INT 130
one_line err
[ ! -e e/metrics.json ] || fail "an interrupted evaluation wrote figures"

collect='imprint log --episodes 50 --steps 60 --size 40x30 --noise 0.2'
expect 0 $collect --out whole
start imprint train --data whole --epochs 1000000 --out endless-model
until [ -e endless-model/model.safetensors ]; do sleep 0.05; done
stop INT 130
one_line err
says '--resume'
no_leftovers endless-model
expect 0 imprint eval --policy endless-model --episodes 1 --steps 5

# runs that end: a signal may come too late, but what is there in the end is the same
teach='imprint train --data whole --epochs 3 --checkpoint-steps 5'
expect 0 $teach --out whole-model
models='model.safetensors last.safetensors state.safetensors history.csv loss.svg'
for delay in 0 0.1 0.25; do
    for signal in INT KILL; do
        codes='0 130'
        [ $signal = INT ] || codes='0 137'
        start $collect --out "data-$signal-$delay"
        sleep $delay
        stop $signal "$codes"
        expect 0 $collect --out "data-$signal-$delay" --resume
        same_folders whole "data-$signal-$delay"
        start $teach --out "model-$signal-$delay"
        sleep $delay
        stop $signal "$codes"
        expect 0 $teach --out "model-$signal-$delay" --resume
        same_folders whole-model "model-$signal-$delay" $models
    done
done

# repeating a finished command with --resume is harmless, with other settings it is refused
expect 0 $collect --out whole --resume
expect 2 $collect --out whole --resume --seed 7
expect 0 $teach --out whole-model --resume
expect 3 $teach --out whole-model --resume --seed 7
same_folders whole data-INT-0
