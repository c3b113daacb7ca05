#!/bin/sh
# bench/take_overs.sh [FOLDER]: what a person's help teaches a policy. A network learns from a few
# undisturbed drives of the expert. Then, twice: it drives, a controller in a person's place takes
# over beyond TAKE_OVER metres from the lane's centre and hands back on it, and the network learns
# these actions (imprint dagger --take-overs). Each policy is evaluated alone on other starts.
# Prints a table. The program is build/release/imprint, or $IMPRINT.
#   FIRST       episodes of the expert in round 0
#   DRIVES      episodes with take-overs per round
#   EPISODES    episodes of an evaluation
set -eu
imprint=${IMPRINT:-build/release/imprint}
folder=${1:-$(mktemp -d)}
: "${FIRST:=20}" "${DRIVES:=150}" "${EPISODES:=400}" "${STEPS:=300}" "${TAKE_OVER:=0.08}"
: "${EPOCHS:=8}" "${NETWORK:=one-residual-actions}"
world="--map loop_empty --start-angle-deg 30"
mkdir -p "$folder"
rm -rf "$folder/policy" "$folder"/drives-*

# number NAME FILE: the value of a key in JSON
number() {
    sed -n "s/.*\"$1\": *\\([-0-9.e]*\\).*/\\1/p" "$2" | head -n 1
}

# evaluate ROUND: a line of the table
evaluate() {
    # shellcheck disable=SC2086  # options are kept as words
    "$imprint" eval --policy "$folder/policy/model-00$1" $world --episodes "$EPISODES" \
        --steps "$STEPS" --seed 4711 --quiet --json >"$folder/eval-$1.json"
    printf '%5s  %9s / %s  %10s  %14s  %s\n' "$1" "$(number survived "$folder/eval-$1.json")" \
        "$EPISODES" "${frames:--}" "${person:--}" "${takes:--}"
}

# shellcheck disable=SC2086
"$imprint" dagger $world --network "$NETWORK" --no-look-ahead --rounds 0 --first-episodes "$FIRST" \
    --steps 100 --epochs "$EPOCHS" --eval-episodes 20 --eval-steps 100 --quiet \
    --out "$folder/policy" >"$folder/log"
echo 'round  survived alone  frames      by the person   take-overs'
evaluate 0
for round in 1 2; do
    # shellcheck disable=SC2086
    "$imprint" drive --policy "$folder/policy/model-00$((round - 1))" $world --seed "$round" \
        --take-over "$TAKE_OVER" --episodes "$DRIVES" --steps "$STEPS" --quiet --json \
        --out "$folder/drives-$round" >"$folder/drive.json"
    frames=$(number frames "$folder/drive.json") person=$(number person "$folder/drive.json")
    takes=$(number take_overs "$folder/drive.json")
    "$imprint" dagger --out "$folder/policy" --resume --take-overs "$folder/drives-$round" \
        --quiet >>"$folder/log"
    evaluate "$round"
done
