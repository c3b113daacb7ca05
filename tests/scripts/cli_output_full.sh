#!/bin/sh
# cli_output_full.sh: a full disk or a full output ends with 4 and one line, and what was written
# before is whole.
# shellcheck disable=SC2086  # commands and options are kept as words
# shellcheck source=tests/scripts/cli.lib
. "${SOURCE:?the checkout}/tests/scripts/cli.lib"

collect='imprint log --episodes 20 --steps 20 --size 40x30'
expect 0 $collect --out whole
expect 0 imprint train --data whole --epochs 2 --out whole-model

# a limit on the size of files stands for a full disk wherever the tests run
limited() {
    (
        ulimit -f "$1" # in units of 512 bytes
        shift
        exec "$@"
    )
}
expect 4 limited 1000 $collect --out data
says 'too large'
no_leftovers data
expect 0 $collect --out data --resume
same_folders whole data

# what was to be replaced is kept, and the message says where
cp -r whole old
expect 4 limited 1000 $collect --force --out old
says 'too large'
says 'old.replaced'
same_folders whole old.replaced
$collect --force --out old >out 2>err || fail "what is not finished is not replaced: $(cat err)"
one_line err
says 'old.replaced is kept until this run has succeeded'
same_folders whole old
absent old.replaced old.discarded

# the state for resuming does not fit. It comes before the first model, or a model whose state was
# lost would look the same; so there is nothing, and training begins anew
expect 4 limited 1000 imprint train --data whole --epochs 2 --out model
says state.safetensors
no_leftovers model
[ ! -e model/model.safetensors ] || fail "a model is left that cannot be trained further"
expect 0 imprint train --data whole --epochs 2 --out model --resume
same_folders whole-model model model.safetensors last.safetensors state.safetensors history.csv
expect 4 limited 1 imprint eval --policy expert --episodes 2 --steps 20 --out metrics
expect 4 limited 1 imprint render --out view.png
[ ! -e view.png ] || fail "half a picture is left"

# standard output may be full too
[ -c /dev/full ] || fail "no /dev/full"
for command in '--help' '--version' 'map list' 'map list --json' 'map show loop_empty' \
    'data info whole' 'data info whole --json' 'data check whole' 'log --help' \
    'eval --policy expert --episodes 1 --steps 5' \
    'eval --policy expert --episodes 1 --steps 5 --json' 'render --out view.png' \
    'render --out view.png --json' 'bench env --seconds 0.01' \
    'bench env --seconds 0.01 --json' 'train --data whole --epochs 1 --out model2 --force' \
    'log --episodes 1 --steps 5 --size 40x30 --out data2 --force --json'; do
    # shellcheck disable=SC2016  # the inner shell expands
    expect 4 sh -c '"$@" >/dev/full' sh imprint $command
    says 'standard output'
done
expect 0 imprint data check data2

# a page beside the report that does not fit is a failure, not a report without it
expect 0 imprint eval --policy expert --episodes 1 --steps 5 --out report
if [ -e report/simulator.html ]; then
    code=0
    (ulimit -f 900; exec imprint eval --policy expert --episodes 1 --steps 5 --out cut) \
        >out 2>err || code=$?
    [ "$code" -eq 4 ] || fail "a report lacks its page, and the code is $code: $(cat err)"
    one_line err
    says 'simulator.html: File too large'
fi
