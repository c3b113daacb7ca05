#!/bin/sh
# cli_disk_full.sh: a disk that is full: what was written before is whole, and --resume goes on from
# it. Skipped where no small disk can be mounted; cli_output_full.sh has the same with a limit
# instead.
# shellcheck disable=SC2086  # commands and options are kept as words
# shellcheck source=tests/scripts/cli.lib
. "${SOURCE:?the checkout}/tests/scripts/cli.lib"

mkdir disk
mount -t tmpfs -o size=1500k none disk 2>/dev/null ||
    { echo "skipped: no small disk can be mounted"; exit 77; }
trap 'umount "$work/disk"; leave' EXIT

collect='imprint log --episodes 20 --steps 20 --size 40x30'
expect 0 $collect --out whole
expect 0 imprint train --data whole --epochs 2 --out whole-model

# the first shard fits, the second does not
expect 4 $collect --out disk/data
says 'No space left on device'
no_leftovers disk/data
expect 0 imprint data check disk/data
prints '16 episodes'
mount -o remount,size=20m disk
expect 0 $collect --out disk/data --resume
same_folders whole disk/data
dd if=/dev/zero of=disk/ballast bs=1k count=100k 2>/dev/null || :
expect 4 imprint train --data whole --epochs 1 --out disk/model
expect 4 imprint eval --policy expert --episodes 2 --steps 20 --out disk/metrics
says 'No space left on device'
rm disk/ballast
expect 0 imprint train --data whole --epochs 2 --out disk/model --resume
same_folders whole-model disk/model model.safetensors last.safetensors state.safetensors
