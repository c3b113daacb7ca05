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
# who takes no commands is warned of, who takes them is not
imprint eval -p robot --commands random --map 4way_bordered --episodes 1 --steps 5 >out 2>err ||
    fail "a network without commands is refused: $(cat err)"
says 'robot takes no commands as input'
# shellcheck disable=SC2086  # options are kept as words
expect 0 imprint eval -p told $told --episodes 1 --steps 5
[ ! -s err ] || fail "a warning for a network that takes commands: $(cat err)"
# routes: the expert arrives, and the tables, files and the report say so
route='--commands route --route-intersections 2 --map 4way_bordered --start-angle-deg 20'
# shellcheck disable=SC2086  # options are kept as words
{
    expect 0 imprint eval -p expert $route --episodes 3 --steps 2000 --out routes
    prints 'driven/planned'
    prints ' 100.0 (43.9-100%)'
    prints 'arrived: what counts with routes'
    expect 2 imprint eval -p expert --commands route --map 4way_bordered --destination 0,0 \
        --episodes 1 --out never
    says "--destination: '0,0': this tile"
    expect 2 imprint eval -p expert $route --destination 1,1 --out never
    says '--route-intersections and --destination exclude each other'
    # without --steps there is time to arrive
    expect 0 imprint eval -p expert $route --episodes 1
    prints '1 episode of at most 800 steps'
}
# options of routes without --commands route, in every command that has them
for command in 'eval -p expert' log 'dagger --rounds 0' 'train --online'; do
    # shellcheck disable=SC2086  # options are kept as words
    {
        expect 2 imprint $command --destination 1,1 --out never
        says '--destination needs --commands route'
        expect 2 imprint $command --route-intersections 3 --out never
        says '--route-intersections needs --commands route'
        expect 2 imprint $command --commands route --map loop_empty --out never
        says 'no map here has an intersection, so no route can be drawn'
    }
done
absent never
expect 0 imprint eval -p expert --commands route --destination 3,1 --map loop_empty --episodes 1 \
    --steps 5
imprint log --commands random --map loop_empty --episodes 1 --steps 5 --out aimless >out 2>err ||
    fail "a map without intersections is refused: $(cat err)"
says 'no map here has an intersection, so --commands random gives no command'
# a run that is resumed has no options of routes
expect 0 imprint log --episodes 1 --steps 5 --out aimless --force
! grep -q 'route' aimless/settings.yaml || fail "settings of routes: $(cat aimless/settings.yaml)"
expect 0 imprint log --resume --out aimless
head -n 1 routes/episodes.csv | grep -q ',wrong_turns,route_length_m$' ||
    fail "no lengths of routes"
[ "$(grep -c ',arrived,' routes/episodes.csv)" -eq 3 ] || fail "not all routes were completed"
grep -q '"arrived": 3' routes/metrics.json || fail "metrics have no routes"
grep -q '>Routes</h2>' routes/report.html || fail "the report has no routes"
# a speed that is asked for, with all that tells of it
# shellcheck disable=SC2086  # options are kept as words
{
    expect 0 imprint eval -p expert --wanted-speed-min 0.2 --wanted-speed-max 0.2 --episodes 2 \
        --steps 300 --out slow
    prints '|speed - wanted| [m/s]'
    expect 2 imprint eval -p expert --wanted-speed-max 0.5 --episodes 1 --out never
    says '--wanted-speed-min 0, --wanted-speed-max 0.5: give both ends'
}
head -n 1 slow/episodes.csv | grep -q ',wanted_speed_m_s,speed_error_m_s$' || fail "no speeds"
grep -q '"speed_error_m_s"' slow/metrics.json || fail "metrics have no wanted speed"
grep -q '>Wanted speed</h2>' slow/report.html || fail "the report has no wanted speed"
absent never
