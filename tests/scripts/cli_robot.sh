#!/bin/sh
# cli_robot.sh: a robot's own numbers from its files to the simulator, datasets, models and agent.
# shellcheck source=tests/scripts/cli.lib
. "${SOURCE:?the checkout}/tests/scripts/cli.lib"

mkdir -p cal/kinematics cal/camera_intrinsic
printf 'gain: 0.8\ntrim: 0.06\nk: 27.0\nlimit: 1.0\nradius: 0.0318\nbaseline: 0.1\n' \
    >cal/kinematics/duckie.yaml
cp "$SOURCE/tests/fuzz/corpus/robot/equidistant.yaml" cal/camera_intrinsic/duckie.yaml

expect 0 imprint robot show cal --size 80x60 --out view.png
prints 'equidistant, images of 640 x 480'
prints 'gain 0.8, trim 0.06'
[ -s view.png ] || fail 'nothing was drawn'
expect 0 imprint robot check cal --json
prints '"faults": 0'
printf 'gain: 1.0\ntrim: 0.5\nlimit: 1.0\nk: 27\nradius: 0.0318\nbaseline: 0.1\n' >odd.yaml
expect 1 imprint robot check cal odd.yaml
says '1 of 2 robots cannot be right'
prints 'odd.yaml: fault: trim / gain is 0.5'
expect 2 imprint log --robot cal --lens none --out x
says 'leave out --lens'
expect 3 imprint log --robot cal/nobody --out x
says "no robot 'nobody'"

# drives carry their robot, and tell it again; notes about what is missing are no errors
imprint log --quiet --robot cal --episodes 2 --steps 240 --noise 0.1 --start-angle-deg 20 \
    --out data 2>err || fail "$(cat err)"
expect 0 imprint robot fit data --robot cal/kinematics/duckie.yaml --pitch-range-deg 0 \
    --out fit.yaml
grep -Eq 'gain +0\.(79|80)' out || fail "$(cat out)"
grep -Eq 'trim +0\.0(59|60|61)' out || fail "$(cat out)"
expect 0 imprint robot check fit.yaml
expect 0 imprint train --data data --epochs 1 --out model
imprint agent --model model --robot cal </dev/null >/dev/null 2>err || fail "$(cat err)"
grep -q 'corrected for the wheels of duckie: gain 0.8, trim 0.06' err || fail "$(cat err)"
! grep -q 'are converted' err || fail 'the model was trained with this camera'
imprint agent --model model --robot odd.yaml </dev/null >/dev/null 2>err || fail "$(cat err)"
grep -q 'images of the camera of odd are converted' err || fail "$(cat err)"
# a model sees through its own robot's camera
expect 0 imprint eval --policy model --episodes 1 --steps 5
