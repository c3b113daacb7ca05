#!/bin/sh
# cli_seg_train.sh: segments as observations, segmenters, and policies that drive through them.
# shellcheck disable=SC2086  # commands and options are kept as words
# shellcheck source=tests/scripts/cli.lib
. "${SOURCE:?the checkout}/tests/scripts/cli.lib"

# datasets and models know what they hold, and kinds do not mix
small='--size 40x32 --steps 30'
expect 0 imprint log --episodes 3 $small --observation segments --out segments
expect 0 imprint data info segments
prints 'segments of 40 x 32'
expect 0 imprint data check segments
expect 0 imprint log --episodes 2 $small --out pictures
expect 0 imprint data info pictures
prints 'pictures of 40 x 32'
expect 2 imprint log --episodes 2 $small --observation smells --out never
says 'smells'
expect 3 imprint train --data segments --data pictures --out never
says 'do not mix'
expect 2 imprint log --observation image --out segments --resume
says 'segments, not pictures'
expect 0 imprint train --data segments --epochs 1 --out policy
expect 0 imprint train --data pictures --epochs 1 --out plain
expect 3 imprint log --policy policy --episodes 1 $small --out never
says 'was trained on segments'
expect 0 imprint log --policy policy --episodes 1 $small --observation segments --out own
absent never

# a segmenter, interrupted and resumed
maps='--map loop_obstacles --map 4way --split all --size 40x32'
learn="imprint seg-train $maps --epochs 2 --images 48 --validation-images 8 --checkpoint-steps 2"
expect 0 $learn --out whole --json
prints '"mean_iou"'
prints '"white line"'
start $learn --out pieces
until [ -e pieces/state.safetensors ] || ! runs; do sleep 0.01; done
stop INT '0 130'
expect 0 imprint seg-train --out pieces --resume
prints 'validation images'
same_folders whole pieces model.safetensors last.safetensors state.safetensors history.csv \
    segments.png
no_leftovers pieces
start imprint seg-train $maps --epochs 1000 --images 100000 --validation-images 8 --out endless
stop INT 130
one_line err
says '--resume'
expect 2 imprint seg-train --map loop_empty --map 4way --split train --epochs 0 --out never
expect 2 imprint seg-train --map straight_road --split sideways --out never
expect 2 imprint seg-train --randomize nothing-known --out never
expect 3 imprint seg-train --network small --epochs 1 --out never
{ echo 'skip-top: 50'; cat "$SOURCE/networks/segmenters/segmenter.yaml"; } >lower.yaml
expect 3 imprint seg-train --network lower.yaml --epochs 1 --out never
says 'rows at the top of images'
expect 4 imprint seg-train $maps --out whole
absent never

# it is trained as other networks are: the same options, the same guards
options='--no-tensorboard --warm-up-steps 0 --schedule step --decay-factor 0.5 --decay-epochs 1
    --optimiser sgd --momentum 0.8 --nesterov --clip-norm 1 --ema-decay 0.5 --weight-decay 0.01'
expect 0 $learn $options --out trained
sed 1d trained/history.csv | cut -d, -f4 | xargs printf '%g\n' >rates
printf '0.003\n0.0015\n' | cmp - rates || fail "the learning rate does not fall in steps"
[ -z "$(find trained -name 'events.*')" ] || fail "a log for TensorBoard that was not wanted"
[ -n "$(find whole -name 'events.*')" ] || fail "no log for TensorBoard"
expect 0 imprint seg-train --resume --epochs 3 --out trained
expect 3 imprint seg-train --resume --ema-decay 0.6 --out trained
says 'average: 0.5, now 0.6'
expect 0 imprint seg-train $maps --images 16 --validation-images 8 --epochs 1000 --patience 1 \
    --optimiser sgd --learning-rate 0 --from whole --out patient --json
prints '"stopped_early": true'
expect 2 $learn --from whole --force --out whole
says 'is the folder of --from'
expect 2 $learn --schedule sideways --out never
says 'sideways'
expect 1 $learn --optimiser sgd --learning-rate 1e5 --epochs 100 --out wild
says 'there is no checkpoint yet'
# settings that are as they would be without these options are not told of in models
grep -q 'held-out' whole/model.safetensors || fail "settings are missing"
! grep -q 'momentum' whole/model.safetensors || fail "settings at their defaults are told of"
grep -q 'momentum' trained/model.safetensors || fail "settings are not told of"

# driving on what it finds: only policies that were trained on segments do
expect 0 imprint eval --policy policy --policy plain --segmenter whole --episodes 2 --steps 20 \
    --out report
prints 'plain'
[ -s report/report.html ] || fail "no report"
expect 0 imprint eval --policy policy --episodes 2 --steps 20
expect 3 imprint eval --policy policy --segmenter plain --episodes 1
says 'is not a segmenter'
expect 3 imprint eval --policy whole --episodes 1
expect 0 imprint eval --policy policy --segmenter whole --protocol aido-lf --episodes 1

# learning on what it finds
expect 0 imprint log --observation segments --segmenter whole --episodes 2 $small --out found
expect 0 imprint log --resume --episodes 3 --out found
expect 2 imprint log --segmenter whole --episodes 2 $small --out never
says 'observe segments'
expect 3 imprint log --observation segments --segmenter plain --episodes 2 $small --out never
says 'is not a segmenter'
aggregate='imprint dagger --observation segments --segmenter whole --size 40x32 --rounds 1
    --episodes 2 --first-episodes 2 --steps 20 --eval-episodes 1 --eval-steps 20 --epochs 1'
expect 0 $aggregate --out aggregated
expect 0 $aggregate --threads 1 --out again
same_folders aggregated again model.safetensors rounds.csv

# and on a robot
golden=$SOURCE/tests/fixtures/golden/aido-node/whole-run.in.cbor
expect 3 imprint agent --model policy --data-in "$golden"
says '--segmenter'
expect 0 imprint agent --model policy --segmenter whole --data-in "$golden" --data-out answers
[ -s answers ] || fail "no answers"
expect 2 imprint agent --model plain --segmenter whole --data-in "$golden"
