#!/bin/sh
# mpi.sh: under mpirun of Open MPI and MPICH, any number of processes makes the bytes of one;
# failures and dead processes end all of them.
# shellcheck source=tests/scripts/cli.lib
. "${SOURCE:?the checkout}/tests/scripts/cli.lib"

# shellcheck source=tests/scripts/mpi.lib
. "$SOURCE/tests/scripts/mpi.lib"

record='imprint log --episodes 7 --steps 40 --noise 0.3 --size 16x12 --map loop_obstacles'
record="$record --start-angle-deg 60"
drive='imprint eval -p expert -p pure-pursuit --episodes 5 --steps 60 --start-angle-deg 60'
learn='imprint train --data data --batch 18 --shards 4 --threads 1 --no-tensorboard'
learn="$learn --network one-residual --batch-norm --ema-decay 0.9 --validation 0.3"
rounds='imprint dagger --size 32x24 --network small --pose-only --speed 0.5 --noise 0.1 --rounds 1
    --hardest-of 2 --episodes 5 --steps 40 --epochs 2 --shards 4 --eval-episodes 6 --eval-steps 40'
online='imprint train --online --size 32x24 --network small --pose-only --episodes 3 --steps 30
    --replay-buffer 6 --shards 3 --threads 1 --no-tensorboard'
segment='imprint seg-train --map loop_obstacles --map 4way --split all --size 40x32 --images 42
    --batch 12 --shards 5 --validation-images 14 --threads 1 --no-tensorboard --schedule constant'
tries='imprint sweep --seeds 3 --episodes 4 --steps 30'
halves='imprint sweep --grid loss=mse,huber --halving 2 --episodes 3 --steps 20'
trained='--data data --network small --epochs 2 --threads 1'
# shellcheck disable=SC2086  # lists of words, here and below
{
    expect 0 $record --out data
    expect 0 $drive --out report
    expect 0 $learn --epochs 2 --out model
    expect 0 $rounds --out rounds
    expect 0 $online --schedule constant --epochs 4 --out online
    expect 0 $segment --epochs 2 --out segmenter
    expect 0 $tries --out tries -- $trained --no-tensorboard
    expect 0 $halves --out halves -- $trained --no-tensorboard
}
for kind in $kinds; do
    for n in 1 2 3 4; do
        # shellcheck disable=SC2086
        {
            ends 0 ranks "$kind" "$n" $record --threads $((n % 2 + 1)) --out "data-$kind-$n"
            same_folders data "data-$kind-$n"
            [ "$n" -eq 1 ] || ends 0 ranks "$kind" "$n" $drive --threads 1 --out "report-$kind-$n"
            [ "$n" -eq 1 ] || same_folders report "report-$kind-$n"
        }
    done
    # training: the shards of a batch, of which some may be empty, are shared
    for n in 2 3 4; do
        # shellcheck disable=SC2086
        ends 0 ranks "$kind" "$n" $learn --epochs 2 --out "model-$kind-$n"
        same_folders model "model-$kind-$n"
    done
    # shellcheck disable=SC2086
    {
        ends 0 ranks "$kind" 3 $learn --epochs 1 --out "resumed-$kind"
        ends 0 ranks "$kind" 2 imprint train --resume --epochs 2 --out "resumed-$kind"
        says 'in communication'
        same_folders model "resumed-$kind" model.safetensors last.safetensors state.safetensors
        ends 2 ranks "$kind" 4 $learn --shards 3 --out none
        says 'start at most as many processes'
    }
    # DAgger: driving, training and evaluation of all rounds are shared
    for n in 2 3 4; do
        # shellcheck disable=SC2086
        ends 0 ranks "$kind" "$n" $rounds --threads 1 --out "rounds-$kind-$n"
        same_folders rounds "rounds-$kind-$n"
    done
    # shellcheck disable=SC2086
    {
        ends 0 ranks "$kind" 3 $rounds --rounds 0 --out "more-$kind"
        ends 0 ranks "$kind" 2 imprint dagger --resume --rounds 1 --out "more-$kind"
        same_folders rounds "more-$kind" rounds.csv model.safetensors
        same_folders rounds/data-001 "more-$kind/data-001"
        same_folders rounds/model-001 "more-$kind/model-001"
        ends 2 ranks "$kind" 4 $rounds --shards 3 --out none
        says 'start at most as many processes'
        ends 2 ranks "$kind" 3 $rounds --eval-episodes 2 --out none
        says '2 episodes of evaluation for 3 processes'
        # online training: each process drives a part of the episodes of an epoch
        ends 0 ranks "$kind" 3 $online --schedule constant --epochs 2 --out "online-$kind"
        ends 0 ranks "$kind" 2 imprint train --online --resume --epochs 4 --out "online-$kind"
        same_folders online "online-$kind" model.safetensors state.safetensors history.jsonl
        same_folders online/drivers "online-$kind/drivers"
        # segmenters: each process renders the images of its shards
        ends 0 ranks "$kind" 4 $segment --epochs 1 --out "segmenter-$kind"
        ends 0 ranks "$kind" 2 imprint seg-train --resume --epochs 2 --out "segmenter-$kind"
        same_folders segmenter "segmenter-$kind" model.safetensors state.safetensors \
            history.jsonl segments.png
        # sweeps: each process trains and evaluates by itself; some may have nothing to do
        ends 0 ranks "$kind" 2 $tries --out "tries-$kind" -- $trained --no-tensorboard
        same_folders tries "tries-$kind"
        ends 0 ranks "$kind" 4 $halves --out "halves-$kind" -- $trained --no-tensorboard
        same_folders halves "halves-$kind"
        ends 4 ranks "$kind" 2 $tries --out tries -- $trained
        says 'continue it with --resume'
        ends 1 ranks "$kind" 2 $tries --resume --require-lane-distance 0.0001 --out tries -- \
            $trained --no-tensorboard
        says 'the mean |lane distance|'
    }
    # a signal to mpirun ends all, and any number of processes goes on
    # shellcheck disable=SC2086
    $(launcher "$kind") 2 $learn --epochs 100000 --out "stopped-$kind" >"$work/out" 2>&1 \
        </dev/null &
    left=$!
    until [ -e "stopped-$kind/history.jsonl" ]; do sleep 0.05; done
    kill -TERM "$left"
    code=0
    { wait "$left"; } 2>/dev/null || code=$?
    left=
    [ "$code" -ne 0 ] || fail 'a training that was stopped ends well'
    epochs=$(($(wc -l <"stopped-$kind/history.jsonl") + 1))
    ends 0 ranks "$kind" 3 imprint train --resume --epochs "$epochs" --out "stopped-$kind"
    # shellcheck disable=SC2086
    ends 0 $learn --epochs "$epochs" --out "straight-$kind"
    same_folders "straight-$kind" "stopped-$kind" last.safetensors state.safetensors
    # what one number of processes began, another goes on with
    # shellcheck disable=SC2086
    {
        ends 0 ranks "$kind" 3 $record --episodes 4 --out "longer-$kind"
        ends 0 ranks "$kind" 2 imprint log --resume --episodes 7 --out "longer-$kind"
        same_folders data "longer-$kind" main_data.hdf5 shard-00000.hdf5
        # failures that all know, and what one process alone does
        ends 4 ranks "$kind" 2 $record --out data
        says 'data exists'
        ends 2 ranks "$kind" 2 imprint map list
        says 'works in one process'
        ends 2 ranks "$kind" 6 $drive --out none
        says 'at most as many processes'
    }
    # settings that differ
    cat >differ.sh <<'END'
