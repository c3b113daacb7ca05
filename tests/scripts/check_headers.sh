#!/bin/sh
# check_headers.sh: every public header compiles alone, twice in one file, under strict warnings, as
# C17 and as C++17; and imprint.h includes all of them.
set -eu
cd "${SOURCE:?the checkout to look at}"

wrong=0
complain() {
    echo "$*"
    wrong=1
}

compiler=${CC:-cc}
command -v "$compiler" >/dev/null || { echo "skipped: no C compiler called $compiler"; exit 77; }
for header in include/imprint/*.h; do
    name=imprint/$(basename "$header")
    printf '#include "%s"\n#include "%s"\ntypedef int nothing_else;\n' "$name" "$name" |
        "$compiler" -std=c17 -fsyntax-only -Iinclude -Wall -Wextra -Wpedantic -Wshadow \
            -Wstrict-prototypes -Wmissing-prototypes -Wundef -Werror -x c - ||
        complain "$header does not compile alone"
    [ "$name" = imprint/imprint.h ] || grep -qF "#include \"$name\"" include/imprint/imprint.h ||
        complain "include/imprint/imprint.h does not include $name"
    ! grep -qE '^[a-z].*\);' "$header" || grep -q '^IMP_API_BEGIN$' "$header" ||
        complain "$header declares functions without IMP_API_BEGIN (include/imprint/api.h)"
done
[ $wrong -eq 0 ] || exit 1

compiler=${CXX:-g++}
command -v "$compiler" >/dev/null || { echo "skipped: no C++ compiler called $compiler"; exit 77; }
for header in include/imprint/*.h; do
    name=imprint/$(basename "$header")
    printf '#include "%s"\n#include "%s"\nint main() {}\n' "$name" "$name" |
        "$compiler" -std=c++17 -fsyntax-only -Iinclude -Wall -Wextra -Wpedantic -Werror -x c++ - ||
        complain "$header does not compile as C++17"
done
exit $wrong
