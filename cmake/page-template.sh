#!/bin/sh
# page-template.sh WEB MODULE SCRIPT...: prints src/page/web/page.html with the style sheet, the
# compressed module in base64 and the scripts in the places of its lines @STYLE@, @MODULE@ and
# @SCRIPT@. Scripts share one scope, and see what stands before them.
set -eu
web=$1
module=$2
shift 2

part() { # FROM TO: lines between these two marks; FROM may be empty
    awk -v from="$1" -v to="$2" '
        BEGIN { on = from == "" }
        index($0, to) && to != "" { on = 0 }
        on { print }
        from != "" && index($0, from) { on = 1 }' "$web/page.html"
}

part '' @STYLE@
cat "$web/page.css"
part @STYLE@ @MODULE@
gzip -9n <"$module" | base64 -w 0
echo
part @MODULE@ @SCRIPT@
for name in "$@"; do
    cat "$web/$name.js"
done
part @SCRIPT@ ''
