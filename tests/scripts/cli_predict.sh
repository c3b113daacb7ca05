#!/bin/sh
# cli_predict.sh: policies on images of files, folders and datasets; a table, a sheet, and scores.
# shellcheck source=tests/scripts/cli.lib
. "${SOURCE:?the checkout}/tests/scripts/cli.lib"

expect 0 imprint log --episodes 2 --steps 60 --noise 0.1 --start-angle-deg 30 --out data
expect 0 imprint train --data data --epochs 1 --out model
mkdir frames
expect 0 imprint render --map loop_empty --size 160x120 --out frames/a.png
expect 0 imprint render --map udem1 --size 160x120 --out frames/b.png

expect 0 imprint predict --policy model --policy model/model.safetensors --out seen --images frames
prints 'seen: predictions.csv and sheet.png of 2 images'
[ "$(wc -l <seen/predictions.csv)" -eq 5 ] || fail 'four rows and a header were wanted'
grep -q '^a.png,model,' seen/predictions.csv || fail "$(cat seen/predictions.csv)"
[ -s seen/sheet.png ] || fail 'there is no sheet'
[ -s seen/frame-00001.png ] || fail 'images are missing'
expect 0 imprint predict --policy model --every 30 data --json
prints '"images": 4'

# what cannot be looked at
expect 2 imprint predict --policy model
says 'give images'
expect 3 imprint predict --policy model data/metadata.json
says 'is a JSON file'
mkdir none
expect 3 imprint predict --policy model none
says 'holds no .jpg'
expect 2 imprint predict --policy model --overlay lines frames
says "'lines' is none of"
head -c 3000 frames/a.png >cut.png
expect 3 imprint predict --policy model cut.png

# scores
printf 'file,steer,light\na.png,1,day\nb.png,-1,night\nb.png,0,night\n' >frames/labels.csv
expect 0 imprint eval --images frames/labels.csv --policy model --json
prints '"images": 3'
prints '"night"'
expect 0 imprint eval --images frames/labels.csv --policy model
prints 'of 2 images with a curve'
printf 'file,steer\na.png,left\n' >frames/wrong.csv
expect 3 imprint eval --images frames/wrong.csv --policy model
says "steer must be 1 (left), 0 (straight) or -1 (right), not 'left'"
printf 'name,steer\na.png,1\n' >frames/wrong.csv
expect 3 imprint eval --images frames/wrong.csv --policy model
says "names no column 'file'"
