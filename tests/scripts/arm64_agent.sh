#!/bin/sh
# arm64_agent.sh: the agent that was built for arm64 (preset "arm64"), under emulation: it answers a
# recorded conversation as the one of this machine does, and drives like it.
# shellcheck source=tests/scripts/cli.lib
. "${SOURCE:?the checkout}/tests/scripts/cli.lib"

native=$(dirname "$IMPRINT")/imprint-agent
built=$SOURCE/build/arm64/imprint-agent
recorded=$SOURCE/tests/fixtures/golden/aido-node/whole-run
for needed in "$native" "$built"; do
    [ -x "$needed" ] || { echo "skipped: no $needed"; exit 77; }
done
command -v qemu-aarch64-static >/dev/null || { echo "skipped: no qemu-user-static"; exit 77; }

emulator='qemu-aarch64-static -cpu cortex-a72'
arm64() {
    $emulator -L "$SOURCE/build/arm64-root" "$built" "$@"
}

expect 0 imprint log --episodes 4 --steps 100 --out data
expect 0 imprint train --data data --epochs 2 --out model

arm64 --model model <"$recorded.in.cbor" >answers || fail "the run was refused"
"$native" --model model <"$recorded.in.cbor" >wanted
[ "$(wc -c <answers)" -eq "$(wc -c <wanted)" ] || fail "other answers"
# but for the last digits of the duty cycles, of which the first two bytes are sign and exponent
differing=$(cmp -l answers wanted | wc -l)
[ "$differing" -le 48 ] || fail "$differing bytes differ"
code=0
arm64 --model model --data-in "$SOURCE/tests/fixtures/golden/aido-node/seed-twice.in.cbor" \
    >/dev/null 2>&1 || code=$?
[ "$code" -eq 1 ] || fail "seed-twice ended with $code"

expect 0 imprint eval "$sandbox" --protocol aido-lfi -n 1 --out lfi \
    --agent "\"$native\" -m '$work/model'" \
    --agent "$emulator -L '$SOURCE/build/arm64-root' '$built' -m '$work/model'"
# where the two are in the first 1.5 seconds: what rounds differently grows a hundredfold in each
# second of a driver who has learned so little
awk -F, 'NR > 1 && $3 <= 1.5 {
        if ($3 in x) {
            pairs++
            far = far || (x[$3] - $4) ^ 2 + (z[$3] - $5) ^ 2 > 0.005 ^ 2
        }
        x[$3] = $4
        z[$3] = $5
    }
    END { exit far || pairs < 30 }' lfi/trajectories.csv ||
    fail "they drive differently: $(cat lfi/metrics.json)"
