#!/bin/sh
# cli_missing_files.sh: --resume where a file is missing. Each single file of finished and of
# interrupted folders is taken away: then resuming ends with the bytes of a run that nobody
# disturbed, or it is refused, says what to do, and leaves every file as it is.
# shellcheck disable=SC2086  # commands are kept as words
# shellcheck source=tests/scripts/cli.lib
. "${SOURCE:?the checkout}/tests/scripts/cli.lib"

# sums FOLDER: its files and their contents
sums() {
    (cd "$1" && find . -type f | sort | xargs -r md5sum)
}

refused=0 restored=0
# without FOLDER WHOLE COMMAND...: takes each file of a folder away and runs the command on it
without() {
    from=$1 whole=$2
    shift 2
    for file in $(cd "$from" && find . -type f ! -name '*.tmp' | sort); do
        rm -rf gone
        cp -rp "$from" gone
        rm -f "gone/$file"
        sums gone >before
        code=0
        "$@" --out gone --resume -q >out 2>err </dev/null || code=$?
        case $code in
        0)
            diff -r "$whole" gone >differences ||
                fail "$*: without $file it ended with other bytes: $(cat differences)"
            restored=$((restored + 1))
            ;;
        2 | 3)
            one_line err
            sums gone >after
            cmp -s before after || fail "$*: refused without $file, but files changed: $(cat err)"
            refused=$((refused + 1))
            ;;
        *) fail "$*: without $file it ended with $code: $(cat err)" ;;
        esac
    done
}

# lacks FOLDER FILE TEXT COMMAND...: without that file it is refused with that text
lacks() {
    rm -rf gone
    cp -rp "$1" gone
    rm "gone/$2"
    wanted_text=$3
    shift 3
    expect 3 "$@" --out gone --resume -q
    says "$wanted_text"
}

# interrupt FOLDER FILE COMMAND...: kills the command soon after the file is there
interrupt() {
    to=$1 file=$2
    shift 2
    rm -rf "$to"
    start "$@" --out "$to" -q
    until [ -e "$to/$file" ] || ! runs; do sleep 0.01; done
    stop KILL '0 137'
    find "$to" -name '*.tmp' -delete
}

# recordings
log='imprint log --episodes 20 --steps 30 --size 20x15'
expect 0 $log --out data
without data data imprint log
without data data $log
cp -rp data part
chmod u+w part/*
interrupt part shard-00000.hdf5 imprint log --episodes 40 --steps 30 --size 20x15
expect 0 imprint log --episodes 40 --steps 30 --size 20x15 --out more
without part more imprint log

# trainings
teach='imprint train --data data --network small --no-tensorboard --checkpoint-steps 3'
expect 0 $teach --epochs 4 --out model
without model model imprint train
expect 0 $teach --epochs 2 --out half
without half model imprint train --epochs 4
interrupt part last.safetensors $teach --epochs 4
without part model imprint train
lacks model state.safetensors 'state.safetensors is missing' imprint train
lacks model state.safetensors '--from' imprint train --epochs 30
lacks half history.csv 'history.csv is missing' imprint train

# what belongs to another training
expect 0 $teach --epochs 4 --seed 2 --out other
for file in state.safetensors history.csv model.safetensors last.safetensors; do
    rm -rf gone
    cp -rp model gone
    cp other/$file gone
    sums gone >before
    expect 3 imprint train --out gone --resume --epochs 6
    sums gone >after
    cmp -s before after || fail "another training's $file was refused, but files changed"
done
# a history that is shorter or longer than the state tells
rm -rf gone
cp -rp model gone
sed -i '$d' gone/history.csv
expect 3 imprint train --out gone --resume --epochs 6
says 'history.csv'
rm -rf gone
cp -rp model gone
cp half/state.safetensors gone # an older copy: the epochs after it are done again
expect 0 imprint train --out gone --resume
same_folders model gone

online='imprint train --online --network small --size 20x15 --steps 20 --replay-buffer 8
    --episodes 4 --no-tensorboard --checkpoint-steps 2 --schedule constant'
expect 0 $online --epochs 5 --out online
without online online imprint train
interrupt part drivers/epoch-000003.safetensors $online --epochs 5
without part online imprint train
lacks online state.safetensors 'state.safetensors is missing' imprint train
lacks online drivers/epoch-000004.safetensors 'epoch-000004' imprint train --epochs 6

segments='imprint seg-train --map loop_empty --split all --size 40x32 --images 32
    --validation-images 8 --batch 8 --checkpoint-steps 1 --no-tensorboard'
expect 0 $segments --epochs 3 --out seg
without seg seg imprint seg-train
interrupt part last.safetensors $segments --epochs 3
without part seg imprint seg-train
lacks seg state.safetensors 'state.safetensors is missing' imprint seg-train

# rounds
rounds='imprint dagger --network small --size 20x15 --steps 20 --episodes 4 --epochs 2
    --eval-episodes 2 --eval-steps 20'
expect 0 $rounds --rounds 2 --out rounds
without rounds rounds imprint dagger
expect 0 $rounds --rounds 1 --out fewer
without fewer rounds imprint dagger --rounds 2
interrupt part model-001/last.safetensors $rounds --rounds 2
without part rounds imprint dagger
lacks rounds model-001/state.safetensors 'state.safetensors is missing' imprint dagger --rounds 3

# seeds
sweep() {
    imprint sweep --seeds 2 --episodes 2 --steps 20 "$@" -- --data data --network small \
        --epochs 2 --no-tensorboard
}
expect 0 sweep --out seeds
without seeds seeds sweep
lacks seeds seed-2/state.safetensors 'state.safetensors is missing' sweep --seeds 3

# both ends were met
if [ $refused -le 20 ] || [ $restored -le 20 ]; then
    fail "$refused refused and $restored restored: too few to have tested anything"
fi
