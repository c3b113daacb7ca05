#!/bin/sh
# cli_doubt.sh: a model gets doubt, drives as before, and evaluations say how good its doubt is.
# shellcheck disable=SC2086  # commands are kept as words
# shellcheck source=tests/scripts/cli.lib
. "${SOURCE:?the checkout}/tests/scripts/cli.lib"

# a driver that has learned a little, and leaves the road often
imprint log --map loop_empty --episodes 4 --steps 60 --size 40x30 --out data -q
imprint train --data data --network small --epochs 4 --no-tensorboard --out driver -q

fit='imprint doubt --policy driver --map loop_empty --episodes 60 --steps 200 --start-angle-deg 30'
expect 0 $fit --out doubting.safetensors
prints 'doubt from 32 hidden values'
prints 'held out: AUROC'
expect 2 $fit --out doubting.safetensors
says 'exists: replace it with --force'
expect 0 $fit --out again.safetensors --threads 1 --json
for key in out decisions failing auroc calibration_error; do
    prints "\"$key\""
done
cmp doubting.safetensors again.safetensors || fail "the number of threads changed bytes"
expect 0 imprint model show doubting.safetensors
prints 'doubt_fit'

# the same driving; doubt is told where there is any
evaluate='imprint eval --map loop_empty --episodes 6 --steps 90 --start-angle-deg 30'
expect 0 $evaluate --policy driver --policy doubting.safetensors --out both
prints 'doubt: how likely the policy holds it'
grep -q '"doubt": {' both/metrics.json || fail "metrics.json has no doubt"
[ "$(grep -c '"auroc"' both/metrics.json)" -eq 1 ] || fail "a policy without doubt has some"
grep -q '<h2[^>]*>Doubt' both/report.html || fail "the report has no doubt"
expect 0 $evaluate --policy driver
if grep -q doubt "${work:?}/out"; then
    fail "doubt is told of a model without it"
fi

# what it would do on images, with its doubt; a model without doubt has an empty column
expect 0 imprint predict data --policy doubting.safetensors --policy driver --every 60 --out seen
prints '  doubt 0.'
head -n 1 seen/predictions.csv | grep -q ',side,doubt$' || fail "no column of doubt"
grep -qE 'doubting.*,[01]\.[0-9]{4}$' seen/predictions.csv || fail "$(cat seen/predictions.csv)"
grep -qE 'driver,.*,$' seen/predictions.csv || fail "$(cat seen/predictions.csv)"

# mistakes
expect 2 imprint doubt --out x.safetensors
says 'give --policy MODEL'
expect 2 imprint doubt --policy expert --out x.safetensors
says 'only models get doubt'
expect 2 imprint doubt --policy driver --out x.onnx
expect 1 imprint doubt --policy driver --map loop_empty --episodes 4 --steps 10 --out x.safetensors
says 'too few to learn doubt from'
[ ! -e x.safetensors ] || fail "a model was written"
