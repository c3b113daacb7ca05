#!/usr/bin/env bash
# try_source.sh: `pip install ./python` in a bare Debian, with nothing but what `./run build` and
# docs/install.md install; then it drives, from Python and as a command. .ci/long runs it.
set -euo pipefail

# what ./run would install: compiling the library twice shows nothing more
eval "$(sed -n '/^build_packages=(/,/)/p' run)"
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
apt-get install -y -qq --no-install-recommends "${build_packages[@]:?}" python3-venv python3-dev \
    >/dev/null
python3 --version
python3 -m venv /root/imprint
export PATH=/root/imprint/bin:$PATH
pip install --quiet ./python

cd "$(mktemp -d)"
imprint --version
imprint log --episodes 2 --steps 50 --quiet --out data
python - <<'END'
import gymnasium as gym
import imprint

env = gym.make("imprint/LaneFollowing-v0", map="loop_empty", expert=True)
observation, info = env.reset(seed=7)
for _ in range(20):
    observation, _, terminated, _, info = env.step(info["expert_action"])
    assert not terminated
assert observation.std() > 10
assert len(imprint.Dataset("data")) == 100
print("imprint", imprint.__version__, "drives")
END
echo "pip install ./python works"
