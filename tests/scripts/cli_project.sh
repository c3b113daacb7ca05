#!/bin/sh
# cli_project.sh: init, runs, doctor and completion, and the option tables as JSON.
# shellcheck source=tests/scripts/cli.lib
. "${SOURCE:?the checkout}/tests/scripts/cli.lib"

# matches PATTERN: a line of the output
matches() {
    grep -q "$1" out || fail "no line like '$1' in: $(cat out)"
}

# a new project runs as it is, goes on, and is never overwritten
expect 0 imprint init project
QUICK=1 project/run.sh >out 2>err || fail "the project's script failed: $(cat err)"
[ -e project/runs/report/report.html ] || fail "the script wrote no report"
# nothing changed: the policy is kept; another setting, or another map: trained anew, and said so
cp project/runs/policy/model.safetensors kept
QUICK=1 project/run.sh >out 2>err || fail "the script does not go on: $(cat err)"
[ ! -s err ] || fail "trained anew without a change: $(cat err)"
cmp -s kept project/runs/policy/model.safetensors || fail "the policy was not kept"
for change in 's/^noise: 0.08/noise: 0.05/:dagger.yaml' \
    's/house, height: 0.2/house, height: 0.3/:map.yaml'; do
    sed -i "${change%:*}" "project/${change##*:}"
    QUICK=1 project/run.sh >out 2>err || fail "the script fails after a change: $(cat err)"
    grep -q 'has changed, so it is trained anew' err || fail "no word of a change: $(cat err)"
done
grep -q 'noise: 0.05' project/runs/policy/settings.yaml || fail "trained with the old settings"
expect 0 imprint map check --strict project/map.yaml
expect 4 imprint init project
grep -q 'project/map.yaml exists' err || fail "no such message: $(cat err)"
expect 2 imprint init

# runs: settings that differ, figures, order, filters
expect 0 imprint log --episodes 2 --steps 20 --out runs/one
expect 0 imprint log --episodes 3 --steps 20 --noise 0.5 --out runs/two
expect 0 imprint runs list runs project
matches '^runs/one .* 2 episodes, 40 frames .* episodes=2 noise=0$'
matches '^runs/two .* 3 episodes, .* episodes=3 noise=0.5$'
matches '^project/runs/policy .* completed [0-9]* of 4, .* 2 rounds'
matches '^project/runs/report .*: completed [0-9]* of 4, '
! grep -q 'map=' out || fail "a setting that is the same: $(cat out)"
expect 0 imprint runs list --sort figures
[ "$(sed -n '2s/ .*//p' out)" = runs/two ] || fail "the larger dataset is not first: $(cat out)"
expect 0 imprint runs list --filter noise=0.5
[ "$(wc -l <out)" -eq 2 ] || fail "the filter took others: $(cat out)"
expect 2 imprint runs list --filter noise
expect 2 imprint runs list --sort size
expect 4 imprint runs list nowhere

# deleting: only with --force, only runs, only what imprint wrote, and all or none
expect 0 imprint runs delete runs/one
[ -d runs/one ] || fail "deleted without --force"
expect 4 imprint runs delete project --force
echo mine >runs/two/notes.txt
expect 4 imprint runs delete runs/one runs/two --force
[ -d runs/one ] || fail "deleted one of two, of which the other is refused"
ln -s one runs/link
expect 4 imprint runs delete runs/link --force
expect 0 imprint runs delete runs/one --force
[ ! -e runs/one ] || fail "not deleted"

# a run inside a run is told from a stranger's file, and neither is replaced
expect 0 imprint log --episodes 1 --steps 5 --out runs/outer
expect 0 imprint log --episodes 1 --steps 5 --out runs/outer/inner
expect 4 imprint log --episodes 1 --steps 5 --out runs/outer --force
grep -q 'runs/outer holds inner, another run or dataset' err || fail "no such message: $(cat err)"
[ -e runs/outer/inner/main_data.hdf5 ] || fail "the inner dataset was lost"

# doctor: 1 only if something is broken
expect 0 imprint doctor
matches '^  ok  disk '
if [ "$(id -u)" -ne 0 ]; then
    mkdir -m 500 locked
    (cd locked && imprint doctor >/dev/null) && fail "a folder that cannot be written is no failure"
fi

# completions know all commands and options
for shell in bash zsh fish; do
    expect 0 imprint completion $shell
    for word in seg-train start-angle-deg segments; do
        grep -q -e "$word" out || fail "$shell: nothing about $word"
    done
done
expect 0 imprint completion bash
mv out completion.bash
if command -v bash >/dev/null; then
    # shellcheck disable=SC2016  # for bash
    bash -euc '. ./completion.bash
        COMP_WORDS=(imprint export mi) COMP_CWORD=2
        _imprint
        [ "${COMPREPLY[*]}" = minari ]
        COMP_WORDS=(imprint log --observation "") COMP_CWORD=3
        _imprint
        [ "${COMPREPLY[*]}" = "image segments" ]' || fail "bash completes otherwise"
fi
expect 2 imprint completion csh

# all options have a help
expect 0 imprint help --json
if command -v python3 >/dev/null; then
    python3 - out <<'PYTHON' || fail "imprint help --json lacks something"
import json, sys
commands = {each["name"]: each for each in json.load(open(sys.argv[1]))["commands"]}
assert len(commands) > 20, len(commands)
for command in commands.values():
    for option in command["options"]:
        assert option["help"], (command["name"], option["name"])
assert "steps" in [each["name"] for each in commands["page"]["options"]]
PYTHON
fi
