#!/bin/sh
# check_api_docs.sh: Doxygen makes reference pages of all public headers without a warning.
set -eu
: "${IMPRINT:?the program, beside the Doxyfile}"

command -v doxygen >/dev/null || { echo "skipped: no doxygen"; exit 77; }
doxyfile=$(dirname "$IMPRINT")/Doxyfile
[ -e "$doxyfile" ] || { echo "skipped: $doxyfile is not configured"; exit 77; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
{
    cat "$doxyfile"
    echo "OUTPUT_DIRECTORY = $work"
} | doxygen - || { echo "the comments of public headers are not what Doxygen reads"; exit 1; }
grep -q imp_world_load "$work/html/world_8h.html" || { echo "world.h has no page"; exit 1; }
