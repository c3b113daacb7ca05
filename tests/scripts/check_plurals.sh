#!/bin/sh
# check_plurals.sh: no format counts with a plural of its own, which would say "1 rounds": counted
# nouns are written by base/plural.h. Bounds ("at most %d episodes") and sizes ("%d x %d tiles") are
# never 1.
set -eu
cd "${SOURCE:?the checkout to look at}"

nouns='episodes|steps|frames|rounds|epochs|samples|pictures|maps|seeds|runs|curves|findings|remarks'
nouns="$nouns|policies|towns|objects|lanes|parameters|outputs|shards|threads|processors|datasets"
nouns="$nouns|starts|entries|numbers|commands|signs|cars|duckies|pedestrians|values|points"
nouns="$nouns|observations"
found=$(grep -rnE "%(\" PRI[du](32|64) \"|[a-z]*[du]) ($nouns)" src --include='*.c' |
    grep -vE "(x|x |most |than |to |below |be )%[a-z]*[du] ($nouns)|too many" || :)
found="$found$(grep -rnE 'episode%s|== 1 \? "" : "s"' src --include='*.c' || :)"
[ -z "$found" ] || {
    printf '%s\n' "$found"
    echo "a count of 1 would read wrongly there: write IMP_PLURAL(count, \"noun\") (base/plural.h)"
    exit 1
}
