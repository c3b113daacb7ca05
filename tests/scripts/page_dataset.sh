#!/bin/bash
# page_dataset.sh: `imprint page --data` in headless Chromium, opened from disk: figures and filters
# are the program's, marks are saved and applied, hostile names (tests/page/dataset_page_test.py).
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
export PYTHONDONTWRITEBYTECODE=1
python3 "$SOURCE/tests/page/dataset_page_test.py" "$IMPRINT" "$folder"
