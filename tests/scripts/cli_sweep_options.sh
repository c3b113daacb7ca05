#!/bin/sh
# cli_sweep_options.sh: sweeps over options: values are checked first, trials are as if typed, put
# in order, and kept; a sweep that was killed ends with the same bytes.
# shellcheck disable=SC2086  # options are kept as words
# shellcheck source=tests/scripts/cli.lib
. "${SOURCE:?the checkout}/tests/scripts/cli.lib"

expect 0 imprint log --episodes 6 --steps 40 --size 40x30 --out data
sweep='imprint sweep --episodes 4 --steps 30'
train='train --data data --network small --no-tensorboard'

# nothing is started before all is right
expect 2 $sweep --out no --grid learnig-rate=1 -- $train
says "has no option --learnig-rate; did you mean 'learning-rate'"
expect 2 $sweep --out no --grid xyzxyz=1 -- $train
says "has no option --xyzxyz: see imprint train --help"
expect 2 $sweep --out no --grid learning-rate=1e-3,fast -- $train
says "'fast' is not a finite number"
expect 2 $sweep --out no --grid batch=8,0 -- $train
says 'batch 0'
expect 2 $sweep --out no --grid loss=mse,hubert -- $train
says "did you mean 'huber'"
expect 2 $sweep --out no --grid network=small,nowhere -- train --data data
says 'nowhere'
expect 2 $sweep --out no --grid learning-rate=1e-3 -- $train --learning-rate 1
says 'the sweep sets it'
expect 2 $sweep --out no --grid loss=mse,mse -- $train
says 'given twice'
expect 2 $sweep --out no --grid loss=mse --random loss=mse,huber -- $train
says 'swept twice'
expect 2 $sweep --out no --random learning-rate=1e-2..1e-3 -- $train
says 'LOW below HIGH'
expect 2 $sweep --out no --random learning-rate=0..1:log -- $train
says 'begins above 0'
expect 3 $sweep --out no --random network=1..2 -- train --data data
says '1..2'
expect 2 $sweep --out no --random batch=1.5..2 -- $train
says 'whole numbers'
expect 2 $sweep --out no --halving 2 -- $train
says 'nothing to choose from'
expect 2 $sweep --out no --halving 2 --grid epochs=1,2 -- $train
says 'sets --epochs itself'
expect 2 $sweep --out no --grid loss=mse -- trian
says "did you mean 'train'"
expect 2 $sweep --out no --grid loss=mse --rank-by progres -- $train
says "did you mean 'progress'"
expect 2 $sweep --out no --grid seed=1,2 -- $train
says 'use --seeds'
expect 2 $sweep --out no --grid out=a,b -- $train
says 'does not change what is trained'
expect 2 $sweep --out no --grid nesterov=yes -- $train
says 'not true or false'
[ ! -e no ] || fail 'a sweep that was refused left a folder'

# a grid: every combination once, each as if it were typed
expect 0 $sweep --grid learning-rate=1e-3,50 --grid nesterov=true,false --out grid \
    -- $train --optimiser sgd --epochs 2
prints 'by progress, the best first'
[ "$(wc -l <grid/trials.csv)" -eq 5 ] || fail 'not four trials'
head -n 1 grid/trials.csv | grep -q '^rank,trial,seed,learning-rate,nesterov,epochs,' ||
    fail 'header'
# what explodes is a result, and the worst one
[ "$(sed -n '4,5p' grid/trials.csv | grep -c ',50,.*lower the learning rate')" -eq 2 ] ||
    fail "no failures: $(cat grid/trials.csv)"
grep -q '<svg' grid/report.html || fail 'no plot'
command=$(sed -n 's/^  \(imprint train .*\) --out runs\/best$/\1/p' out)
trial=$(sed -n 's/^best: \(trial-[0-9a-f]*\), seed 1.*/\1/p' out)
expect 0 $command --out typed
same_folders typed "grid/$trial-seed-1" model.safetensors history.csv

# draws: a function of the seed, within the range; more of them keep the first ones
expect 0 $sweep --random learning-rate=1e-4..1e-2:log --random batch=8..16 --draws 3 \
    --out random -- $train --epochs 1
sed '1d' random/trials.csv | awk -F, '$4 < 1e-4 || $4 > 1e-2 || $5 != int($5) || $5 < 8 || $5 > 16 {
    exit 1 }' || fail "out of range: $(cat random/trials.csv)"
