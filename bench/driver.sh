#!/bin/sh
# Trains the driver for towns, which follows commands, and measures it in towns that it has
# never seen: how far it gets from any start, how many of random commands it follows, and how many
# routes of ten intersections it completes.
# usage: bench/driver.sh [FOLDER [SEED]]     (build first: ./run test; 25 minutes of two cores)
# SIZE=tiny in the environment tries the recipe in a minute; its model is worth nothing.
set -eu
cd "$(dirname "$0")/.."
out=${1:-runs/driver}
seed=${2:-1}
imprint=build/release/imprint
towns=16 first=400 episodes=160 steps=300 rounds=4 epochs=4 last=8 unseen=100 trials=400
if [ "${SIZE:-}" = tiny ]; then
    towns=2 first=8 episodes=4 steps=60 rounds=1 epochs=1 last=1 unseen=2 trials=4
fi
mkdir -p "$out"

# towns to learn in, and others to drive in
[ -d "$out/towns" ] || $imprint map new --grid --count $towns --seed 1 --out "$out/towns"
[ -d "$out/unseen" ] || $imprint map new --grid --count $unseen --seed 900 --out "$out/unseen"

resume=
[ ! -d "$out/town" ] || resume=--resume
# shellcheck disable=SC2086  # no word, or one
$imprint dagger $resume --network one-residual-command --commands random --turns r \
    --map "$out/towns" --start-angle-deg 60 --noise 0.08 --no-look-ahead --tracking-rate 2.4 \
    --turn-rate-gain 8 --first-episodes $first --episodes $episodes --steps $steps \
    --rounds $rounds --hardest-of 2 --epochs $epochs --last-epochs $last --eval-episodes 30 \
    --eval-steps 600 --train-seed "$seed" --out "$out/town"

# measure WHAT OPTION...: prints one line of figures
measure() {
    what=$1
    shift
    $imprint eval --quiet --json --policy "$out/town" --map "$out/unseen" --start-angle-deg 60 \
        "$@" >"$out/figures.json"
    python3 - "$what" "$out/figures.json" <<'PROGRAM'
import json
import sys

policy = json.load(open(sys.argv[2]))["policies"][0]
figures = policy["figures"]
words = [
    f"survived {policy['survived']} of {policy['episodes']}",
    f"progress {100 * policy['progress']:.1f} % of the expert's",
    f"lane distance {100 * (policy['lane_distance_mean_m'] or 0):.2f} cm",
    f"speed {policy['speed_mean_m_s'] or 0:.3f} m/s",
]
if "commands" in figures:
    done = figures["commands"]
    words.append(f"followed {done['followed']} of {done['given']} commands")
    words.append(f"{done['wrong_turns']} wrong turns")
if "routes" in figures:
    done = figures["routes"]
    words.append(f"completed {done['arrived']} of {done['planned']} routes")
print(f"{sys.argv[1]}: {', '.join(words)}")
PROGRAM
}

measure 'random commands, 50 s' --commands random --episodes $trials --steps 1500
measure 'routes of ten intersections' --commands route --route-intersections 10 \
    --episodes $((trials / 4)) --steps 4500
measure 'no commands, 50 s' --episodes $trials --steps 1500
