"""Prints how many steps a second the vector environment makes, beside the C library's rate.

Rates are the best of several turns of Gymnasium's benchmark_vector_step(). gym-duckietown's is 35 a
second and core with 80 x 60 images. The C library's rate, and the share of it, are those of the
fastest calls, which other load of the machine disturbs least.
"""

import argparse
import time
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium.utils.performance import benchmark_vector_step

import imprint
from imprint._arrays import pointer
from imprint._errors import call
from imprint._native import lib

CASES: list[tuple[str, int, dict[str, Any]]] = [
    ("80 x 60", 64, {"width": 80, "height": 60}),
    ("64 x 64", 64, {"width": 64, "height": 64}),
    ("84 x 84", 64, {"width": 84, "height": 84}),
    ("160 x 120", 64, {"width": 160, "height": 120}),
    ("state only", 1024, {"observation": "state"}),
]


def make(count: int, settings: dict[str, Any]) -> imprint.LaneFollowingVectorEnv:
    env = gym.make_vec("imprint/LaneFollowing-v0", num_envs=count, **settings)
    assert isinstance(env, imprint.LaneFollowingVectorEnv)
    return env


def share_of_c(env: imprint.LaneFollowingVectorEnv, seconds: float) -> tuple[float, float]:
    """The C library's steps a second, and which share of its rate Python reaches.

    Calls of the library alone and Python's steps, with their random actions, take turns one by
    one, so that both see the same load of the machine; the fastest quarter of each counts.
    """
    env.action_space.seed(1)
    env.reset(seed=1)
    # the environment's own arguments, without its Python
    batch = env._batch
    arguments = (batch._threads, batch._sims, env.num_envs)
    action = env.action_space.sample().astype(np.float64)
    memory = pointer(action, "imp_action")
    in_c: list[float] = []
    in_python: list[float] = []
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        start = time.perf_counter()
        call(lib.imp_sim_step_many, *arguments, memory, env._outputs.struct)
        between = time.perf_counter()
        action[...] = sample = env.action_space.sample()
        env.step(sample)
        in_c.append(between - start)
        in_python.append(time.perf_counter() - between)
    fastest = max(1, len(in_c) // 4)
    c = sum(sorted(in_c)[:fastest]) / fastest
    python = sum(sorted(in_python)[:fastest]) / fastest
    return env.num_envs / c, c / python


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--seconds", type=float, default=2.0, help="duration of each turn")
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--map", default="loop_empty")
    arguments = parser.parse_args()
    print(f"{'':12s}{'environments':>13s}{'Python/s':>12s}{'not copied':>12s}", end="")
    print(f"{'C/s':>12s}{'share':>8s}{'not copied':>12s}")
    for name, count, settings in CASES:
        rates, c_rates, shares = [], [], []
        for copy in (True, False):
            env = make(count, {"map": arguments.map, "copy": copy, **settings})
            rates.append(
                max(
                    benchmark_vector_step(env, arguments.seconds, 1)  # type: ignore[arg-type]
                    for _ in range(arguments.turns)
                )
            )
            c_rate, share = share_of_c(env, arguments.seconds * arguments.turns)
            c_rates.append(c_rate)
            shares.append(share)
            env.close()
        print(f"{name:12s}{count:13d}{rates[0]:12.0f}{rates[1]:12.0f}", end="")
        print(f"{max(c_rates):12.0f}{shares[0]:8.1%}{shares[1]:12.1%}", flush=True)


if __name__ == "__main__":
    main()
