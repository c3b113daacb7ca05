#!/bin/sh
# check_names.sh: no type and no macro is defined by two headers, so that any two can be included
# together and a name means one thing.
set -eu
cd "${SOURCE:?the checkout to look at}"

# one line for each definition: kind, name, header
definitions() {
    # shellcheck disable=SC2016  # the dollars are awk's
    find include src -name '*.h' | sort | xargs awk '
        function define(kind, name) { print kind, name, FILENAME }
        { sub(/\/\/.*/, "") }
        /^[ \t]*#[ \t]*define[ \t]/ {
            name = $0
            sub(/^[ \t]*#[ \t]*define[ \t]+/, "", name)
            sub(/[^A-Za-z0-9_].*/, "", name)
            define("macro", name)
        }
        # a definition with members: its tag stands before them, its name behind
        /^(typedef )?(struct|union|enum) ?[A-Za-z0-9_]* *\{/ {
            name = $0
            sub(/^typedef /, "", name)
            sub(/ *\{.*/, "", name)
            if (split(name, words, " ") == 2) define("tag", words[2])
            if ($0 ~ /^typedef/ && $0 !~ /\}/) inside = 1
        }
        /^typedef/ && !inside {
            name = $0
            sub(/^[^{]*\{.*\} */, "", name)
            sub(/__attribute__.*/, "", name)
            sub(/\(\*/, "", name) # of a pointer to a function
            sub(/[()].*/, "", name)
            gsub(/\[[^]]*\]/, "", name)
            sub(/[^A-Za-z0-9_]*$/, "", name)
            sub(/.*[^A-Za-z0-9_]/, "", name)
            define("type", name)
        }
        inside && /^\}/ {
            name = $0
            sub(/^\} */, "", name)
            sub(/[^A-Za-z0-9_].*/, "", name)
            define("type", name)
            inside = 0
        }
    '
}

wrong=$(definitions | sort -u | awk '
    $1 == kind && $2 == name && $3 != header { print kind " " name ": " header ", " $3 }
    { kind = $1; name = $2; header = $3 }')
[ -z "$wrong" ] || { echo "defined by two headers:"; echo "$wrong"; exit 1; }
