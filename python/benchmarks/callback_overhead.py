"""What a policy in Python costs: an evaluation with a function, and with the same policy in C.

    python benchmarks/callback_overhead.py [--episodes 100] [--steps 1500] [--repeats 3]

Both get images of 80 x 60 and the state, and follow the lane by the state. The one in C is a
plug-in, compiled with `cc`; the library asks it once for each frame. The runs alternate, and the
best of each counts. Both must drive alike, to the last bit of every reward.
"""

import argparse
import subprocess
import tempfile
from pathlib import Path

import numpy as np

import imprint

PLUGIN = """
#include <imprint/plugin.h>

static int32_t create(void **out, char *message, uint32_t size)
{
    (void)message, (void)size;
    *out = (void *)0;
    return 0;
}
static void destroy(void *policy) { (void)policy; }
static void reset(void *policy, const imp_plugin_state *state) { (void)policy, (void)state; }
static int32_t act(void *policy, const imp_plugin_state *state, const imp_plugin_image *image,
                   imp_plugin_action *out)
{
    (void)policy;
    const double level = image->rgb[0] >= 0 ? 0.4 : 0.0;
    const double turn = state->in_lane ? 2.0 * state->lane.distance + state->lane.angle : 0.0;
    out->left = level - 0.25 * turn;
    out->right = level + 0.25 * turn;
    return 0;
}
const imp_plugin *imp_plugin_get(void)
{
    static const imp_plugin table = {IMP_PLUGIN_ABI_VERSION, sizeof(imp_plugin), "lanes", 80, 60,
                                     create, destroy, reset, act};
    return &table;
}
"""


def follow_lane(observations, states):
    level = 0.4 if observations[0, 0, 0, 0] >= 0 else 0.0
    turn = 2.0 * states["lane_distance"] + states["lane_angle"]
    turn = np.where(states["in_lane"] == 1, turn, 0.0)
    return np.stack([level - 0.25 * turn, level + 0.25 * turn], axis=1)


def compile_plugin(folder):
    """Compiles the policy in C; returns its path."""
    source, plugin = Path(folder) / "lanes.c", Path(folder) / "lanes.so"
    source.write_text(PLUGIN)
    include = Path(__file__).resolve().parents[2] / "include"
    command = ["cc", "-O2", "-ffp-contract=off", "-shared", "-fPIC", f"-I{include}"]
    subprocess.run([*command, str(source), "-o", str(plugin)], check=True)
    return plugin


def main(arguments=None):
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--episodes", type=int, default=100)
    parser.add_argument("--steps", type=int, default=1500)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--batch", type=int, default=imprint.policy(follow_lane).batch)
    parser.add_argument("--threads", type=int, default=0, help="0: one for each processor")
    options = parser.parse_args(arguments)
    drive = {"episodes": options.episodes, "steps": options.steps, "threads": options.threads}
    with tempfile.TemporaryDirectory() as folder:
        policies = {
            "C": compile_plugin(folder),
            "Python": imprint.policy(follow_lane, batch=options.batch),
        }
        seconds = dict.fromkeys(policies, float("inf"))
        rewards = {}
        for _ in range(options.repeats):
            for name, driver in policies.items():
                result = imprint.evaluate(driver, map="loop_empty", **drive)
                seconds[name] = min(seconds[name], result.seconds)
                rewards[name] = result.episodes["reward"]
                frames = int(result.episodes["steps"].sum())
    for name, time in seconds.items():
        print(f"{name:8} {time:8.2f} s  {frames / time:10,.0f} frames/s")
    overhead = seconds["Python"] / seconds["C"] - 1.0
    print(f"overhead of Python on {options.episodes} x {options.steps}: {100.0 * overhead:+.1f} %")
    if not np.array_equal(rewards["C"], rewards["Python"]):
        raise SystemExit("the two policies drove differently")


if __name__ == "__main__":
    main()