cut -d, -f2,4,5 random/trials.csv | sort >first
touch -d '2001-01-01' random/trial-*/model.safetensors
expect 0 imprint sweep --out random --resume --draws 4
[ "$(cut -d, -f2,4,5 random/trials.csv | sort | comm -13 first - | wc -l)" -eq 1 ] ||
    fail 'more draws changed the first ones'
[ "$(find random -name model.safetensors -newermt 2002-01-01 | wc -l)" -eq 1 ] ||
    fail 'finished trials were trained again'

# halving: 4, 2 and 1 candidates to 1, 2 and 4 epochs; the last one is as if trained at once
expect 0 $sweep --grid learning-rate=1e-3,3e-4 --grid loss=mse,huber --halving 2 --out halved \
    -- $train --epochs 4
[ "$(cut -d, -f6 halved/trials.csv | tr '\n' ' ')" = 'epochs 4 2 1 1 ' ] ||
    fail "rungs: $(cat halved/trials.csv)"
command=$(sed -n 's/^  \(imprint train .*\) --out runs\/best$/\1/p' out)
trial=$(sed -n 's/^best: \(trial-[0-9a-f]*\), seed 1.*/\1/p' out)
expect 0 $command --out typed-half
same_folders typed-half "halved/$trial-seed-1" last.safetensors history.csv

# killed at any time, it goes on with its settings and ends with the same bytes
for delay in 0.3 0.9 1.5; do
    start $sweep --grid learning-rate=1e-3,3e-4 --grid loss=mse,huber --halving 2 --out killed \
        -- $train --epochs 4
    sleep "$delay"
    stop KILL '137 0'
    if [ -e killed/settings.yaml ]; then
        expect 0 imprint sweep --out killed --resume
        for file in sweep.json trials.csv report.html; do
            cmp "killed/$file" "halved/$file" || fail "$file differs after a kill"
        done
        for folder in halved/trial-*; do
            same_folders "killed/${folder#halved/}" "$folder" last.safetensors history.csv
        done
    fi
    rm -rf killed
done

# a cosine ends with the training, so each rung is a training of its own
expect 0 $sweep --grid loss=mse,huber --halving 2 --out cosine \
    -- $train --epochs 2 --schedule cosine
[ "$(find cosine -name 'trial-*-epochs-1' | wc -l)" -eq 2 ] || fail 'not two trainings to 1 epoch'
[ "$(find cosine -name 'trial-*-epochs-2' | wc -l)" -eq 1 ] || fail 'not one training to 2 epochs'

# DAgger, in rounds, and training online
dagger='dagger --network small --size 40x30 --episodes 2 --steps 20 --epochs 1 --rounds 2
    --eval-episodes 1 --eval-steps 20'
expect 0 $sweep --grid noise=0,0.05 --halving 2 --out dagger -- $dagger
[ "$(cut -d, -f5 dagger/trials.csv | tr '\n' ' ')" = 'rounds 2 1 ' ] ||
    fail "rungs: $(cat dagger/trials.csv)"
command=$(sed -n 's/^  \(imprint dagger .*\) --out runs\/best$/\1/p' out)
trial=$(sed -n 's/^best: \(trial-[0-9a-f]*\), seed 1.*/\1/p' out)
expect 0 $command --out typed-dagger
same_folders typed-dagger "dagger/$trial-seed-1" model.safetensors rounds.csv
expect 0 $sweep --grid expert-share=0.2,0.8 --out online -- train --online --network small \
    --size 40x30 --replay-buffer 2 --episodes 1 --steps 20 --epochs 2 --no-tensorboard
[ "$(wc -l <online/trials.csv)" -eq 3 ] || fail 'not two trials online'

# seeds and combinations: means over seeds
expect 0 $sweep --grid loss=mse,huber --seeds 2 --out seeds --json -- $train --epochs 1
[ "$(grep -c '"best_epoch"' seeds/sweep.json)" -eq 4 ] || fail 'not four trainings'
expect 0 imprint runs list seeds
expect 0 imprint runs delete seeds halved random --force
[ ! -e seeds ] || fail 'a sweep cannot be deleted'

# one sweep at a time
start $sweep --grid loss=mse,huber --out locked -- $train --epochs 200
until [ -e locked/settings.yaml ]; do sleep 0.05; done
code=0
imprint sweep --out locked --resume >other 2>&1 || code=$?
if [ "$code" -ne 4 ] || ! grep -q 'is writing here' other; then
    fail "two sweeps in a folder: $(cat other)"
fi
stop INT 130
says 'continue with --out locked --resume'
