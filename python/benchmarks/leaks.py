"""Prints how much memory the environments lose over many steps, resets and makes: none.

After a warm-up, each loop's growth of resident memory and of objects that Python's collector
sees is printed. Exits with 1 if memory grows by more than a megabyte, or if objects are left.
"""

import argparse
import gc
import sys
from collections.abc import Callable
from pathlib import Path

import gymnasium as gym
import numpy as np

import imprint

MEGABYTE = 1 << 20


def resident_bytes() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096


def loop_of_steps(count: int) -> Callable[[float], None]:
    """`count` steps of one environment, and as many in batches with images."""
    single = gym.make("imprint/LaneFollowing-v0", observation="state")
    settings = {"width": 16, "height": 12, "autoreset_mode": "same_step", "max_steps": 50}
    many = gym.make_vec("imprint/LaneFollowing-v0", num_envs=64, **settings)
    actions = np.random.default_rng(1).uniform(-1.0, 1.0, (256, 64, 2))

    def run(share: float) -> None:
        single.reset(seed=1)
        for k in range(int(count * share)):
            _, _, terminated, truncated, _ = single.step(actions[k % 256, 0])
            if terminated or truncated:
                single.reset()
        many.reset(seed=1)
        for k in range(int(count * share) // 64):
            many.step(actions[k % 256])

    return run


def loop_of_resets(count: int) -> Callable[[float], None]:
    env = gym.make("imprint/LaneFollowing-v0", randomization="all,no-road", width=16, height=12)

    def run(share: float) -> None:
        for k in range(int(count * share)):
            env.reset(seed=k)

    return run


def loop_of_makes(count: int) -> Callable[[float], None]:
    town = imprint.generate_map(kind="loop", columns=5, rows=5, seed=1)

    def run(share: float) -> None:
        for k in range(int(count * share)):
            # closed, and left to the collector
            env = gym.make("imprint/LaneFollowing-v0", map=town, observation="state")
            env.reset(seed=k)
            envs = gym.make_vec("imprint/LaneFollowing-v0", num_envs=4, map=town, width=8, height=6)
            envs.reset(seed=k)
            if k % 2 == 0:
                env.close()
                envs.close()

    return run


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--share", type=float, default=1.0, help="of the full numbers")
    share = parser.parse_args().share
    loops = [
        ("1,000,000 steps", loop_of_steps(1_000_000)),
        ("10,000 resets", loop_of_resets(10_000)),
        ("1,000 makes", loop_of_makes(1_000)),
    ]
    lost = False
    for name, run in loops:
        run(0.05 * share)
        gc.collect()
        memory, objects = resident_bytes(), len(gc.get_objects())
        run(share)
        gc.collect()
        more, left = resident_bytes() - memory, len(gc.get_objects()) - objects
        lost = lost or more > MEGABYTE or left > 0
        print(f"{name:16s} {more / 1024:8.0f} KiB, {left} objects", flush=True)
    sys.exit(1 if lost else 0)


if __name__ == "__main__":
    main()
