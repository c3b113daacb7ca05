#!/bin/sh
# cli_render.sh: views, what is drawn in, degradations, lenses and replays of the command line.
# shellcheck source=tests/scripts/cli.lib
. "${SOURCE:?the checkout}/tests/scripts/cli.lib"

# a picture is a PNG of the size asked for
is_png() {
    [ "$(od -An -tx1 -N8 "$1" | tr -d ' \n')" = 89504e470d0a1a0a ] || fail "$1 is not a PNG"
    [ "$(od -An -tu1 -j16 -N8 "$1" | tr -s ' ')" = " 0 0 0 $2 0 0 0 $3" ] || fail "$1: wrong size"
}

for view in camera segment classes depth top-down; do
    expect 0 imprint render --map loop_obstacles --view $view --size 80x60 --out $view.png
    is_png $view.png 80 60
done
for lens in none duckiebot; do
    expect 0 imprint render --lens $lens --size 40x30 --out lens.png
done
expect 2 imprint render --view camera,top-down
says 'only a --replay has several views'
expect 0 imprint render --view free --eye 1,1,1 --target 2,0,2 --size 80x60 --out free.png
expect 0 imprint render --overlay lanes,boxes --size 80x60 --out drawn.png
expect 0 imprint render --undistort --size 80x60 --out flat.png
expect 0 imprint render --size 80x60 --out plain.png
for one in motion=0.03 defocus=3 exposure=1 balance=0.5 gamma=2 noise=0.1 shot=0.1 flicker=0.5 \
    jpeg=20; do
    expect 0 imprint render --camera-effects $one --size 80x60 --out real.png
    differ plain.png real.png "--camera-effects $one does nothing"
done

cat >robot.yaml <<EOF
image_width: 640
image_height: 480
camera_matrix: {rows: 3, cols: 3, data: [300.0, 0.0, 310.0, 0.0, 300.0, 240.0, 0.0, 0.0, 1.0]}
distortion_model: plumb_bob
distortion_coefficients: {rows: 1, cols: 5, data: [-0.25, 0.05, 0.0, 0.0, 0.0]}
EOF
expect 0 imprint render --lens robot.yaml --size 80x60 --out own.png
differ plain.png own.png "--lens FILE does nothing"
expect 0 imprint render --lens robot.yaml --undistort --size 80x60 --out own.png
# a lens whose model folds inside the picture is a camera like any other
sed 's/-0.25, 0.05/-0.2, 0.0/' robot.yaml >folds.yaml
expect 0 imprint render --lens folds.yaml --size 80x60 --out folds.png
differ own.png folds.png "--lens FILE does nothing where the model folds"
expect 0 imprint render --lens folds.yaml --undistort --size 80x60 --out own.png
expect 0 imprint log --lens folds.yaml --episodes 1 --steps 5 --out folds
sed 's/plumb_bob/fisheye/' robot.yaml >fisheye.yaml
expect 3 imprint render --lens fisheye.yaml
says 'fisheye.yaml:5: distortion_coefficients has 5 numbers, which fisheye does not have'
sed 's/plumb_bob/pinhole/' robot.yaml >pinhole.yaml
expect 3 imprint render --lens pinhole.yaml
says 'pinhole.yaml:4: distortion_model must be plumb_bob, rational_polynomial or equidistant'
expect 3 imprint render --lens nowhere.yaml
says 'nowhere.yaml'

expect 0 imprint log --map loop_pedestrians --episodes 2 --steps 30 --out drives
expect 0 imprint render --replay drives --out sheet.png
expect 0 imprint render --replay drives --episode 1 --out stored.apng
expect 0 imprint render --replay drives --view top-down --size 60x60 --every 10 --out frames
is_png frames/00003.png 60 60
[ "$(find frames -name '*.png' | wc -l)" = 4 ] || fail 'not 4 frames'
expect 0 imprint render --replay drives --size 80x60 --every 10 --out again
expect 0 imprint render --replay drives --every 10 --out kept
# what moves is where it was: frames that are drawn again are those that were recorded
for frame in again/*.png; do
    cmp -s "$frame" "kept/${frame#again/}" || fail "$frame is not what was recorded"
done

# an episode on a map of one's own is drawn again without its file, from any folder
mkdir -p maps elsewhere
cat >maps/mine.yaml <<EOF
tile_size: 0.585
tiles:
- [curve_left/W, curve_left/N]
- [curve_left/S, curve_left/E]
objects:
- {kind: duckie, pos: [0.9, 0.1], static: false, height: 0.06}
EOF
expect 0 imprint log --map maps/mine.yaml --episodes 1 --steps 20 --out own
expect 0 imprint render --replay own --size 80x60 --every 5 --out before
mv maps/mine.yaml moved.yaml
cd elsewhere
expect 0 imprint render --replay ../own --size 80x60 --every 5 --out after
cd ..
for frame in before/*.png; do
    cmp -s "$frame" "elsewhere/after/${frame#before/}" || fail "$frame needs the map's file"
done
# a map that is only called like a built-in one is not that one
cp moved.yaml loop_empty.yaml
expect 0 imprint log --map loop_empty.yaml --episodes 1 --steps 20 --out own2
expect 0 imprint render --replay own2 --size 80x60 --every 5 --out alike
for frame in before/*.png; do
    cmp -s "$frame" "alike/${frame#before/}" || fail "$frame is drawn on the built-in map"
done

for bad in '--view sideways' '--overlay cats' '--camera-effects fog=1' \
    '--camera-effects noise' '--camera-effects noise=2' \
    '--camera-effects jpeg=x' '--view free' '--eye 1,1,1' '--undistort --lens none' \
    '--view top-down --camera-effects noise=0.1' '--view top-down --overlay lanes' \
    '--view free --eye 1,0,1 --target 2,0,2' '--replay drives --episode 2' \
    '--replay drives --every -1'; do
    # shellcheck disable=SC2086  # options are kept as words
    expect 2 imprint render $bad --out bad.png
done
expect 3 imprint render --replay nothing --out bad.png
absent bad.png

expect 2 imprint render --out picture.jpg
says '.png'
expect 2 imprint render --episodes 3 --out picture.png
says '--randomize'
absent picture.jpg picture.png
