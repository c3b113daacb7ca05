#!/bin/sh
# check_words.sh: no word of tests/banned_words.txt stands in names, comments, messages, help or
# documents. Text that programs read is exempt: a string or `code` that holds nothing but one word.
set -eu
cd "${SOURCE:?the checkout to look at}"

patterns=$(mktemp)
exempt=$(mktemp)
trap 'rm -f "$patterns" "$exempt"' EXIT
grep -v '^[#=]' tests/banned_words.txt >"$patterns"
sed -n 's/^=//p' tests/banned_words.txt >"$exempt"

wrong=0
files=$(find src include docs bench examples python README.md CONTRIBUTING.md run \
    -name '*.[ch]' -o -name '*.md' -o -name '*.sh' -o -name '*.py' -o -name run)
while IFS='	' read -r pattern instead; do
    # shellcheck disable=SC2086  # words
    if sed -snE "h; s/\"[A-Za-z_.-]+\"|\`[^\`]*\`//g; /$pattern/I { s/.*//; F; =; g; p }" $files |
        paste -d: - - - | grep -vFf "$exempt"; then
        printf '  ^ write instead: %s\n' "$instead"
        wrong=1
    fi
done <"$patterns"
exit $wrong
