#!/bin/sh
# cli_import.sh: other recordings become datasets, whole or not at all, and what is hostile does
# nothing; datasets become other programs' files.
# shellcheck source=tests/scripts/cli.lib
. "${SOURCE:?the checkout}/tests/scripts/cli.lib"

logs=$SOURCE/tests/fixtures/logs

# a bag: what is dropped is said, in words, in JSON and in the dataset
expect 0 imprint import rosbag "$logs/bag-lz4.bag" --out real
prints 'left out: images before the first command (2)'
prints 'real: 1 episode, 9 steps of 12 images'
[ -s real/observations.png ] || fail "there is no image to look at"
expect 0 imprint data check real
expect 0 imprint data info real
prints 'dropped         images before the first command (2)'
prints 'unknown: the recording has no poses'
expect 0 imprint data info real --json
prints '"format": "rosbag"'
prints '"distance_m": null'
expect 4 imprint import rosbag "$logs/bag-lz4.bag" --out real
says '--force'
expect 0 imprint import rosbag "$logs/bag-none.bag" "$logs/bag-bz2.bag" --out real --force --json
prints '"episodes": 2'
prints '"images before the first command": 4'

# the same recording by ROS 2: a folder, SQLite, MCAP, with each compression
hash_of() {
    imprint data info "$1" --json | sed -n 's/.*"hash": "\([0-9a-f]*\)".*/\1/p'
}
expect 0 imprint import rosbag "$logs/bag-none.bag" --out first
wanted_hash=$(hash_of first)
for bag in ros2 ros2/file.db3.zstd ros2/zstd.mcap ros2/lz4.mcap; do
    expect 0 imprint import rosbag "$logs/$bag" --out second --force
    prints '9 steps of 12 images'
    [ "$(hash_of second)" = "$wanted_hash" ] || fail "$bag gives another dataset"
done
head -c 3000 "$logs/ros2/lz4.mcap" >cut.mcap
expect 0 imprint import rosbag cut.mcap --out second --force
prints 'cut.mcap is cut off'
head -c 20000 "$logs/ros2/ros2.db3" >cut.db3
expect 3 imprint import rosbag cut.db3 --out x
says 'is no bag of ROS 2, or is damaged'

# a robot is chosen by the namespace of its topics
expect 0 imprint import rosbag "$logs/bag-none.bag" --robot robot --out chosen
prints 'chosen: 1 episode'
expect 3 imprint import rosbag "$logs/bag-none.bag" --robot other --out x
says 'holds no robot other: robot (12 images, 10 commands)'
expect 0 imprint data info chosen
prints 'lens calibrated'
absent x x.partial

# one that is cut off gives what is whole
head -c 15000 "$logs/bag-none.bag" >cut.bag
expect 0 imprint import rosbag cut.bag --out cut
prints 'cut.bag is cut off'

# the baselines' logs, and training on them
expect 0 imprint import trainlog "$logs/train-4.log" --size 80x60 --out log
prints 'left out: entries after the end of an episode (1)'
expect 0 imprint train --data log --epochs 1 --batch 4 --out model
expect 0 imprint import trainlog "$logs/steps-2.log" --actions velocities --out steps

# mistakes
expect 2 imprint import
expect 2 imprint import rosbag
expect 2 imprint import cassette x
expect 2 imprint import trainlog x --lens fisheye
expect 2 imprint import trainlog x --actions torques
expect 2 imprint import rosbag "$logs/bag-none.bag" --calibration none.yaml --out x
says '--undistort'
expect 2 imprint import rosbag "$logs/bag-none.bag" --gap -1 --out x
expect 3 imprint import rosbag "$logs/train-4.log" --out x
says 'is not a bag of ROS 1'
expect 3 imprint import rosbag "$logs/bag-none.bag" --camera /other --out x
expect 4 imprint import rosbag missing.bag --out x
expect 3 imprint import trainlog "$logs/bag-none.bag" --out x
printf '\200\002cposix\nsystem\nX\014\000\000\000touch pwned1\205R.' >evil.log
expect 3 imprint import trainlog evil.log --out x
says 'posix.system is refused'
cp "$logs/train-2.log" evil.log
chmod u+w evil.log
printf '\200\002(]cos\nsystem\nX\014\000\000\000touch pwned1\205Re.' >>evil.log
expect 3 imprint import trainlog evil.log --out x
absent pwned1 x x.partial real.replaced

# for others
expect 0 imprint export trainlog log --out again.log
expect 0 imprint import trainlog again.log --out again
expect 0 imprint export minari log --out minari
expect 0 imprint export robomimic log --out demos.hdf5 --json
prints '"format": "robomimic"'
expect 4 imprint export robomimic log --out demos.hdf5
expect 0 imprint export robomimic log --out demos.hdf5 --force
expect 0 imprint export minari log --out slash/
cmp slash/main_data.hdf5 minari/main_data.hdf5 || fail "a slash behind a folder changes its data"
expect 4 imprint export minari log --out minari
expect 0 imprint export minari log --out minari --force
expect 2 imprint export papyrus log

# Minari lists a dataset only under the name of its folder
export MINARI_DATASETS_PATH="$PWD/root"
expect 0 imprint export minari log --out root/imprint/loop-v0/data
prints 'minari.load_dataset("imprint/loop-v0")'
grep -q '"dataset_id": "imprint/loop-v0"' root/imprint/loop-v0/data/metadata.json ||
    fail "Minari will not list it"
expect 0 imprint export minari log --id other/town-v3 --out named --json
prints '"id": "other/town-v3"'
grep -q '"dataset_id": "other/town-v3"' named/metadata.json || fail "--id is not the id"
expect 2 imprint export minari log --id other/town-v3 --out root/imprint/town-v3/data
says 'Minari lists the folder'
expect 2 imprint export minari log --out root/imprint/town-v3
says 'NAMESPACE/NAME-vNUMBER/data'
expect 2 imprint export minari log --id town --out x
expect 2 imprint export robomimic log --id imprint/loop-v0 --out x
says '--id is an option of minari'
expect 0 imprint export robomimic log --validation 0.5 --out demos.hdf5 --force
prints 'mask/train lists 1 demos, mask/valid 1'
expect 0 imprint export robomimic log --validation 0.1 --out demos.hdf5 --force
prints 'mask/valid 0 and is left out'
expect 2 imprint export robomimic log --validation 1 --out x
expect 2 imprint export trainlog log --validation 0.5 --out x
says 'are options of robomimic'
absent x x.partial
expect 2 imprint export trainlog log --standardised
expect 3 imprint export trainlog nowhere --out x
absent x x.tmp x.partial minari.partial minari.replaced demos.hdf5.tmp
no_leftovers .

# interrupted or killed, an import leaves no dataset, and the next one is not in its way
imprint log --episodes 2 --steps 400 --out big --quiet >out
expect 0 imprint export trainlog big --out big.log
cat big.log big.log big.log big.log >more.log
cat more.log more.log more.log more.log >huge.log
start imprint import trainlog huge.log --out half --size 160x120
stop INT "130 0"
[ "$code" -eq 0 ] || absent half half.partial half.unfinished
rm -rf half
start imprint import trainlog huge.log --out half --size 160x120
stop KILL "137 0"
[ "$code" -eq 0 ] || absent half
if [ -e half.unfinished ]; then
    imprint import trainlog "$logs/train-4.log" --out half --force >out 2>err || fail "$(cat err)"
    one_line err
    says 'half.unfinished, which a process that was killed has left, is removed'
else
    expect 0 imprint import trainlog "$logs/train-4.log" --out half --force
fi
absent half.partial half.unfinished
