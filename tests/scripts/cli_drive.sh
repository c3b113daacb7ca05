#!/bin/sh
# cli_drive.sh: episodes as small files that are driven again to the last bit, and what is refused.
# shellcheck source=tests/scripts/cli.lib
. "${SOURCE:?the checkout}/tests/scripts/cli.lib"

expect 0 imprint drive --map loop_pedestrians --episodes 3 --steps 40 \
    --randomize trim,delay,commands --out drives
prints 'drives: 3 drives, 120 frames'
[ "$(wc -c <drives/00000.drive.json)" -lt 2000 ] || fail 'a drive is not small'
expect 0 imprint import drive drives --check
prints '120 frames come out the same to the last bit'
expect 0 imprint import drive drives --size 40x30 --out data --json
prints '"frames": 120'
expect 0 imprint data check data
[ -s data/observations.png ] || fail "there is no image to look at"
expect 0 imprint render --replay data --size 80x60 --every 20 --out sheet.png

# the same drives, seen otherwise: the bytes do not depend on threads
for threads in 1 2; do
    expect 0 imprint import drive drives/00001.drive.json drives/00000.drive.json --lens none \
        --randomize looks,no-objects --size 32x24 --threads $threads --out "looks$threads"
done
cmp looks1/shard-00000.hdf5 looks2/shard-00000.hdf5 || fail 'threads change a dataset'
expect 2 imprint import drive drives --randomize all --out x
says "randomisation 'objects'"
expect 4 imprint import drive drives --out data
says '--force'

# a map of the user's travels with the drive
cat >own.yaml <<EOF2
tiles:
- [curve_left/W, straight/W, curve_left/N]
- [straight/S, floor, straight/N]
- [curve_left/S, straight/E, curve_left/E]
tile_size: 0.585
EOF2
expect 0 imprint drive --map own.yaml --policy pure-pursuit --take-over 0.02 --hand-back 0.01 \
    --episodes 2 --steps 60 --out helped
prints 'driven by the expert in a person'
rm own.yaml
expect 0 imprint import drive helped --labels person --size 40x30 --out person
prints 'by a person: '
expect 0 imprint data check person
expect 3 imprint export trainlog person --out x
says 'no label in step'

# damage and other programs' files
sed 's/"seed":123/"seed":124/' drives/00000.drive.json >other.drive.json
expect 1 imprint import drive other.drive.json --out x
says 'other.drive.json: the drive begins elsewhere'
sed 's/"version":1/"version":2/' drives/00000.drive.json >newer.drive.json
expect 3 imprint import drive newer.drive.json --out x
says 'newer.drive.json: has version 2'
head -c 700 drives/00000.drive.json >cut.drive.json
expect 3 imprint import drive cut.drive.json --check
says 'cut.drive.json: is not a demonstration'
expect 3 imprint import drive data/main_data.hdf5 --out x
expect 3 imprint import drive nowhere.drive.json --out x
mkdir empty
expect 3 imprint import drive empty --out x
says 'no demonstration'
expect 2 imprint drive --take-over 0.05 --hand-back 0.1 --out x
says 'must be above 0 and below --take-over'
expect 2 imprint import rosbag drives/00000.drive.json --check
absent x x.partial
