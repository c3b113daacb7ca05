"""Reads a dataset: its episodes, its statistics, and frames that a model is fitted to.

python reading_a_dataset.py [--episodes 40] [--steps 100] [--out reading]
"""

import argparse
from pathlib import Path

import numpy as np

import imprint


def features(frames):
    """Images [N, 60, 80, 3] as coarse brightness below the horizon, and a constant: [N, 201]."""
    grey = frames["observation"][:, 20:].mean(axis=3) / 255.0
    coarse = grey.reshape(-1, 10, 4, 20, 4).mean(axis=(2, 4)).reshape(len(grey), -1)
    return np.hstack([coarse, np.ones((len(grey), 1))])


def fit(frames, ridge=1.0):
    """A linear model from images to the expert's duty cycles, by least squares."""
    x, y = features(frames), frames["expert_action"]
    return np.linalg.solve(x.T @ x + ridge * np.eye(x.shape[1]), x.T @ y)


def main(arguments=None):
    parser = argparse.ArgumentParser(description="reads a dataset")
    parser.add_argument("--episodes", type=int, default=40)
    parser.add_argument("--steps", type=int, default=100)
    parser.add_argument("--out", type=Path, default=Path("reading"))
    options = parser.parse_args(arguments)
    size = {"episodes": options.episodes, "steps": options.steps}
    imprint.collect(options.out / "data", map="small_loop", noise=0.1, resume=True, **size)

    data = imprint.Dataset(options.out / "data")
    print(data)
    for row in data.table()[:3]:
        print(f"episode {row['episode']}: {row['steps']} steps, {row['distance']:.2f} m")
    action = data.statistics().expert_action
    print(f"the expert's duty cycles: mean {action.mean.round(2)}, std {action.std.round(2)}")

    training, validation = data.split(validation=0.2, seed=1)
    model = fit(training[:])
    frames = validation[:]
    error = np.abs(features(frames) @ model - frames["expert_action"]).mean()
    spread = np.abs(action.mean - frames["expert_action"]).mean()
    print(f"a linear model is {error:.3f} off: {1.0 - error / spread:.0%} better than the mean")


if __name__ == "__main__":
    main()
