"""Prints how many steps a second the vector environment makes, beside the C library's rate.

Gymnasium's benchmark_vector_step() is measured in turns with the same number of calls of
imp_sim_step_many() with actions made before, so that both see the same load of the machine. The
best of each is printed. 35 steps a second and core is gym-duckietown's rate with 80 x 60 images.
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


def c_rate(env: imprint.LaneFollowingVectorEnv, seconds: float) -> float:
    """Steps a second of calls of the library alone, with random actions drawn before."""
    env.action_space.seed(1)
    actions = [env.action_space.sample().astype(np.float64) for _ in range(64)]
    memories = [pointer(array, "imp_action") for array in actions]
    env.reset(seed=1)
    steps, start = 0, time.perf_counter()
    # the environment's own arguments, without its Python
    batch = env._batch
    arguments = (batch._threads, batch._sims, env.num_envs)
    over, terminated = 0, env._steps["terminated"]
    while time.perf_counter() - start < seconds:
        for memory in memories:
            call(lib.imp_sim_step_many, *arguments, memory, env._outputs.struct)
            over += int(np.count_nonzero(terminated))
        steps += len(memories) * env.num_envs
    # a step that resets counts as none, as in benchmark_vector_step()
    return (steps - over) / (time.perf_counter() - start)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--seconds", type=float, default=2.0, help="duration of each turn")
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--map", default="loop_empty")
    arguments = parser.parse_args()
    print(f"{'':12s}{'environments':>13s}{'Python/s':>12s}", end="")
    print(f"{'without copy':>14s}{'C/s':>12s}{'share':>7s}")
    for name, count, settings in CASES:
        copying = make(count, {"map": arguments.map, **settings})
        reusing = make(count, {"map": arguments.map, "copy": False, **settings})
        best = [0.0, 0.0, 0.0]
        for _ in range(arguments.turns):
            rates = (
                benchmark_vector_step(copying, arguments.seconds, 1),  # type: ignore[arg-type]
                benchmark_vector_step(reusing, arguments.seconds, 1),  # type: ignore[arg-type]
                c_rate(reusing, arguments.seconds),
            )
            best = [max(pair) for pair in zip(best, rates, strict=True)]
        print(
            f"{name:12s}{count:13d}{best[0]:12.0f}{best[1]:14.0f}{best[2]:12.0f}"
            f"{best[0] / best[2]:7.1%}",
            flush=True,
        )
        copying.close()
        reusing.close()


if __name__ == "__main__":
    main()
