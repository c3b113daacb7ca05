#!/bin/sh
# page-template.sh WEB SIMD PLAIN SCRIPT...: prints src/page/web/page.html with the style sheet, the
# two modules, compressed and in base64, and the scripts in the places of its lines @STYLE@, @SIMD@,
# @PLAIN@ and @SCRIPT@. Scripts share one scope, and see what stands before them.
set -eu
web=$1
simd=$2
plain=$3
shift 3

part() { # FROM TO: lines between these two marks; FROM may be empty
    awk -v from="$1" -v to="$2" '
        BEGIN { on = from == "" }
        index($0, to) && to != "" { on = 0 }
        on { print }
        from != "" && index($0, from) { on = 1 }' "$web/page.html"
}

part '' @STYLE@
cat "$web/page.css"
part @STYLE@ @SIMD@
gzip -9n <"$simd" | base64 -w 0
echo
part @SIMD@ @PLAIN@
gzip -9n <"$plain" | base64 -w 0
echo
part @PLAIN@ @SCRIPT@
for name in "$@"; do
    cat "$web/$name.js"
done
part @SCRIPT@ ''
