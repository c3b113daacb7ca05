// The files of a new project: a map, settings for the commands, a script that runs them in order,
// and a text that says what is what. They run as they are. tests/scripts/cli_project.sh does so.
#include "cli/project_commands/project_template.h"

#include <stddef.h>

static const char MAP[] =
    "# The road. Tiles are kind/turn, rows from the top; `imprint map show map.yaml --out "
    "map.svg`\n"
    "# draws them, and `imprint map check map.yaml` finds mistakes.\n"
    "tile_size: 0.585\n"
    "tiles:\n"
    "  - [grass, grass,        grass,        grass,        grass]\n"
    "  - [grass, curve_left/W, straight/W,   curve_left/N, grass]\n"
    "  - [grass, straight/S,   floor,        straight/N,   grass]\n"
    "  - [grass, curve_left/S, straight/E,   curve_left/E, grass]\n"
    "  - [grass, grass,        grass,        grass,        grass]\n"
    "# Objects stand on a tile: column from the left, row from the bottom, then metres from the\n"
    "# tile's middle.\n"
    "objects:\n"
    "  house: {kind: house, height: 0.2,\n"
    "          place: {tile: [0, 0], relative: {~SE2Transform: {p: [0, 0], theta_deg: 45}}}}\n"
    "  tree:  {kind: tree, height: 0.3,\n"
    "          place: {tile: [0, 4], relative: {~SE2Transform: {p: [0, 0], theta_deg: 0}}}}\n";

static const char DAGGER[] =
    "# Settings of the training: imprint dagger --config dagger.yaml. `imprint dagger --help` "
    "lists\n"
    "# all of them; what stands here goes before the defaults.\n"
    "map: [map.yaml]\n"
    "network: one-residual-actions   # sees the image and its own last 16 actions\n"
    "start-angle-deg: 60             # starts up to 60 degrees askew\n"
    "noise: 0.08                     # pushes the expert in round 0\n"
    "look-ahead: false               # an expert without it is easier to copy\n"
    "tracking-rate: 2.4              # so is a calm one\n"
    "turn-rate-gain: 8\n"
    "first-episodes: 60              # of the expert\n"
    "episodes: 40                    # of the network, in each round\n"
    "rounds: 2\n";

static const char EVALUATION[] = "# Settings of the evaluation: imprint eval --config eval.yaml.\n"
                                 "map: [map.yaml]\n"
                                 "start-angle-deg: 60\n"
                                 "episodes: 50\n"
                                 "steps: 600                      # 20 seconds\n";

static const char SCRIPT[] =
    "#!/bin/sh\n"
    "# Runs the project from the map to the report. Stop it at any time: it goes on where it was.\n"
    "# After a change of dagger.yaml or map.yaml it trains anew.\n"
    "# QUICK=1 ./run.sh is a trial of some seconds, whose policy does not drive well.\n"
    "set -eu\n"
    "cd \"$(dirname \"$0\")\"\n"
    "imprint=${IMPRINT:-imprint}\n"
    "small=\n"
    "short=\n"
    "if [ -n \"${QUICK:-}\" ]; then\n"
    "    small='--first-episodes 4 --episodes 4 --rounds 1 --epochs 1 --eval-episodes 4'\n"
    "    short='--episodes 4 --steps 60'\n"
    "fi\n"
    "\n"
    "# 1. Is the map sound?\n"
    "\"$imprint\" map check map.yaml\n"
    "\"$imprint\" map show map.yaml --out map.svg --force\n"
    "\n"
    "# 2. Train: the expert drives, then the network drives and the expert corrects it.\n"
    "train() {\n"
    "    # shellcheck disable=SC2086  # words\n"
    "    \"$imprint\" dagger --config dagger.yaml --out runs/policy $small \"$@\"\n"
    "}\n"
    "if [ -d runs/policy ]; then\n"
    "    code=0\n"
    "    train --resume || code=$?\n"
    "    # 2: the run was begun with other settings, which the message names, or on another map\n"
    "    if [ $code -eq 2 ]; then\n"
    "        echo \"run.sh: what runs/policy follows from has changed, so it is trained anew\" "
    ">&2\n"
    "        train --force\n"
    "    elif [ $code -ne 0 ]; then\n"
    "        exit $code\n"
    "    fi\n"
    "else\n"
    "    train\n"
    "fi\n"
    "\n"
    "# 3. Compare with the expert from the same starts.\n"
    "# shellcheck disable=SC2086  # words\n"
    "\"$imprint\" eval --config eval.yaml --policy expert --policy runs/policy $short \\\n"
    "    --out runs/report --force\n"
    "echo \"open runs/report/report.html\"\n";

static const char TEXT[] =
    "# A project with imprint\n"
    "\n"
    "    ./run.sh\n"
    "\n"
    "trains a policy on `map.yaml` and compares it with the expert, in a few minutes. Then open\n"
    "`runs/report/report.html`.\n"
    "\n"
    "| file | what to change in it |\n"
    "|---|---|\n"
    "| `map.yaml` | the road and what stands beside it |\n"
    "| `dagger.yaml` | how the policy is trained |\n"
    "| `eval.yaml` | how it is measured |\n"
    "| `run.sh` | the order of the commands |\n"
    "\n"
    "`imprint runs list` compares all runs in `runs`. A second `./run.sh` keeps `runs/policy`\n"
    "and goes on with it if it is unfinished. After a change of `dagger.yaml` or `map.yaml`, and\n"
    "after QUICK=1, it says so and trains anew. To keep the old policy, rename its folder first.\n";

const imp_project_file imp_project_files[] = {
    {"map.yaml", MAP, false}, {"dagger.yaml", DAGGER, false}, {"eval.yaml", EVALUATION, false},
    {"run.sh", SCRIPT, true}, {"README.md", TEXT, false},     {NULL, NULL, false},
};
