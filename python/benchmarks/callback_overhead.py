"""What a policy in Python costs: an evaluation with a function, and with the same policy in C.

    python benchmarks/callback_overhead.py [--episodes 100] [--steps 1500] [--repeats 3]

All get images of 80 x 60 and the state, and follow the lane by the state. In C it is a function
that the library calls as it calls Python's, with the same number of episodes at a time; and a
plug-in, which is called for one episode at a time, without the way ahead and the objects near.

The runs alternate, and the median of the ratios of neighbours counts. "Apart" leaves out the time
in the function itself, which is NumPy's, and would be a network's. All must drive alike, to the
last bit of every reward.
"""

import argparse
import ctypes
import os
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

import numpy as np

import imprint
from imprint._definitions import Definition
from imprint._errors import call
from imprint._native import ffi, lib

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


FUNCTION = """
#include <imprint/callback.h>

int32_t act(void *context, const imp_policy_batch *batch, imp_action *actions)
{
    (void)context;
    const double level = batch->observations[0] >= 0 ? 0.4 : 0.0;
    for (int k = 0; k < batch->count; k++) {
        const imp_policy_state *state = &batch->states[k];
        const double turn =
            state->in_lane ? 2.0 * state->lane_distance + state->lane_angle : 0.0;
        actions[k].left = level - 0.25 * turn;
        actions[k].right = level + 0.25 * turn;
    }
    return 0;
}
"""


def follow_lane(observations, states):
    level = 0.4 if observations[0, 0, 0, 0] >= 0 else 0.0
    turn = 2.0 * states["lane_distance"] + states["lane_angle"]
    turn = np.where(states["in_lane"] == 1, turn, 0.0)
    return np.stack([level - 0.25 * turn, level + 0.25 * turn], axis=1)


def compile_shared(folder, name, source):
    """Compiles a shared object; returns its path."""
    path = Path(folder) / f"{name}.so"
    path.with_suffix(".c").write_text(source)
    include = Path(__file__).resolve().parents[2] / "include"
    command = ["cc", "-O2", "-ffp-contract=off", "-shared", "-fPIC", f"-I{include}"]
    subprocess.run([*command, str(path.with_suffix(".c")), "-o", str(path)], check=True)
    return path


class Benchmark:
    """The three ways to drive. Each returns seconds, seconds apart, and rewards."""

    def __init__(self, options, folder):
        self.options = options
        self.in_function = 0.0
        self.plugin = compile_shared(folder, "lanes", PLUGIN)
        self.library = ctypes.CDLL(compile_shared(folder, "function", FUNCTION))
        self.ways = {
            "plug-in in C": self.drive_plugin,
            "function in C": self.drive_in_c,
            "function in Python": self.drive_in_python,
        }

    def evaluate(self, driver):
        options = self.options
        drive = {"episodes": options.episodes, "steps": options.steps, "threads": options.threads}
        return imprint.evaluate(driver, map="loop_empty", **drive)

    def drive_plugin(self):
        result = self.evaluate(self.plugin)
        return result.seconds, result.seconds, result.episodes["reward"]

    def drive_in_python(self):
        self.in_function = 0.0
        result = self.evaluate(imprint.policy(self.timed, batch=self.options.batch))
        self.frames = int(result.episodes["steps"].sum())
        threads = self.options.threads or len(os.sched_getaffinity(0))
        apart = result.seconds - self.in_function / threads
        return result.seconds, apart, result.episodes["reward"]

    def timed(self, observations, states):
        start = time.perf_counter()
        actions = follow_lane(observations, states)
        self.in_function += time.perf_counter() - start
        return actions

    def drive_in_c(self):
        options = self.options
        settings = Definition("imp_eval_def", lib.imp_default_eval_def())
        settings.update({"episodes": options.episodes, "steps": options.steps})
        settings.update({"sim": {"map": "loop_empty", "threads": options.threads}})
        policy = Definition("imp_callback_def", lib.imp_default_callback_def())
        policy.set("batch", options.batch)
        address = ctypes.cast(self.library.act, ctypes.c_void_p).value
        policy.struct.act = ffi.cast(ffi.typeof(policy.struct.act), address)
        factory, result = ffi.new("imp_policy_factory **"), ffi.new("imp_evaluation *")
        call(lib.imp_policy_factory_open_callback, factory, policy.pointer)
        call(lib.imp_evaluate, result, factory[0], settings.pointer, ffi.NULL)
        rewards = np.array([result.results[k].reward for k in range(result.episodes)])
        seconds = result.seconds
        lib.imp_evaluation_free(result)
        lib.imp_policy_factory_close(factory[0])
        return seconds, seconds, rewards


def main(arguments=None):
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--episodes", type=int, default=100)
    parser.add_argument("--steps", type=int, default=1500)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--batch", type=int, default=imprint.policy(follow_lane).batch)
    parser.add_argument("--threads", type=int, default=0, help="0: one for each processor")
    options = parser.parse_args(arguments)
    runs = []
    with tempfile.TemporaryDirectory() as folder:
        benchmark = Benchmark(options, folder)
        for _ in range(options.repeats):
            runs.append({name: drive() for name, drive in benchmark.ways.items()})
    for name in benchmark.ways:
        best = min(run[name][0] for run in runs)
        print(f"{name:20} {best:8.2f} s  {benchmark.frames / best:10,.0f} frames/s")
        if any(not np.array_equal(run[name][2], runs[0]["plug-in in C"][2]) for run in runs):
            raise SystemExit("the policies drove differently")
    print(
        f"overhead of Python on {options.episodes} x {options.steps}, batches of {options.batch}:"
    )
    for name in ("function in C", "plug-in in C"):
        whole, apart = (
            statistics.median(run["function in Python"][k] / run[name][0] - 1.0 for run in runs)
            for k in (0, 1)
        )
        print(f"  over the {name:14} {whole:+7.1%}   function apart {apart:+7.1%}")


if __name__ == "__main__":
    main()
