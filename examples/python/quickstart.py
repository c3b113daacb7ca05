"""Makes an environment, lets our expert drive, and plots the path and what the camera saw.

pip install matplotlib
python quickstart.py [--map loop_empty] [--steps 300] [--out quickstart.png]
"""

import argparse
from pathlib import Path

import gymnasium as gym
import matplotlib.pyplot as plt
import numpy as np

import imprint  # noqa: F401  (registers the environments)


def drive(env, steps):
    """Poses [N, 3] (x, z, heading), distances from the lane's centre, and the last image."""
    image, info = env.reset(seed=7)
    poses, distances = [info["pose"]], []
    for _ in range(steps):
        # your policy's action here: duty cycles of the left and the right wheel, from -1 to 1
        action = info["expert_action"]
        image, _, terminated, truncated, info = env.step(action)
        poses.append(info["pose"])
        distances.append(info["lane_distance"])
        if terminated or truncated:
            break
    return np.array(poses), np.array(distances), image


def main(arguments=None):
    parser = argparse.ArgumentParser(description="makes, steps and plots an environment")
    parser.add_argument("--map", default="loop_empty")
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--out", type=Path, default=Path("quickstart.png"))
    options = parser.parse_args(arguments)
    env = gym.make("imprint/LaneFollowing-v0", map=options.map, expert=True)
    poses, distances, image = drive(env, options.steps)
    env.close()
    figure, (path, lane, camera) = plt.subplots(1, 3, figsize=(12, 3.5))
    path.plot(poses[:, 0], poses[:, 1])
    path.set_aspect("equal")
    path.invert_yaxis()  # z grows downwards on maps
    path.set_title("path [m]")
    lane.plot(np.arange(len(distances)) / 30, 100 * distances)
    lane.set_xlabel("time [s]")
    lane.set_title("distance from the lane's centre [cm]")
    camera.imshow(image)
    camera.set_title("last image")
    figure.savefig(options.out)
    mean = 100 * np.abs(distances).mean()
    print(f"{options.out}: {len(distances)} steps, {mean:.1f} cm from the lane's centre")


if __name__ == "__main__":
    main()
