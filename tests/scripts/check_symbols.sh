#!/bin/sh
# check_symbols.sh: the shared library shows the functions and variables that public headers
# declare, and nothing else.
set -eu
: "${IMPRINT:?the program, beside the library}"
cd "${SOURCE:?the checkout to look at}"

library=$(dirname "$IMPRINT")/libimprint.so
compiler=${CC:-cc}
for tool in nm "$compiler"; do
    command -v "$tool" >/dev/null || { echo "skipped: no $tool"; exit 77; }
done
[ -e "$library" ] || { echo "skipped: $library is not built"; exit 77; }
[ -z "${SANITIZED:-}" ] || { echo "skipped: sanitizers add symbols"; exit 77; }

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

nm -D --defined-only "$library" | awk '{ print $3 }' | sort >"$work/visible"

# one statement per line, without bodies of inline functions; a declaration's name is the first one
# with a parenthesis after it, unless a pointer to a function stands before
# shellcheck disable=SC2016  # the dollars are awk's
echo '#include "imprint/imprint.h"' | "$compiler" -std=c17 -E -Iinclude -x c - | awk '
    /^#/ { ours = $3 ~ /include\/imprint\// && $3 !~ /imprint\/plugin\.h/; next }
    !ours { next }
    /^static inline/ { inline = 1 }
    !inline { print }
    /^}/ { inline = 0 }' | tr '\n' ' ' | sed 's/[;}]/\n/g' | awk '
    /^ *extern const / && match($0, /imp_[a-z0-9_]+\[/) {
        print substr($0, RSTART, RLENGTH - 1)
        next
    }
    /typedef/ { next }
    !/\(\*/ || /^[^(]*imp_[a-z0-9_]+\([^*]/ {
        if (match($0, /imp_[a-z0-9_]+\(/) && substr($0, 1, RSTART - 1) !~ /\(/)
            print substr($0, RSTART, RLENGTH - 1)
    }' | sort -u >"$work/declared"

[ "$(wc -l <"$work/declared")" -gt 100 ] || { echo "no declarations found"; exit 1; }
if ! diff "$work/declared" "$work/visible" >"$work/diff"; then
    sed -n 's/^</declared but not visible:/p; s/^>/visible but not declared:/p' "$work/diff"
    echo "public headers enclose declarations in IMP_API_BEGIN and IMP_API_END"
    exit 1
fi
