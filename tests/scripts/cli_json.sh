#!/bin/sh
# cli_json.sh: with --json, every command prints one JSON object and nothing else.
# shellcheck disable=SC2086  # commands and options are kept as words
# shellcheck source=tests/scripts/cli.lib
. "${SOURCE:?the checkout}/tests/scripts/cli.lib"

# json KEY... -- COMMAND...: the object has these keys
json() {
    keys=
    while [ "$1" != -- ]; do
        keys="$keys $1"
        shift
    done
    shift
    expect 0 "$@"
    if command -v python3 >/dev/null && python3 -c '' 2>/dev/null; then
        python3 - out $keys <<'PYTHON' || fail "'$*' printed no such object: $(cat out)"
import json, math, sys
def refuse(word):
    raise ValueError(word + " is not JSON")
with open(sys.argv[1]) as file:
    found = json.load(file, parse_constant=refuse)
assert isinstance(found, dict), "no object"
missing = [key for key in sys.argv[2:] if key not in found]
assert not missing, missing
PYTHON
    else
        [ "$(head -c 1 out)$(tail -n 1 out)" = '{}' ] || fail "no object: $(cat out)"
        for key in $keys; do
            prints "\"$key\":"
        done
    fi
}

collect='imprint log --episodes 3 --steps 30 --size 40x30'
json out episodes frames mean_reward left_road -- $collect --out data --json
json out episodes resumed -- $collect --out data --resume --json
json out samples epochs loss validation_loss best_epoch -- \
    imprint train --data data --epochs 1 --out model --json
# one episode leaves nothing to validate with, and no number for it
expect 0 imprint log --episodes 1 --steps 30 --size 40x30 --out single
json loss validation_loss -- imprint train --data single --epochs 1 --out model1 --json
prints '"validation_loss": null'
json map episodes policies -- imprint eval --policy expert --policy pure-pursuit --policy model \
    --episodes 2 --steps 40 --out metrics --json
cp metrics/metrics.json printed.json
json map episodes policies -- cat printed.json
json out map pose -- imprint render --out view.png --json
json maps -- imprint map list --json
json maps -- imprint map check loop_empty 4way --json
json maps -- imprint map show 4way --json
json episodes steps hash settings finished -- imprint data info data --json
json episodes -- imprint data check data --json
json processor compiler results -- imprint bench env expert sim --seconds 0.01 --json

# an error is no object
expect 3 imprint eval --policy no_such_model --json
[ ! -s out ] || fail "an error printed: $(cat out)"

# a name that JSON cannot hold is refused before any work, or told, but never left out
odd=$(printf 'a\377b')
expect 2 imprint eval --policy expert --map "$odd.yaml" --json
says 'is not UTF-8 text: rename the file or folder'
mkdir "images"
cp view.png "images/$odd.png"
expect 4 imprint predict --policy model --json images
says 'a name is not UTF-8 text'
