#!/bin/sh
# cli_resume.sh: Ctrl-C ends with 130 and one line; after it, or after a kill, --resume ends with
# the bytes of a run that nobody disturbed.
# shellcheck disable=SC2086  # commands and options are kept as words
# shellcheck source=tests/scripts/cli.lib
. "${SOURCE:?the checkout}/tests/scripts/cli.lib"

# refused COMMAND...: a second process in the same folder is told who writes there
refused() {
    code=0
    "$@" >second.out 2>second.err </dev/null || code=$?
    [ "$code" -eq 4 ] || fail "'$*' ended with $code beside another process"
    grep -q "process $left is writing here" second.err ||
        fail "'$*' does not name the other process: $(cat second.err)"
}

# nothing to resume: the folder of --out is named, not the default of another one
for command in log train dagger seg-train sweep; do
    expect 2 imprint $command --out nowhere --resume
    says 'nowhere: no such folder, so there is nothing to resume'
done
absent nowhere

# runs without end, so that the signal always comes in time
start imprint log --episodes 1000000 --steps 100 --size 40x30 --out endless
until [ -e endless ] || ! runs; do sleep 0.05; done
stop INT 130
one_line err
says '--resume'
no_leftovers endless
expect 0 imprint data check endless
start imprint log --episodes 1000000 --steps 100 --size 40x30 --out endless --resume
stop TERM 130
one_line err
expect 0 imprint data check endless
start imprint eval --policy expert --policy pure-pursuit --episodes 1000000 --steps 1500 --out e
stop INT 130
one_line err
says 'interrupted: nothing of an evaluation is kept; long ones can be driven in parts'
[ ! -e e/metrics.json ] || fail "an interrupted evaluation wrote figures"
start imprint eval --policy expert --episodes 1000000 --share 2/9 --steps 1500 --out e
stop INT 130
says 'nothing of part 2 of 9 is kept; other parts are'

start imprint bench env --seconds 30
sleep 0.5
stop INT 130
one_line err

collect='imprint log --episodes 50 --steps 60 --size 40x30 --noise 0.2'
expect 0 $collect --out whole
start imprint train --data whole --epochs 1000000 --out endless-model
until [ -e endless-model/model.safetensors ] || ! runs; do sleep 0.05; done
refused imprint train --data whole --epochs 1000000 --out endless-model --resume
refused imprint train --data whole --epochs 1000000 --out endless-model --force
runs || fail 'a second training ended the first one'
stop INT 130
one_line err
says ', continue with --out endless-model --resume'
no_leftovers endless-model
expect 0 imprint eval --policy endless-model --episodes 1 --steps 5

start imprint dagger --first-episodes 1000000 --steps 60 --out endless-dagger
until ls -d endless-dagger/data-* >second.out 2>&1 || ! runs; do sleep 0.05; done
refused imprint dagger --first-episodes 1000000 --steps 60 --out endless-dagger --resume
stop INT 130
says 'continue with --out endless-dagger --resume'

# runs that end: a signal may come too late, but what is there in the end is the same
teach='imprint train --data whole --epochs 3 --checkpoint-steps 5'
expect 0 $teach --out whole-model
models='model.safetensors last.safetensors state.safetensors history.csv loss.svg'
# wait_for FILE|SECONDS: until the file is there (or the program has ended), or for so long
wait_for() {
    case $1 in
    */*) until [ -e "$1" ] || ! runs; do sleep 0.01; done ;;
    *) sleep "$1" ;;
    esac
}

moments='0 0.1 first' kills='1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20'
[ -z "${BRIEF:-}" ] || moments=first kills='1 2 3 4 5'
for moment in $moments; do
    for signal in INT KILL; do
        codes='0 130'
        [ $signal = INT ] || codes='0 137'
        data=data-$signal-$moment model=model-$signal-$moment
        start $collect --out "$data"
        wait_for "$([ $moment = first ] && echo "$data/shard-00000.hdf5" || echo $moment)"
        stop $signal "$codes"
        expect 0 $collect --out "$data" --resume
        same_folders whole "$data"
        start $teach --out "$model"
        wait_for "$([ $moment = first ] && echo "$model/model.safetensors" || echo $moment)"
        stop $signal "$codes"
        expect 0 $teach --out "$model" --resume
        same_folders whole-model "$model" $models
    done
done

# killed many times, after other steps each time, with everything that a training can need
cat >past.yaml <<'END'
actions: 3
frames: 2
layers:
  - {name: flat, kind: flatten}
  - {name: all, kind: concat, input: [flat, actions]}
  - {name: action, kind: dense, channels: outputs}
END
rich='imprint train --data whole --network past.yaml --augment all --shuffle-buffer 200 --epochs 40
    --checkpoint-steps 3 --ema-decay 0.9'
expect 0 $rich --out whole-rich
resume=
for moment in $kills; do
    start ${resume:-$rich} --out killed-rich
    sleep "0.$((moment * 37 % 19 + 10))"
    stop KILL '0 137'
    # its settings are in the folder
    [ ! -e killed-rich/settings.yaml ] || resume='imprint train --resume'
    [ -n "$resume" ] || rm -rf killed-rich
done
expect 0 ${resume:-$rich} --out killed-rich
same_folders whole-rich killed-rich $models

# repeating a finished command with --resume is harmless, with other settings it is refused
expect 0 $collect --out whole --resume
expect 0 imprint log --out whole --resume
expect 2 $collect --out whole --resume --seed 7
says 'begun with seed: 123; now seed: 7'
expect 0 $teach --out whole-model --resume
expect 3 $teach --out whole-model --resume --seed 7
same_folders whole data-INT-first

# nor do other commands go on in a folder, or settings that ask for less than was done
expect 2 imprint dagger --resume --out whole-model
says 'made by imprint train'
expect 2 imprint train --data whole --resume --out whole
says 'made by imprint log'
expect 2 imprint train --data whole --force --out ./whole
says 'is a folder of --data'
expect 0 imprint log --episodes 2 --steps 60 --size 40x30 --out other
expect 3 imprint train --data other --resume --out whole-model
says 'on other data'
expect 3 imprint train --resume --schedule cosine --out whole-model
says 'schedule'
printf 'data: [data-INT-first]\n' >cfg.yaml
expect 2 imprint train --config cfg.yaml --resume --out whole
says 'made by imprint log'
expect 2 imprint log --resume --out nothing
says 'nothing to resume'
[ ! -e nothing ] || fail "a refused command made a folder"

# settings that nothing is made with yet are kept, those that have grown are there after a kill
mkdir lone
cp whole-model/settings.yaml lone
mv whole away
expect 3 imprint train --resume --out lone
mv away whole
expect 0 imprint train --resume --out lone
same_folders whole-model lone $models
expect 0 imprint train --data whole --epochs 2 --out two
start imprint train --resume --epochs 1000000 --out two
until grep -q '^3,' two/history.csv || ! runs; do sleep 0.01; done
stop KILL 137
start imprint train --resume --out two
until grep -q '^6,' two/history.csv || ! runs; do sleep 0.01; done
stop INT 130
rm -r two
expect 0 imprint train --data whole --epochs 2 --out two
expect 2 imprint train --data whole --epochs 1 --resume --out two
says 'has had 2 epochs already'
