#!/usr/bin/env bash
# result_hashes.sh [PROGRAM]: a hash of what each command of the program writes: datasets, models,
# DAgger, evaluations, rendered images. Two builds whose lines are equal do the same:
#   diff <(bench/result_hashes.sh old/imprint) <(bench/result_hashes.sh new/imprint)
# Renamed options have their old names here, which both know.
set -euo pipefail
program=$(realpath "${1:-build/release/imprint}")
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"

imprint() {
    "$program" "$@" --quiet >>log.txt 2>&1 || { tail -n 20 log.txt >&2; exit 1; }
}

# Prints one hash of all files of a name below a folder, in the order of their paths.
hash_of() { # NAME FOLDER PATTERN
    local files
    mapfile -t files < <(find "$2" -type f -name "$3" | LC_ALL=C sort)
    [ ${#files[@]} -gt 0 ] || { echo "result_hashes.sh: no $3 in $2" >&2; exit 1; }
    printf '%-28s %s\n' "$1" "$(cat "${files[@]}" | sha256sum | cut -c1-32)"
}

# datasets
imprint log --episodes 12 --steps 80 --noise 0.1 --out plain
imprint log --episodes 8 --steps 60 --map udem1 --randomize all --threads 2 --out randomised
imprint log --episodes 6 --steps 60 --map udem1_empty --observation segments --out masks
imprint log --episodes 6 --steps 60 --policy pure-pursuit --map zigzag_dists --out gym-duckietown
for data in plain randomised masks gym-duckietown; do hash_of "dataset $data" $data '*.hdf5'; done

# rendered images: 500 poses and their other views
imprint log --episodes 10 --steps 50 --map loop_empty --map udem1 --map loop_obstacles --out poses
for view in driver map segment depth; do
    for episode in 0 1 2 3 4 5 6 7 8 9; do
        imprint render --replay poses --episode $episode --every 1 --view $view --size 160x120 \
            --out "frames-$view/$episode"
    done
    hash_of "images $view" "frames-$view" '*.png'
done

# models
imprint train --data plain --epochs 2 --out cloned
imprint train --data randomised --epochs 1 --augment all --network one-residual-actions \
    --average 0.99 --schedule cosine --patience 3 --out augmented
imprint train --online --epochs 2 --buffer 8 --episodes 4 --steps 40 --out online
imprint seg-train --map loop_empty --split all --epochs 2 --pictures 160 --held-out 32 --out masker
imprint dagger --rounds 2 --first-episodes 8 --episodes 6 --steps 50 --epochs 1 \
    --eval-episodes 4 --eval-steps 60 --network one-residual-actions --out dagger
imprint train --data masks --epochs 1 --out on-masks
for model in cloned augmented online masker dagger on-masks; do
    hash_of "model $model" $model 'model.safetensors'
done
hash_of "dataset dagger" dagger '*.hdf5'

# evaluations: every episode
imprint eval --policy expert --policy pure-pursuit --policy cloned --policy dagger --episodes 20 \
    --steps 300 --start-angle-deg 30 --out eval
imprint eval --policy on-masks --segmenter masker --episodes 6 --steps 100 --out eval-masks
imprint eval --policy expert --policy dagger --protocol aido-lfv --episodes 2 --out eval-challenge
imprint eval --policy expert --robust --randomize delay,light --episodes 4 --steps 100 --out robust
for evaluation in eval eval-masks; do
    hash_of "evaluation $evaluation" $evaluation 'episodes.csv'
done
for evaluation in eval-challenge robust; do
    hash_of "evaluation $evaluation" $evaluation 'metrics.json'
done
