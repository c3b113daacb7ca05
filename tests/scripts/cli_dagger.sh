#!/bin/sh
# cli_dagger.sh: DAgger killed at any point and resumed ends with the bytes of a run that nobody
# disturbed; its folder can be driven with, continued and replaced.
# shellcheck disable=SC2086  # commands are kept as words
# shellcheck source=tests/scripts/cli.lib
. "${SOURCE:?the checkout}/tests/scripts/cli.lib"

dagger='imprint dagger --size 40x30 --network small --pose-only --speed 0.5 --noise 0.1 --rounds 2
    --hardest-of 2 --first-episodes 12 --episodes 8 --steps 50 --epochs 2 --eval-episodes 6
    --eval-steps 50'

expect 0 $dagger --out whole
prints 'whole: 3 rounds'
prints '25 %'
prints 'best'
[ "$(wc -l <whole/rounds.csv)" -eq 4 ] || fail "rounds.csv has not a row per round"

# killed while it drives, trains and evaluates, in every round
moments='data-000/shard-00000.hdf5 model-000/last.safetensors data-001/main_data.hdf5
    model-001/history.csv rounds.csv model-002/model.safetensors'
[ -z "${BRIEF:-}" ] || moments='model-000/last.safetensors rounds.csv'
for file in $moments; do
    for signal in INT KILL; do
        codes='0 130'
        [ $signal = INT ] || codes='0 137'
        start $dagger --out killed
        until [ -e killed/$file ] || ! runs; do sleep 0.01; done
        stop $signal "$codes"
        expect 0 imprint dagger --out killed --resume # its settings are in the folder
        diff -r whole killed || fail "after $signal at $file the folders differ"
        chmod -R u+w killed
        rm -rf killed
    done
done

# the policy that is kept drives; finished runs are continued or replaced, others left alone
expect 0 imprint eval --policy whole --episodes 2 --steps 5
expect 0 $dagger --out whole --resume
expect 4 $dagger --out whole
says '--resume'
expect 2 $dagger --out whole --resume --seed 5 --speed 0.4
says 'begun with seed: 123, speed: 0.5; now seed: 5, speed: 0.4'
expect 2 imprint dagger --out whole --resume --seed 5 --train-seed 123 # as the other one was
says 'begun with seed: 123, train-seed: 1; now seed: 5, train-seed: 123'
expect 0 imprint dagger --out whole --resume
expect 0 $dagger --out whole --force --json
prints '"rounds"'

# longer after the last round, with another loss, by the challenge's clock
expect 0 $dagger --out longer --rounds 1 --last-epochs 3 --loss huber --ema-decay 0.9 \
    --clock challenge
[ "$(wc -l <longer/model-000/history.csv)" -eq 3 ] || fail "round 0 has not two epochs"
[ "$(wc -l <longer/model-001/history.csv)" -eq 4 ] || fail "the last round has not three epochs"
expect 0 imprint data info longer/data-001
prints '0.05'

# what a later round would refuse is refused before anything is touched
cp -r whole kept
for wrong in '--network nosuch' '--eval-episodes 0' '--learning-rate -1' '--augment fog'; do
    expect 2 $dagger $wrong --force --out kept
    diff -r whole kept || fail "a refused $wrong changed the folder that was to be replaced"
done
expect 2 $dagger --rounds 1 --resume --out kept
says 'more rounds'
expect 0 imprint dagger --rounds 3 --resume --out kept
[ "$(wc -l <kept/rounds.csv)" -eq 5 ] || fail "no round was added"

touch whole/data-000/mine
expect 4 $dagger --out whole --force
says 'mine'
expect 2 $dagger --out other --loss cross-entropy
says 'huber'
expect 2 $dagger --out other --clock noon
says '--clock'
expect 2 $dagger --out other --hardest-of 0
says '--hardest-of 0: must be within 1 to 100'
expect 2 $dagger --out other --max-return-angle-deg 100
says '--max-return-angle-deg 100 is not within 0 to 90'
expect 2 $dagger --out other --beta sometimes
says '--beta'
expect 2 $dagger --out other --beta-decay 2
[ ! -e other ] || fail "a refused command made a folder"
