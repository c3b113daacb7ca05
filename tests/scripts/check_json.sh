#!/bin/sh
# check_json.sh: what jansson's functions that add to an object or an array return is looked at.
# They fail without memory and for text that is not UTF-8; the value would be missing in silence.
set -eu
cd "${SOURCE:?the checkout}"

# shellcheck disable=SC2016  # the dollars are awk's
find src -name '*.[ch]' ! -path 'src/page/shims/*' | sort | xargs awk '
    BEGIN {
        setter = "json_(object_(set|update)[a-z_]*|array_(set|append|insert|extend)[a-z_]*)[(]"
        bare = "^((if|for|while) [(].*[)] |else )?([(]void[)] ?)?" setter ".*;$"
    }
    FNR == 1 { statement = "" }
    /^[[:space:]]*(\/\/|#)/ { next }
    {
        sub(/^[[:space:]]+/, "")
        sub(/[[:space:]]*(\/\/.*|\\)$/, "")
        statement = statement == "" ? $0 : statement " " $0
    }
    /[;{}]$/ {
        calls += statement ~ setter
        if (statement ~ bare) {
            print FILENAME ":" FNR ": " statement
            wrong = 1
        }
        statement = ""
    }
    END {
        if (wrong)
            print "look at what they return; src/cli has imp_json_set(), imp_json_append()"
        if (calls == 0) {
            print "no call found: is this the source?"
            wrong = 1
        }
        exit wrong
    }
'
