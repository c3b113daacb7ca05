#!/bin/sh
# cli_wrong_file_types.sh: a path that leads to nothing, or to a file of another kind, is refused by
# what it is; a misspelt word or ending is answered with the one that was meant; nothing is left
# behind.
# shellcheck source=tests/scripts/cli.lib
. "${SOURCE:?the checkout}/tests/scripts/cli.lib"

expect 0 imprint log --episodes 2 --steps 8 --size 40x30 --out data
expect 0 imprint train --data data --epochs 1 --validation 0 --out model
expect 0 imprint export onnx model --out m.onnx
expect 0 imprint render --size 40x30 --out p.png
cp data/main_data.hdf5 h.hdf5
printf '\200\004K\001.' >x.pkl
printf 'PK\003\004..........................data.pkl' >x.pt
printf '\377\330\377\340..JFIF' >p.jpg
printf '#ROSBAG V2.0\n' >b.bag
printf 'SQLite format 3' >b.db3
printf 'a: 1\n' >y.yaml
: >e.yaml

# refused KIND COMMAND...: with 3 and one line that names the kind
refused() {
    kind=$1
    shift
    expect 3 imprint "$@"
    says "$kind"
    absent new
}

# models: everything else is named, and what other frameworks wrote is told a way
for use in 'eval --episodes 1 --steps 1 --policy' 'log --out new --policy' 'agent --model' \
    'model show' 'model import --out q.safetensors' 'export onnx --out q.onnx' \
    'train --data data --out new --from' 'submission new new --model'; do
    # shellcheck disable=SC2086  # words
    {
        refused 'm.onnx: is an ONNX model; ' $use m.onnx
        says '(.safetensors) that it was exported from'
        refused 'p.png: is a PNG image; ' $use p.png
        refused 'p.jpg: is a JPEG image; ' $use p.jpg
        refused 'h.hdf5: is an HDF5 file; ' $use h.hdf5
        refused 'x.pkl: is a Python pickle; ' $use x.pkl
        says 'imprint model import'
        refused 'x.pt: is a PyTorch checkpoint; ' $use x.pt
        refused 'b.bag: is a ROS 1 bag; ' $use b.bag
        refused 'data: no model.safetensors in it: it is a dataset' $use data
        refused 'runs/nothing: no such file' $use runs/nothing
        refused 'nothing.safetensors: no such file' $use nothing.safetensors
        absent q.safetensors q.onnx
    }
done
refused "unknown policy 'exprt'; did you mean 'expert'?" log --policy exprt --out new
refused "unknown policy 'Pure-Pursuit'; did you mean 'pure-pursuit'?" eval --policy Pure-Pursuit
refused "unknown policy 'duck': give expert, pure-pursuit, a plug-in" eval --policy duck
expect 2 imprint model show smal
says "unknown network 'smal'; did you mean 'small'?"
expect 2 imprint eval --policy expert --segmenter p.png --episodes 1
says '--segmenter'

# text that imprint reads
for file in m.onnx p.png h.hdf5 model/model.safetensors x.pt data; do
    expect 3 imprint render --out new --map "$file" --out new.png
    says "$file: is a"
    says 'a map is a YAML file'
    expect 3 imprint map check "$file"
    says "$file: is a"
    expect 3 imprint train --data data --out new --network "$file"
    says 'a network is described by a YAML file'
    expect 3 imprint log --out new --lens "$file"
    says "a camera's calibration is a YAML file"
    expect 3 imprint log --out new --config "$file"
    says 'settings are a YAML file'
    expect 3 imprint log --out new --distributions "$file"
    says 'distributions are a JSON file'
    absent new new.png
done
for option in map lens config distributions; do
    refused 'nothing.yaml: no such file' log --out new "--$option" nothing.yaml
    refused 'runs/nothing: no such file' log --out new "--$option" runs/nothing
done
refused 'nothing.yaml: no such file' train --data data --out new --network nothing.yaml
refused "unknown map 'lop_empty'; did you mean 'loop_empty'?" render --map lop_empty

# folders, and others' recordings
for use in 'train --out new --data' 'data info' 'data check' 'export minari --out new' \
    'render --out new --replay' 'plot --out new.png' 'submission check'; do
    # shellcheck disable=SC2086  # words
    {
        refused 'h.hdf5: is an HDF5 file; ' $use h.hdf5
        refused 'y.yaml: is a YAML file; ' $use y.yaml
        refused 'e.yaml: is an empty file; ' $use e.yaml
        refused 'runs/nothing: no such folder' $use runs/nothing
    }
done
# also where no sandbox can be made, which is told only to who needs one
expect 3 env PATH=/nowhere "$IMPRINT" submission check h.hdf5
says 'h.hdf5: is an HDF5 file; '
refused 'p.png: is a PNG image; ' log --out new --assets p.png
refused 'nothing: no such folder' log --out new --assets nothing
mkdir -p assets/tiles-processed/photos/straight
cp p.png assets/tiles-processed/photos/straight/texture.png
refused "no textures of style 'phtos'; there are photos; did you mean 'photos'?" \
    render --assets assets --style phtos --out new.png
