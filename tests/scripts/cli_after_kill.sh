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

# a dataset of several steps appears with its settings and its preview, never without
expect 0 imprint export trainlog whole --out train.log
expect 0 imprint import trainlog train.log --out imported
expect 0 imprint data copy whole --out copied
for half in dataset dataset.partial; do
    mkdir -p new.unfinished again.unfinished
    cp -r part "new.unfinished/$half"
    cp -r part "again.unfinished/$half"
    noted imprint import trainlog train.log --out new
    says 'new.unfinished, which a process that was killed has left, is removed'
    same_folders imported new
    noted imprint data copy whole --out again/
    same_folders copied again
    absent new.unfinished again.unfinished
    rm -r new again
done
# what others have put there stays, and is named
mkdir -p new.unfinished
echo mine >new.unfinished/notes.txt
expect 4 imprint import trainlog train.log --out new
says 'new.unfinished holds files that imprint did not write'
absent new
grep -q mine new.unfinished/notes.txt || fail 'a file of the user is gone'
rm -r new.unfinished
# settings that cannot be written: no dataset, and what was there before is back
cp -r part new
code=0
(ulimit -f 1; exec imprint import trainlog train.log --force --out new) >out 2>err || code=$?
[ $code -eq 4 ] || fail "a full disk ended with $code: $(cat err)"
! grep -q 'unfinished/dataset' err || fail "a message names a place that is gone: $(cat err)"
same_folders part new
absent new.unfinished new.replaced
rm -r new

# every command that writes a folder locks it: the message says which process is at it
locked() { # FOLDER COMMAND...
    folder=$1
    shift
    code=0
    flock "$folder" "$@" >out 2>err || code=$?
    [ $code -eq 4 ] || fail "$folder is in work, but '$*' ended with $code: $(cat err)"
    says "$folder: process "
    says 'is writing here, on '
}
mkdir busy busy.unfinished
locked busy imprint eval --policy expert --episodes 1 --steps 5 --out busy
locked busy imprint drive --episodes 1 --steps 5 --out busy
locked busy imprint predict whole --policy model --out busy
locked busy imprint map new --count 2 --out busy
locked busy $log --out busy
[ -d busy ] || fail 'an empty folder was removed while another process was in it'
rmdir busy
locked busy.unfinished imprint import trainlog train.log --out busy
locked busy.unfinished imprint data merge whole part --out busy
locked busy.unfinished imprint data split whole --out busy
rmdir busy.unfinished
# they hold it until they have ended
expect 0 imprint drive --episodes 1 --steps 5 --out drives
start imprint eval --policy expert --episodes 5000 --steps 500 --out long -q
for _ in $(seq 200); do
    ! [ -d long ] || flock --nonblock long true || break
    sleep 0.05
done
expect 4 imprint eval --policy expert --episodes 1 --steps 5 --force --out long
says "long: process $left is writing here"
kill -9 "$left"
wait "$left" 2>/dev/null || :
left=
expect 0 imprint eval --policy expert --episodes 1 --steps 5 --force --out long

# a folder that was to be deleted can still be deleted, and a project is completed
cp -r model half
rm half/model.safetensors half/last.safetensors
expect 0 imprint runs delete --force half
absent half
mkdir half
expect 0 imprint runs delete --force half
absent half
expect 0 imprint init project
cp -r project half
rm half/README.md
chmod -x half/run.sh
noted imprint init half
says 'half is completed'
same_folders project half
[ -x half/run.sh ] || fail 'the script cannot be run'
expect 4 imprint init half
rm half/README.md
echo '# mine' >>half/run.sh
expect 4 imprint init half
says 'half/map.yaml exists'
absent half/README.md

# what an append has left goes with the next one, even if that is refused
cp -r part appended
expect 0 imprint log --episodes 2 --steps 20 --size 20x15 --seed 9 --out more
expect 0 imprint data append appended more
cp -r part appended.partial
expect 2 imprint data append appended more
says 'give each dataset once'
absent appended.partial
expect 0 imprint data check appended
