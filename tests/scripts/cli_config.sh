#!/bin/sh
# cli_config.sh: settings from a file, overridden on the command line, saved, and used again.
# shellcheck source=tests/scripts/cli.lib
# shellcheck disable=SC2086  # commands are kept as words
. "${SOURCE:?the checkout}/tests/scripts/cli.lib"

cat >log.yaml <<'YAML'
# a short recording
episodes: 3
steps: 25
size: 40x30
map: "udem1_empty"
noise: 0.25
YAML
expect 0 imprint log --config log.yaml --out a
expect 0 imprint data info a
prints 'episodes        3, of'
prints '40 x 30'
prints 'udem1_empty'
expect 0 imprint log --out b -c log.yaml --episodes 2 --map small_loop
expect 0 imprint data info b
prints 'episodes        2, of'
prints 'small_loop'

# settings.yaml is what was resolved: the same recording again, however it was asked for
expect 0 imprint log --config a/settings.yaml --out again
same_folders a again
expect 0 imprint log --episodes 3 --steps 25 --size 40x30 --map udem1_empty --noise 0.25 --out asked
same_folders a asked
# numbers and sizes are saved as people write them, and shown so
for line in 'size: 40x30' 'turn-rate-gain: 10' 'tracking-rate: 3.1' 'max-return-angle-deg: 60' \
    'map: \["udem1_empty"\]' 'noise: 0.25'; do
    grep -qx "$line" a/settings.yaml || fail "no line '$line': $(cat a/settings.yaml)"
done
expect 0 imprint data info a
for text in '"size":"40x30"' '"turn-rate-gain":10,' '"tracking-rate":3.1,' \
    '"max-return-angle-deg":60,'; do
    prints "$text"
done
# as earlier releases wrote them, they are read; what is stored with them is shown as short
cat >old.yaml <<'YAML'
episodes: 1
steps: 5
size: "40,30"
turning-rate: 1e1
return-angle-deg: 59.999999999999993
YAML
expect 0 imprint log --config old.yaml --out old
grep -aqF '"return-angle-deg":59.999999999999993' old/metadata.json old/main_data.hdf5 ||
    fail "the stored settings are others"
expect 0 imprint data info old
prints '"max-return-angle-deg":60,'
# an option's name in earlier versions works, with a warning; what is stored is the same
brief='imprint log --episodes 1 --steps 2 --size 40x30'
expect 0 $brief --pose-only --no-look-ahead --max-turn-rate 2 --observation segments --out new-names
$brief --by-sight --no-trials --turn-rate=2 --observe masks --out old-names >out 2>err ||
    fail "old names are refused: $(cat err)"
for pair in 'by-sight is now --pose-only' 'no-trials is now --no-look-ahead' \
    'turn-rate is now --max-turn-rate' 'observe is now --observation'; do
    says "imprint: --$pair; the old name will go in the next version"
done
says 'imprint: --observation masks is now segments; the old word will go in the next version'
same_folders new-names old-names
grep -q '^pose-only: true' old-names/settings.yaml || fail 'the old name is saved'
sed 's/^pose-only/by-sight/; s/^max-turn-rate/turn-rate/' old-names/settings.yaml >names.yaml
expect 0 imprint log --config names.yaml --no-look-ahead --out saved-names
same_folders new-names saved-names
expect 2 $brief --posonly --out none
says "did you mean '--pose-only'?"
# a continued folder may hold them as well
cp names.yaml old-names/settings.yaml
expect 2 $brief --pose-only --no-look-ahead --max-turn-rate 2 --observation segments --steps 3 \
    --resume --out old-names
says 'begun with steps: 2; now steps: 3'
if grep -q by-sight err; then fail "old names count as other settings: $(cat err)"; fi
expect 0 imprint eval --policy pure-pursuit --episodes 1 --steps 2 --json
prints '"policy": "pure-pursuit"'
grep -q '^noise: 0.25' a/settings.yaml || fail "noise is not saved: $(cat a/settings.yaml)"

cat >train.yaml <<'YAML'
data: [a, b]
epochs: 2
batch-norm: true
learning-rate: 3e-4
YAML
expect 2 imprint train --config train.yaml --out m --batch 0
expect 0 imprint train --config train.yaml --out m
expect 0 imprint train --config m/settings.yaml --out m2
rm m/events.* m2/events.* # TensorBoard's logs hold the time of day
same_folders m m2
# a list on the command line replaces that of the file
expect 0 imprint train --config train.yaml --data a --epochs 1 --no-batch-norm --out m3 --json
prints '"epochs": 1'
differ m/last.safetensors m3/last.safetensors "options do not override"

cat >eval.yaml <<'YAML'
policy: [expert, m]
episodes: 2
steps: 20
YAML
expect 0 imprint eval --config eval.yaml --out e
expect 0 imprint eval --config e/settings.yaml --out e2
same_folders e e2 settings.yaml trajectories.png
expect 0 imprint eval --config eval.yaml --policy pure-pursuit --json
if grep -q '"expert"' out; then fail "a policy of the file is still there"; fi

# broken files name their line
refuse() {
    printf '%b' "$1" >broken.yaml
    expect 3 imprint log --config broken.yaml --out c
    says "broken.yaml:$2"
}
refuse 'episodes: 2\nwheels: 4\n' "2: 'wheels' is no setting"
refuse 'epsiodes: 2\n' "1: 'epsiodes' is no setting of imprint log; did you mean 'episodes'?"
refuse 'episodes: 2\n\nsteps: many\n' "3: --steps: 'many'"
refuse 'episodes: {a: 1}\n' '1: '
refuse 'episodes: [2\n' '2: not YAML'
refuse '? [a]\n: 1\n' '1: '
refuse '- episodes\n' '1: a settings file must consist of lines'
code=0
imprint log --config nowhere.yaml --out c >out 2>err || code=$?
[ "$code" -eq 3 ] || [ "$code" -eq 4 ] || fail "a missing file of settings ends with $code"
one_line err
says nowhere.yaml
: >empty.yaml
expect 0 imprint log --config empty.yaml --episodes 1 --steps 2 --size 40x30 --out d
absent c
