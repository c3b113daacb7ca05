#!/bin/sh
# cli_export_plot.sh: what becomes of a trained model: ONNX files and pictures of its loss; and the
# options of training that need no long training.
# shellcheck source=tests/scripts/cli.lib
. "${SOURCE:?the checkout}/tests/scripts/cli.lib"

expect 0 imprint log --episodes 6 --steps 40 --size 40x30 --out data
expect 0 imprint train --data data --epochs 2 --out model
expect 0 imprint train --data data --epochs 2 --out other --optimiser sgd --learning-rate 0.01 \
    --momentum 0.8 --nesterov --clip-norm 1 --ema-decay 0.9 --loss huber --huber-delta 0.2 \
    --schedule step --decay-epochs 1 --decay-factor 0.5 --warm-up-steps 3 --patience 5 \
    --shuffle-buffer 50 --no-tensorboard
ls model/events.out.tfevents.*.imprint >/dev/null || fail "no log for TensorBoard"
[ -z "$(find other -name 'events.*')" ] || fail "a log for TensorBoard that nobody wanted"
expect 0 imprint train --data data --epochs 1 --out model --force
for word in --schedule --optimiser --loss; do
    expect 2 imprint train --data data --out third $word nonsense
    says nonsense
done
for wrong in '--patience -1' '--shuffle-buffer -1' '--warm-up-steps -1' '--decay-epochs 0' \
    '--decay-factor 2' '--ema-decay 1' '--momentum 2' '--clip-norm -1'; do
    # shellcheck disable=SC2086  # an option and its value
    expect 2 imprint train --data data --out third $wrong --optimiser sgd
    absent third
done
# a loss that explodes ends training, and says what is left
expect 1 imprint train --data data --epochs 50 --out wild --learning-rate 1e5 --optimiser sgd
says 'learning rate'
absent wild/state.safetensors

expect 0 imprint export onnx model --out raw.onnx
prints picture
expect 0 imprint export onnx model/last.safetensors --out floats.onnx --standardised --json
prints '"input": "input"'
expect 4 imprint export onnx model --out raw.onnx
expect 0 imprint export onnx model --out raw.onnx --force
expect 2 imprint export onnx model --out x.onnx --standardised --raw-pixels
expect 2 imprint export onnx expert --out x.onnx
expect 2 imprint export model --out x.onnx
expect 3 imprint export onnx no-such-model --out x.onnx
absent x.onnx
expect 4 imprint export onnx model --out no/such/folder.onnx

for end in svg png; do
    expect 0 imprint plot model other --out loss.$end
    prints '4 curves'
done
[ "$(head -c 4 loss.png | tail -c 3)" = PNG ] || fail "loss.png is no PNG"
grep -q '<svg' loss.svg || fail "loss.svg is no SVG"
expect 4 imprint plot model --out loss.png
expect 0 imprint plot model model/ other --out loss.png --force --json
prints '"curves": 3'
expect 2 imprint plot model --out loss.pdf
expect 2 imprint plot --out loss2.png
expect 3 imprint plot data --out loss2.png
absent loss.pdf loss2.png
