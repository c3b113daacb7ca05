#!/bin/sh
# check_headers.sh: every public header compiles alone, twice in one file, under strict warnings.
set -eu
cd "${SOURCE:?the checkout to look at}"

compiler=${CC:-cc}
command -v "$compiler" >/dev/null || { echo "skipped: no C compiler called $compiler"; exit 77; }
wrong=0
for header in include/imprint/*.h; do
    name=imprint/$(basename "$header")
    printf '#include "%s"\n#include "%s"\ntypedef int nothing_else;\n' "$name" "$name" |
        "$compiler" -std=c17 -fsyntax-only -Iinclude -Wall -Wextra -Wpedantic -Wshadow \
            -Wstrict-prototypes -Wmissing-prototypes -Wundef -Werror -x c - || {
        echo "$header does not compile alone"
        wrong=1
    }
done
exit $wrong
