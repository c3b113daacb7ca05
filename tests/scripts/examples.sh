#!/bin/sh
# examples.sh: the C programs in examples are built with find_package against the build folder, have
# at most 100 lines, and do what their first lines say.
# shellcheck source=tests/scripts/cli.lib
. "$(dirname "$0")/cli.lib"

build=$(dirname "$IMPRINT")
[ -z "${SANITIZED:-}" ] || { echo "skipped: a sanitizer's library needs its runtime"; exit 77; }
command -v cmake >/dev/null || { echo "skipped: no cmake"; exit 77; }
[ -e "$build/libimprint.so" ] || { echo "skipped: $build/libimprint.so is not built"; exit 77; }

for example in "$SOURCE"/examples/*.c; do
    [ "$(wc -l <"$example")" -le 100 ] || fail "$example has more than 100 lines"
done
[ "$(find "$SOURCE/examples" -name '*.c' | wc -l)" -ge 8 ] || fail "examples are missing"

cmake -S "$SOURCE/examples" -B examples -Dimprint_DIR="$build" -DCMAKE_BUILD_TYPE=Release \
    -DCMAKE_C_FLAGS=-Werror ${CC:+-DCMAKE_C_COMPILER="$CC"} >log 2>&1 || fail "$(cat log)"
cmake --build examples >log 2>&1 || fail "$(cat log)"

expect 0 examples/hello small_loop
prints ' 5 s: '
prints 'total reward'
expect 0 examples/many_environments 20
prints '64 environments'
expect 0 examples/behaviour_cloning cloning 6
prints 'cloning/data: 6 episodes, 600 frames'
prints 'of 10 episodes completed'
expect 0 examples/dagger_by_hand 1
prints 'round 1: 1200 frames'
expect 0 examples/evaluation examples/own_expert.so
prints 'episodes completed by the expert only'
expect 0 examples/dataset_reader cloning/data
prints '6 episodes, 600 steps'
prints 'all is well'
expect 0 examples/own_policy own-data
prints 'own-data: 6 episodes, 600 frames'
prints 'completed 20 of 20'
expect 0 imprint eval --policy examples/own_expert.so --episodes 2 --steps 50 --quiet

# the agent answers a recorded host; a file that is no image is refused
recorded=$SOURCE/tests/fixtures/golden/aido-node/whole-run
examples/agent cloning/model <"$recorded.in.cbor" >answers || fail "a recorded run was refused"
[ "$(wc -c <answers)" -eq "$(wc -c <"$recorded.out.cbor")" ] || fail "other answers"
! examples/agent cloning/model "$recorded.in.cbor" >out 2>err || fail "it acts on no image"
grep -q '^agent: ' err || fail "no message: $(cat err)"

# errors are told
! examples/hello no_such_map >out 2>err || fail "hello takes an unknown map"
grep -q '^hello: .*no_such_map' err || fail "no message: $(cat err)"
