#!/bin/sh
# example_agent.sh: the agent in plain Python of examples drives in the evaluator, and answers a
# recorded host.
# shellcheck source=tests/scripts/cli.lib
. "${SOURCE:?the checkout}/tests/scripts/cli.lib"

command -v python3 >/dev/null || { echo "skipped: no python3"; exit 77; }
example=$SOURCE/examples/minimal_agent.py

expect 0 imprint eval "$sandbox" --protocol aido-lfi --agent-timeout 60 -j 2 --out lfi \
    --agent "python3 '$example'"
prints "minimal_agent.py'"
grep -q '"ending": "collision"' lfi/metrics.json || fail "it did not drive: $(cat lfi/metrics.json)"

recorded=$SOURCE/tests/fixtures/golden/aido-node/whole-run
python3 "$example" <"$recorded.in.cbor" >answers || fail "a recorded run was refused"
count() { grep -ao understood "$1" | wc -l; }
[ "$(count answers)" -eq "$(count "$recorded.out.cbor")" ] ||
    fail "other answers"
