#!/bin/sh
# example_pytorch.sh: PyTorch gives what our engine gives, and what it writes drives the same.
# Skipped where python has no torch; IMPRINT_PYTHON names another python.
# shellcheck source=tests/scripts/cli.lib
. "${SOURCE:?the checkout}/tests/scripts/cli.lib"

python=${IMPRINT_PYTHON:-python3}
"$python" -c 'import torch, numpy, safetensors, h5py' 2>/dev/null ||
    { echo "skipped: no python with torch, numpy, safetensors and h5py"; exit 77; }
expect 0 imprint log --episodes 6 --steps 60 --start-angle-deg 30 --out data
expect 0 imprint train --data data --epochs 2 --out model
expect 0 imprint log --policy model --episodes 3 --steps 60 --out driven
"$python" "$SOURCE/examples/load_in_pytorch.py" model/model.safetensors --check driven \
    --out same.safetensors >out || fail "$(cat out)"
prints 'the same'
expect 0 imprint log --policy same.safetensors --episodes 3 --steps 60 --out again
expect 0 imprint data info driven --json
grep '"hash"' out >first
expect 0 imprint data info again --json
grep '"hash"' out >second
cmp first second || fail "the model that PyTorch wrote drives another way"
