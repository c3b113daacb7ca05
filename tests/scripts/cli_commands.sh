#!/bin/sh
# cli_commands.sh: navigation commands: recorded, learned from, and how often they were followed.
# shellcheck source=tests/scripts/cli.lib
. "${SOURCE:?the checkout}/tests/scripts/cli.lib"

told='--commands random --map 4way_bordered'
# shellcheck disable=SC2086  # options are kept as words
{
    expect 0 imprint log $told --episodes 3 --steps 60 --size 40x32 --out data
    expect 0 imprint data info data --json
    prints '"left"'
    expect 0 imprint dagger --network one-residual-command $told --turns r --start-angle-deg 60 \
        --first-episodes 2 --episodes 2 --rounds 1 --steps 30 --epochs 1 --eval-episodes 1 \
        --eval-steps 30 --out told
    expect 0 imprint eval -p told -p expert $told --episodes 2 --steps 400 --out evaluated
    prints 'commands'
    expect 2 imprint log --commands sideways --out never
    says 'sideways'
}
head -n 1 evaluated/episodes.csv | grep -q ',commands,followed,wrong_turns' ||
    fail "no column of commands"
grep -q '"commands_followed"' evaluated/metrics.json || fail "no figure of commands"
# without commands nobody is told of them
expect 0 imprint eval -p told --map 4way_bordered --episodes 1 --steps 20 --out silent
! grep -q wrong_turns silent/episodes.csv || fail "commands that nobody gave"
absent never
