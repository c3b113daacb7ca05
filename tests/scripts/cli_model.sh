#!/bin/sh
# cli_model.sh: networks by name, by description and by model file; their mistakes.
# shellcheck source=tests/scripts/cli.lib
. "${SOURCE:?the checkout}/tests/scripts/cli.lib"

expect 0 imprint model list
prints one-residual
prints 'robot '
expect 0 imprint model show robot
expect 0 imprint eval --policy robot --episodes 1 --steps 10
expect 3 imprint eval --policy robt --episodes 1
says "did you mean 'robot'"
golden=$SOURCE/tests/fixtures/golden/aido-node/whole-run.in.cbor
expect 0 imprint agent --model robot --data-in "$golden" --data-out answers
[ -s answers ] || fail "no answers"
expect 0 imprint log --policy robot --episodes 1 --steps 10 --out driven
expect 0 imprint log --resume --episodes 2 --out driven
for name in dronet-like one-residual pilotnet-like wide-residual wide-residual-actions \
    wide-residual-past small; do
    expect 0 imprint model show "$name"
    prints total
done
prints 28754
expect 0 imprint model show small --time --batch 2 --size 64x48
prints 'small for 64 x 48 images'
expect 0 imprint model show small --json
for key in architecture parameters flops layers shape metadata; do
    prints "\"$key\""
done

cat >mine.yaml <<'END'
layers:
  - {name: flat, kind: flatten}
  - {name: action, kind: dense, channels: outputs}
END
expect 0 imprint model show mine.yaml
prints 'mine for 80 x 60 images'
sed -i 's/outputs/3/' mine.yaml
expect 3 imprint model show mine.yaml
says "mine.yaml:3: layer 'action': is the last layer and gives 3x1x1, not 2 values"
expect 3 imprint model show missing.yaml
says missing.yaml
expect 2 imprint model show
expect 2 imprint model show small --batch 0
expect 2 imprint model import weights
says --out

# a training's folder stands for its model
mkdir trained
expect 3 imprint model show trained
says 'no model.safetensors in it'
expect 0 imprint log --episodes 2 --steps 20 --size 40x30 --out data
expect 0 imprint train --data data --epochs 1 --network small --out model
expect 0 imprint model show model
cp out shown
expect 0 imprint model show model/model.safetensors
cmp -s out shown || fail "a folder shows something else than its model"
expect 3 imprint train --data data --epochs 1 --network one-residual --from model --out never
says 'of the network small, not of one-residual'

printf 'no model' >broken.safetensors
expect 3 imprint model show broken.safetensors
says broken.safetensors
expect 3 imprint model import broken.safetensors --out model.safetensors
says broken.safetensors
[ ! -e model.safetensors ] || fail "a failed import left a model"