refused 'p.png: is not a bag of ROS 1 or ROS 2, but a PNG image' import rosbag p.png --out new
refused 'b.db3: is not a bag of ROS 1 or ROS 2, but an SQLite' import rosbag b.db3 --out new
refused 'data: the folder holds no bag' import rosbag data --out new
expect 4 imprint import rosbag nothing.bag --out new
says 'nothing.bag: no such file'
refused 'b.bag: is a ROS 1 bag; a train.log holds' import trainlog b.bag --out new
expect 4 imprint import trainlog nothing.log --out new
says 'nothing.log: no such file'
chmod 000 y.yaml
for option in map lens config distributions; do
    expect 4 unprivileged imprint log --out new "--$option" y.yaml
    says 'y.yaml: cannot be read: Permission denied'
done

# words in place of which another was meant; WRONG=RIGHT
while read -r right use; do
    # shellcheck disable=SC2086  # words
    expect 2 imprint $use
    says "; did you mean '$right'?"
done <<'USES'
test log --out new --split tset
segments log --out new --observation segmets
challenge log --out new --clock chalenge
simulator log --out new --lanes simulater
duckiebot log --out new --lens duckibot
light log --out new --randomize ligth
jpeg log --out new --randomize no-jepg
cosine train --data data --out new --schedule cosin
adamw train --data data --out new --optimiser adamwe
huber train --data data --out new --loss hubre
blur train --data data --out new --augment noise,blurr:0.3
small train --data data --out new --network smal
exponential dagger --out new --beta exponental
baseline eval --protocol baslein
camera render --out new.png --view camrea
boxes render --out new.png --overlay boxs
motion render --out new.png --camera-effects moton=0.1
plain bench --instruction-set plian
decide bench deicde
list map lst
info data ifno
show model hsow
onnx export onxn model
rosbag import rosbga b.bag
check submission chekc data
duty-cycles import trainlog --out new --actions duty-cycle x.pkl
USES
absent new new.png

# in files
printf 'tile_size: 0.585\ntiles:\n- [straigth/N]\n' >m.yaml
refused "m.yaml:3: unknown tile 'straigth': use" map check m.yaml
says "did you mean 'straight'?"
printf 'tile_size: 0.585\ntiles:\n- [straight/N]\nobjcets: []\n' >m.yaml
code=0
imprint map check m.yaml >out.txt 2>err || code=$?
grep -q "unknown key 'objcets' is ignored; did you mean 'objects'?" out.txt ||
    fail "no suggestion: $(cat out.txt)"
printf 'tile_size: 0.585\ntiles:\n- [straight/N]\nobjects:\n- {kind: dukie, pos: [0, 0]}\n' >m.yaml
refused "unknown kind of object 'dukie'; did you mean 'duckie'?" map check m.yaml
printf 'layers:\n- {name: a, kind: convolutoin}\n' >n.yaml
refused "did you mean 'convolution'?" model show n.yaml

# what --out ends with
while read -r known use; do
    for wrong in "${known%?}" "$known"x .gif; do
        # shellcheck disable=SC2086  # words
        expect 2 imprint $use --out "new$wrong"
        says "--out 'new$wrong': unknown ending $wrong: must end with "
        [ "$wrong" = .gif ] || says "did you mean '$known'"
        absent "new$wrong"
    done
    # what export writes, it says itself
    [ "${use#export}" = "$use" ] || continue
    # shellcheck disable=SC2086  # words
    expect 2 imprint $use --out new
    says "--out 'new': must end with "
    absent new
done <<'ENDINGS'
.png render --size 40x30
.png plot model
.svg plot model
.svg map show loop_empty
.png map show loop_empty
.yaml map new
.onnx export onnx model
.log export trainlog data
.hdf5 export robomimic data
.safetensors model import model
ENDINGS
expect 2 imprint render --size 40x30 --out new.mp4
says "must end with .png; a video needs --replay or --drive"
for wrong in pgn apgn PNG jpg v2; do
    expect 2 imprint render --replay data --out drive.$wrong
    says "unknown ending .$wrong: must end with .png, .apng, .mp4, .webm, .gif, .webp, or be a"
    absent drive.$wrong
done
expect 2 imprint render --replay data --out drive.avi
says "write .mp4 or .apng, or frames into a folder and then: ffmpeg -framerate 30 -i FOLDER/%05d"
absent drive.avi
expect 0 imprint render --replay data --out drive
expect 0 imprint render --replay data --out drive.v2/
[ "$(ls drive.v2)" = "$(ls drive)" ] || fail "other frames: $(ls drive.v2)"
for use in log 'train --data data' dagger seg-train 'eval --policy expert --episodes 1 --steps 1' \
    'map new --count 2' 'export minari data' 'import trainlog x.pkl'; do
    for name in new.html new.htlm new.hdf5 new.png; do
        # shellcheck disable=SC2086  # words
        expect 2 imprint $use --out $name
        says "'$name' is named like a file, but a folder is written: give new, or"
        absent $name
    done
done
expect 0 imprint eval --policy expert --episodes 1 --steps 1 --out new.html/
[ -f new.html/report.html ] || fail "no report in the folder that a slash asks for"
