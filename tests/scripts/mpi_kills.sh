#!/bin/sh
# mpi_kills.sh: a process of several is killed at random moments, again and again. All others end,
# and runs with other numbers of processes go on to the bytes of a run that was never killed.
# KILLS=50 kills as often (4 otherwise), SEED=N repeats the moments of a run.
# shellcheck disable=SC2086  # commands are kept as words
# shellcheck source=tests/scripts/cli.lib
. "${SOURCE:?the checkout}/tests/scripts/cli.lib"
# shellcheck source=tests/scripts/mpi.lib
. "$SOURCE/tests/scripts/mpi.lib"

wanted_kills=${KILLS:-4}
random=${SEED:-$(date +%s)}
echo "$wanted_kills kills, SEED=$random"

# draw N: sets $drawn to a number below N (a linear congruential generator)
draw() {
    random=$(((random * 1103515245 + 12345) % 2147483648))
    drawn=$((random / 65536 % $1))
}

record='imprint log --episodes 40 --steps 150 --seed 3 --size 32x24 --threads 1 --noise 0.2'
learn='imprint train --data log-whole --network small --epochs 12 --batch 16 --shards 4 --threads 1
    --checkpoint-steps 20 --no-tensorboard'
begun=$(date +%s)
expect 0 $record --out log-whole
expect 0 $learn --out train-whole
# kills come within this time [ms]: about that of a run, on a machine that is busy, too
longest=$((1000 + 500 * ($(date +%s) - begun)))

cat >rank.sh <<'END'
echo $$ >"pid-${OMPI_COMM_WORLD_RANK:-$PMI_RANK}"
exec "$@"
END

# run_and_kill KIND N COMMAND...: starts N processes and kills one of them. Counts a kill that met
# one; $done says whether the run had ended well.
run_and_kill() {
    kind=$1 n=$2
    shift 2
    rm -f pid-*
    ranks "$kind" "$n" sh rank.sh "$@" >"$work/out" 2>&1 </dev/null &
    left=$!
    draw "$n"
    victim=pid-$drawn
    until [ -s "$victim" ] || ! kill -0 "$left" 2>/dev/null; do sleep 0.01; done
    draw "$longest"
    sleep "$(printf '%d.%03d' $((drawn / 1000)) $((drawn % 1000)))"
    met=0
    [ ! -s "$victim" ] || ! kill -9 "$(cat "$victim")" 2>/dev/null || met=1
    begun=$(date +%s)
    code=0
    { wait "$left"; } 2>/dev/null || code=$?
    left=
    ended=$(($(date +%s) - begun))
    [ "$met" -eq 0 ] || [ "$ended" -le 20 ] || fail "the others ended $ended s after a kill"
    done=0
    if [ "$code" -eq 0 ]; then
        done=1
    else
        [ "$met" -eq 1 ] || fail "nothing was killed, but: $(cat "$work/out")"
        kills=$((kills + 1))
    fi
}

kills=0 runs=0 whole_runs=0
while [ "$kills" -lt "$wanted_kills" ]; do
    runs=$((runs + 1))
    draw 2
    case $drawn in
    0) command=$record whole=log-whole out=log-$runs ;;
    1) command=$learn whole=train-whole out=train-$runs ;;
    esac
    done=0 last=$((kills + 4))
    [ "$last" -le "$wanted_kills" ] || last=$wanted_kills
    while [ "$done" -eq 0 ] && [ "$kills" -lt "$last" ]; do
        # shellcheck disable=SC2046  # a list of words
        set -- $kinds
        draw $#
        shift "$drawn"
        next=$1
        draw 3
        run_and_kill "$next" $((drawn + 2)) $command --out "$out" --resume
    done
    # what a kill left is completed by one process
    [ "$done" -eq 1 ] || $command --out "$out" --resume >"$work/out" 2>"$work/err" ||
        fail "what a kill left is not completed: $(cat "$work/err")"
    same_folders "$whole" "$out"
    whole_runs=$((whole_runs + 1))
    rm -r "$out"
done
echo "$kills kills in $runs runs, of which $whole_runs ended with the bytes of a run without kills"
