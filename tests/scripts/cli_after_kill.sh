#!/bin/sh
# cli_after_kill.sh: what killed runs leave is completed or cleaned up by the next run, which says
# so. The moments are made by hand here; tests/trust/campaign.py kills for real.
# shellcheck disable=SC2086  # commands are kept as words
# shellcheck source=tests/scripts/cli.lib
. "${SOURCE:?the checkout}/tests/scripts/cli.lib"

log='imprint log --episodes 6 --steps 20 --size 20x15'
expect 0 $log --out whole
expect 0 $log --episodes 2 --out part

# noted COMMAND...: it succeeds with one note on standard error
noted() {
    "$@" >out 2>err </dev/null || fail "'$*' failed: $(cat err)"
    one_line err
    says 'note: '
}

# --force, killed before anything new was written: the old folder is there again
cp -r whole data.replaced
code=0
$log --out data >out 2>err || code=$?
[ $code -eq 4 ] || fail "what was moved aside is not moved back: $code, $(cat err)"
says 'data is moved back'
says 'data exists'
same_folders whole data
absent data.replaced

# killed while it wrote: what it wrote goes, what it was to replace stays until all is well
rm -r data
cp -r part data
cp -r whole data.replaced
noted $log --force --out data
says 'data, which was not finished, is removed'
same_folders whole data
absent data.replaced data.discarded

# that fails as well: nothing of the old folder is lost
rm -r data
cp -r part data
cp -r whole data.replaced
code=0
(ulimit -f 20; exec $log --force --out data) >out 2>err || code=$?
[ $code -eq 4 ] || fail "a full disk ended with $code: $(cat err)"
if [ -e data.replaced ]; then
    same_folders whole data.replaced
else
    same_folders whole data
fi

# killed while it removed the old folder: the next run removes the rest
rm -rf data data.replaced
cp -r whole data
cp -r part data.discarded
expect 0 $log --force --out data
same_folders whole data
absent data.replaced data.discarded

# another process is at it: its old folder is left alone
cp -r part data.replaced
code=0
flock data.replaced $log --force --out data >out 2>err || code=$?
[ $code -eq 4 ] || fail "a folder in work was taken over: $code, $(cat err)"
says 'is writing here'
same_folders part data.replaced
rm -r data.replaced
# and nothing that imprint did not write is removed
mkdir data.replaced
echo mine >data.replaced/notes.txt
expect 4 $log --force --out data
says 'notes.txt'
same_folders whole data

# a submission appears with all of its files: what a killed call left is written anew
expect 0 imprint train --data whole --network small --epochs 1 --no-tensorboard --out model
expect 0 imprint submission new entry --model model
mkdir other.partial
echo half >other.partial/model.safetensors
expect 0 imprint submission new other --model model
same_folders entry other
absent other.partial
expect 4 imprint submission new other --model model
says 'is not empty'

# one sweep at a time writes to a folder
sweep='imprint sweep --seeds 1 --episodes 1 --steps 5 --out sweep'
expect 0 $sweep -- --data whole --network small --epochs 1 --no-tensorboard
code=0
flock sweep $sweep --resume -- --data whole --epochs 1 >out 2>err || code=$?
[ $code -eq 4 ] || fail "two sweeps write to a folder: $code, $(cat err)"
says 'is writing here'