exec imprint log --episodes 4 --steps 20 --seed "${OMPI_COMM_WORLD_RANK:-$PMI_RANK}" --out differ
END
    ends 2 ranks "$kind" 2 sh differ.sh
    says 'of rank 0 and rank 1 differ'
    [ ! -e differ ] || fail 'ranks that differ leave a folder'

    # a process that dies ends all within seconds, and what was written is good for others
    cat >rank.sh <<'END'
echo $$ >"pid-${OMPI_COMM_WORLD_RANK:-$PMI_RANK}"
exec imprint log --episodes 60 --steps 300 --seed 3 --size 32x24 --threads 1 --out "killed-$1"
END
    rm -f pid-*
    ranks "$kind" 3 sh rank.sh "$kind" >"$work/out" 2>&1 </dev/null &
    left=$!
    until [ -s "killed-$kind/shard-00000.hdf5" ]; do sleep 0.05; done
    kill -9 "$(cat "pid-$(($(date +%s) % 3))")"
    begun=$(date +%s)
    code=0
    { wait "$left"; } 2>/dev/null || code=$?
    left=
    if [ "$code" -eq 0 ] || [ $(($(date +%s) - begun)) -gt 20 ]; then
        fail "after a kill, the others end with $code, $(($(date +%s) - begun)) s later"
    fi
    grep -qi 'signal 9\|killed' "$work/out" || fail "no message of a kill: $(cat "$work/out")"
    ends 0 ranks "$kind" 2 imprint log --resume --out "killed-$kind"
    [ -e whole ] ||
        expect 0 imprint log --episodes 60 --steps 300 --seed 3 --size 32x24 --out whole
    same_folders whole "killed-$kind"
done
