#!/usr/bin/env bash
# try_wheel.sh: installs the wheel of /out in a bare Debian with nothing but Python, drives, and
# runs those tests that need nothing else.
set -euo pipefail

export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
apt-get install -y -qq --no-install-recommends python3-venv >/dev/null
tests=$PWD/python/tests
cd "$(mktemp -d)"
python3 --version
python3 -m venv venv
venv/bin/pip install --quiet /out/imprint_sim-*.whl

venv/bin/python - <<'END'
import gymnasium as gym
import imprint
import numpy as np

env = gym.make("imprint/LaneFollowing-v0", randomization="all,no-road", render_mode="rgb_array")
observation, _ = env.reset(seed=7)
assert observation.std() > 10 and env.render().shape == (480, 640, 3)
envs = gym.make_vec("imprint/LaneFollowing-v0", num_envs=8, expert=True)
_, infos = envs.reset(seed=7)
for _ in range(100):
    *_, infos = envs.step(infos["expert_action"])
assert (infos["frame"] == 100).all()
print("imprint", imprint.__version__, "with NumPy", np.__version__)
END
venv/bin/imprint --version
venv/bin/imprint log --episodes 2 --steps 50 --quiet --out data
venv/bin/imprint train --data data --epochs 1 --quiet --out model
venv/bin/imprint eval --policy model --episodes 2 --steps 20 --quiet --out evaluation
test -s data/main_data.hdf5
venv/bin/pip install --quiet pytest
venv/bin/pytest -q -p no:cacheprovider "$tests"/test_{arrays,command_line,datasets,definitions}.py \
    "$tests"/test_{environments,errors,array_pool,monitor,policies,pool,vector}.py
echo "the wheel works"
