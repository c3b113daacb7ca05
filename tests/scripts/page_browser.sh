#!/bin/bash
# page_browser.sh: `imprint page` in headless Chromium, opened from disk: the same frames as the
# program, driving, taking over, files, hostile names (tests/page/browser_test.py).
set -euo pipefail
: "${IMPRINT:?the program}" "${SOURCE:?the checkout}"

for program in chromium chromedriver python3; do
    command -v $program >/dev/null || {
        echo "skipped: no $program (Debian: chromium, chromium-driver, python3)"
        exit 77
    }
done
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"$IMPRINT" page "$folder/probe.html" 2>"$folder/why" || {
    grep -q WebAssembly "$folder/why" || { cat "$folder/why"; exit 1; }
    echo "skipped: this build had no compiler for WebAssembly"
    exit 77
}
# the compiler that the page was built with is one of these
for compiler in clang clang-19 clang-14; do
    if "$compiler" --target=wasm32-wasi -mexec-model=reactor -O3 -msimd128 -ffp-contract=off \
        -Wno-psabi -DIMP_INSTRUCTION_SET=plain "-I$SOURCE/include" "-I$SOURCE/src" \
        "$SOURCE/tests/page/multiply_add.c" -o "$folder/multiply_add.wasm" 2>/dev/null; then
        break
    fi
done
export PYTHONDONTWRITEBYTECODE=1
python3 "$SOURCE/tests/page/browser_test.py" "$IMPRINT" "$(dirname "$IMPRINT")/tests/page_frames" \
    "$folder"
