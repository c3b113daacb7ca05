"""Prints how many steps a second the stand-in for gym-duckietown makes, beside gym-duckietown.

Times are processor time of one core, the fastest of several turns. gym-duckietown's rates were
measured on one core of another busy machine with software rendering: take them as ratios.
"""

import argparse
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from imprint.gym_duckietown import Simulator
from imprint.gym_duckietown._resize import resize

# name, settings, whether the image is shrunk to 80 x 60, gym-duckietown's steps/s
CASES: list[tuple[str, dict[str, Any], bool, str]] = [
    (
        "640 x 480, lens, shrunk to 80 x 60",
        {"camera_width": 640, "camera_height": 480, "distortion": True},
        True,
        "35",
    ),
    ("160 x 120", {"camera_width": 160, "camera_height": 120}, False, "87 to 134"),
    (
        "80 x 60, lens",
        {"camera_width": 80, "camera_height": 60, "distortion": True},
        False,
        "35, drawn at 640 x 480",
    ),
    ("no images", {}, False, "510 to 640"),
]


def fastest(step: Callable[[], Any], seconds: float, turns: int = 10) -> float:
    """Steps a second of processor time, in the fastest turn."""
    best = 0.0
    for _ in range(turns):
        count, begin = 0, time.process_time()
        while time.process_time() - begin < seconds / turns:
            step()
            count += 1
        best = max(best, count / (time.process_time() - begin))
    return best


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--seconds", type=float, default=5.0, help="for each case; default: 5")
    parser.add_argument("--map", default="loop_empty", help="default: loop_empty")
    seconds = parser.parse_args().seconds
    print(f"{'images':34} {'steps/s':>8}   gym-duckietown")
    for name, settings, shrink, reference in CASES:
        env = Simulator(
            map_name=parser.parse_args().map, domain_rand=False, max_steps=float("inf"), **settings
        )
        env.graphics = "camera_width" in settings
        if not env.graphics:
            env.camera_width, env.camera_height = 1, 1

        def step(env: Simulator = env, shrink: bool = shrink) -> None:
            image = env.step(np.zeros(2))[0]
            if shrink:
                resize(image, 60, 80)

        print(f"{name:34} {fastest(step, seconds):8.0f}   {reference}", flush=True)
        env.close()


if __name__ == "__main__":
    main()
