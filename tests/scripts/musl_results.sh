#!/bin/sh
# musl_results.sh: with another C library, musl, our mathematical functions, episodes and images
# have the golden hashes of the tests, too.
set -eu
: "${IMPRINT:?the program, beside what is generated}"
cd "${SOURCE:?the checkout to look at}"

generated=$(dirname "$IMPRINT")/builtin_maps.c
command -v musl-gcc >/dev/null || { echo "skipped: no musl-gcc (Debian: musl-tools)"; exit 77; }
[ -e "$generated" ] || { echo "skipped: $generated is not built"; exit 77; }
[ -z "${SANITIZED:-}" ] || { echo "skipped: the same with sanitizers"; exit 77; }
libraries=
for name in yaml jansson png16 jpeg z; do
    library=$(gcc -print-file-name=lib$name.a)
    [ -e "$library" ] || { echo "skipped: no lib$name.a"; exit 77; }
    libraries="$libraries $library"
done

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/include" "$work/objects"
# the libraries' headers without those of glibc
find /usr/include \( -name yaml.h -o -name 'jansson*.h' -o -name 'png*.h' -o -name 'libpng16' -o \
    -name jpeglib.h -o -name jconfig.h -o -name jmorecfg.h -o -name jerror.h -o -name zlib.h -o \
    -name zconf.h \) -type f -exec cp {} "$work/include" \;

find src/base src/sim tests/musl -name '*.c' >"$work/sources"
printf '%s\n' "$generated" tests/base/common/test_math_functions.c \
    tests/sim/simulator/test_golden_results.c >>"$work/sources"
# shellcheck disable=SC2016  # for the inner shell
WORK=$work xargs -n 1 -P "$(nproc)" sh -c 'musl-gcc -std=c17 -O1 -D_GNU_SOURCE -w \
    -ffp-contract=off -fno-math-errno -DIMP_SHARED="\"\"" "-I$WORK/include" -Itests/musl -Itests \
    -Iinclude -Isrc -c "$1" -o "$WORK/objects/$(echo "$1" | tr / _).o"' compile <"$work/sources"

for test in math_functions golden_results; do
    others=$(find "$work/objects" -name '*.o' ! -name '*_test_*')
    # shellcheck disable=SC2086  # lists of names
    musl-gcc -static "$work"/objects/*_test_$test.c.o $others $libraries -o "$work/$test"
    "$work/$test"
done
