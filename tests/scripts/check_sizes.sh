#!/bin/sh
# check_sizes.sh: no source file above 600 lines, no line above 100 columns.
set -eu
cd "${SOURCE:?the checkout to look at}"

# shellcheck disable=SC2016  # the dollars are awk's
find . \( -path ./.git -o -path ./build -o -path ./runs -o -path ./tests/fixtures \) -prune \
    -o -type f \( -name '*.[ch]' -o -name '*.sh' -o -name '*.cmake' -o -name CMakeLists.txt \
    -o -name run \) -print | sort | xargs awk '
    function finish() {
        if (lines > 600) {
            print last ": " lines " lines, 600 are the limit"
            wrong = 1
        }
    }
    FNR == 1 { finish(); last = FILENAME }
    { lines = FNR }
    length($0) > 100 {
        print FILENAME ":" FNR ": " length($0) " columns, 100 are the limit"
        wrong = 1
    }
    END { finish(); exit wrong }
'
