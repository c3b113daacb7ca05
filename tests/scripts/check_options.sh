#!/bin/sh
# check_options.sh: the library does not name options of the program, which its other users do not
# have. Its errors hold a hint (imp_error_hint), to which src/cli adds the option. Two files write
# command lines of other programs, and one a style sheet.
set -eu
cd "${SOURCE:?the checkout to look at}"

found=$(grep -rnE '"[^"]*--[a-z]' src include --include='*.[ch]' |
    grep -vE '^src/(cli/|deploy/evaluator/sandbox\.c:|deploy/submission/submission_create\.c:)' |
    grep -v '^src/evaluate/report/report_formats/html_page\.c:' |
    grep -vE '^[^:]*:[0-9]+: *//' || :)
[ -z "$found" ] || {
    printf '%s\n' "$found"
    echo "messages of the library name settings; hints and src/cli/output/console.c name options"
    exit 1
}
