"""Prints how many steps a second the vector environment makes, beside the C library's rate.

Rates are the best of several turns of Gymnasium's benchmark_vector_step(). gym-duckietown's is 35 a
second and core with 80 x 60 images. The C library's rate, and the shares of it, are those of the
fastest calls, which other load of the machine disturbs least.
"""

import argparse
import time
from collections.abc import Callable
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


def shares_of_c(env: imprint.LaneFollowingVectorEnv, seconds: float) -> tuple[float, float, float]:
    """The C library's steps a second; which share of them step() makes with the same actions; and
    which with random actions that Gymnasium draws for each step.

    The three take turns one by one, so that all see the same load of the machine. The fastest
    quarter of each counts.
    """
    env.action_space.seed(1)
    env.reset(seed=1)
    # the environment's own arguments, without its Python
    batch = env._batch
    arguments = (batch._threads, batch._sims, env.num_envs)
    actions = [env.action_space.sample() for _ in range(16)]
    memory = [pointer(action.astype(np.float64), "imp_action") for action in actions]
    ways: list[Callable[[int], object]] = [
        lambda k: call(lib.imp_sim_step_many, *arguments, memory[k], env._taken.outputs.struct),
        lambda k: env.step(actions[k]),
        lambda _: env.step(env.action_space.sample()),
    ]
    times: list[list[float]] = [[] for _ in ways]
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        for way, measured in zip(ways, times, strict=True):
            start = time.perf_counter()
            observation = way(len(measured) % len(actions))
            measured.append(time.perf_counter() - start)
    del observation
    fastest = max(1, len(times[0]) // 4)
    c, same, sampled = (sum(sorted(measured)[:fastest]) / fastest for measured in times)
    return env.num_envs / c, c / same, c / sampled


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--seconds", type=float, default=2.0, help="duration of each turn")
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--map", default="loop_empty")
    parser.add_argument("--only", default="", help="cases whose names hold this")
    arguments = parser.parse_args()
    print(f"{'':12s}{'environments':>13s}{'Gymnasium/s':>13s}{'C/s':>12s}{'step()':>9s}", end="")
    print(f"{'sampled':>9s}    (shares of C), and without copies:")
    for name, count, settings in CASES:
        if arguments.only not in name:
            continue
        print(f"{name:12s}{count:13d}", end="")
        for copy in (True, False):
            env = make(count, {"map": arguments.map, "copy": copy, **settings})
            rate = max(
                benchmark_vector_step(env, arguments.seconds, 1)  # type: ignore[arg-type]
                for _ in range(arguments.turns)
            )
            c_rate, same, sampled = shares_of_c(env, arguments.seconds * arguments.turns)
            env.close()
            print(f"{rate:13.0f}{c_rate:12.0f}{same:9.1%}{sampled:9.1%}", end="", flush=True)
        print()


if __name__ == "__main__":
    main()
