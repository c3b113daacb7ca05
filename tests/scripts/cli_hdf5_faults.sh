#!/bin/sh
# cli_hdf5_faults.sh: exports and readers of datasets on full disks and with failing files end with
# a message and the right code, never with a signal, a wrong file or words of HDF5's.
# shellcheck source=tests/scripts/cli.lib
. "${SOURCE:?the checkout}/tests/scripts/cli.lib"

expect 0 imprint log --episodes 3 --steps 8 --size 40x30 --out data
for format in minari robomimic; do
    expect 0 imprint export $format data --out whole-$format
    # blocks of 512 bytes; the message needs one itself
    for blocks in 1 8 60 100; do
        code=0
        # shellcheck disable=SC2016  # the inner shell expands
        sh -c 'ulimit -f "$1"; shift; exec "$@"' sh $blocks \
            imprint export $format data --out "part-$format" >out 2>err || code=$?
        [ $code -eq 4 ] || fail "$format on $blocks blocks: exit code $code: $(cat err)"
        one_line err
        grep -q 'File too large' err || fail "no reason in the message: $(cat err)"
        [ ! -e part-$format ] || fail "$format: a part is left"
        [ -z "$(find . -name '*.tmp' -o -name '*.partial')" ] || fail "$format: files are left"
    done
done

# a file that may not be opened is no bad input
expect 4 sh -c 'ulimit -n 5; exec imprint data info data'
says 'Too many open files'
