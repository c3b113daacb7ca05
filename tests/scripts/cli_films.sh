#!/bin/sh
# cli_films.sh: videos of recorded episodes. A program called ffmpeg stands in for the real
# one; where that is installed it encodes one film, too.
# shellcheck source=tests/scripts/cli.lib
. "${SOURCE:?the checkout}/tests/scripts/cli.lib"

expect 0 imprint log --map loop_pedestrians --episodes 1 --steps 30 --out drives
real_path=$PATH
if command -v ffmpeg >/dev/null; then
    for kind in mp4 gif; do
        expect 0 imprint render --replay drives --view camera,top-down --size 80x60 --every 5 \
            --out "real.$kind"
        prints "real.$kind: 7 frames"
        [ -s "real.$kind" ] || fail "real.$kind is empty"
    done
    [ "$(head -c 6 real.gif)" = GIF89a ] || fail 'real.gif is no GIF'
    [ "$(head -c 8 real.mp4 | tail -c 4)" = ftyp ] || fail 'real.mp4 is no MP4'
else
    echo 'skipped: no ffmpeg, whose films are not looked at'
fi

# raw frames go to its standard input: 640 x 256 with two views and the line below them
mkdir tools
cat >tools/ffmpeg <<'EOF'
#!/bin/sh
for last; do :; done
echo "$*" >arguments
exec cat >"${last#file:}"
EOF
chmod +x tools/ffmpeg
PATH=$work/tools:$PATH
for kind in mp4 webm gif webp; do
    expect 0 imprint render --replay drives --view camera,top-down --size 320x240 --every 10 \
        --out film.$kind
    prints "film.$kind: 4 frames"
    [ "$(wc -c <film.$kind)" = $((640 * 256 * 3 * 4)) ] || fail "wrong frames of film.$kind"
done
grep -q -- '-video_size 640x256 -framerate 3.000000 -i pipe:0' arguments || fail "$(cat arguments)"
# drives side by side: two columns of camera, map and line; the longer one decides the length
expect 0 imprint drive --episodes 2 --steps 9 --out recorded
expect 0 imprint render --drive recorded --drive recorded/00001.drive.json --size 64x48 --every 4 \
    --out film.mp4
prints 'film.mp4: 4 frames'
[ "$(wc -c <film.mp4)" = $((192 * 112 * 3 * 4)) ] || fail "wrong frames of drives"
expect 2 imprint render --drive recorded --out film.png
expect 0 imprint render --replay drives --no-caption --every 10 --out film.mp4
[ "$(wc -c <film.mp4)" = $((320 * 240 * 3 * 4)) ] || fail 'there is a line below the frames'
expect 0 imprint render --replay drives --view camera,top-down --size 320x240 --every 10 \
    --out film.apng
expect 2 imprint render --replay drives --view camera,sideways --out x.mp4
expect 2 imprint render --replay drives --view top-down,map,map,map,map --out x.mp4

# the worst episodes of an evaluation, in which a column shows each policy
expect 0 imprint eval --policy pure-pursuit --policy expert --episodes 1 --steps 10 --videos 1 \
    --video-format webm --video-size 80x60 --out report
prints 'videos of the worst episodes'
frame=$((160 * 136 * 3))
for policy in 1 2; do
    [ "$(wc -c <report/worst-$policy-1.webm)" = $((frame * 11)) ] ||
        fail "wrong frames of policy $policy"
done
# they are the drives, beside each other; the last frame says how they ended, too
expect 0 imprint render --drive report/worst-1-1.drive.json --drive report/worst-2-1.drive.json \
    --size 80x60 --out film.webm
cmp -n $((frame * 10)) film.webm report/worst-1-1.webm || fail 'videos show other drives'
cmp -s film.webm report/worst-1-1.webm && fail 'no ending is told'
cmp report/worst-1-1.webm report/worst-2-1.webm || fail 'the same episode looks different'
# of one policy, the map stands beside the camera
expect 0 imprint eval --policy expert --episodes 1 --steps 10 --videos 1 --randomize light \
    --video-format webm --video-size 80x60 --out report --force
[ "$(wc -c <report/worst-1-1.webm)" = $((160 * 76 * 3 * 11)) ] || fail 'wrong frames of one policy'
expect 0 imprint render --drive report/worst-1-1.drive.json --size 80x60 --out film.webm
[ "$(wc -c <film.webm)" = $((160 * 76 * 3 * 11)) ] || fail 'wrong frames of one drive'
cmp -s film.webm report/worst-1-1.webm && fail 'videos do not show what is randomised'
expect 0 imprint eval --policy expert --episodes 1 --steps 5 --videos 2 --video-format apng \
    --video-size 40x30 --out report --force
[ -s report/worst-1-1.apng ] || fail 'no video'
[ ! -e report/worst-1-1.webm ] || fail 'an old video is left'
expect 2 imprint eval --policy expert --videos 1
says '--out'
expect 2 imprint eval --policy expert --videos 1 --video-format avi --out x
says '--video-format avi: must end in'

# what it says is told, and nothing is left
printf '#!/bin/sh\necho "no such codec" >&2\nexit 3\n' >tools/ffmpeg
expect 4 imprint render --replay drives --size 320x240 --out x.mp4
says 'x.mp4: ffmpeg failed: no such codec'

# nor after Ctrl-C, although it never ends
printf '#!/bin/sh\nexec sleep 600\n' >tools/ffmpeg
imprint render --replay drives --size 320x240 --out x.mp4 >out 2>err &
left=$!
pid=$left
until listens && [ -n "$(find . -name 'x.*')" ]; do sleep 0.1; done
[ -n "$(find . -name 'x.mp4.????????????????.tmp')" ] ||
    fail "a name by which a later run knows what a killed one left: $(find . -name 'x.*')"
kill -INT "$pid"
code=0
wait "$pid" || code=$?
left=
[ $code = 130 ] || fail "Ctrl-C: $code"
one_line err

# and without it: PATH is for the program alone
PATH=$real_path
expect 2 env PATH="$work/bin" "$work/bin/imprint" render --replay drives --out x.webm
says 'not installed: install ffmpeg, or choose .apng'
expect 2 env PATH="$work/bin" "$work/bin/imprint" eval --policy expert --videos 1 --out x.report
says 'not installed'
[ -z "$(find . -name 'x.*')" ] || fail "left: $(find . -name 'x.*')"
