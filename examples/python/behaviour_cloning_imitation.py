"""Behaviour cloning of the package `imitation` on our data: record our expert, clone it, drive.

pip install imitation          # in an environment of its own: it wants gymnasium 0.29
python behaviour_cloning_imitation.py [--episodes 100] [--epochs 8] [--out imitation]
"""

import argparse
import time
from pathlib import Path

import gymnasium as gym
import numpy as np
import torch
from imitation.algorithms.bc import BC
from imitation.data.types import Trajectory
from stable_baselines3.common.policies import ActorCriticCnnPolicy

import imprint
from imprint.sb3 import policy_of

SETTINGS = {"map": "loop_empty", "start_angle": 0.3}
# an image does not show speed and pending commands, which our full expert goes by
EXPERT = {"pose_only": True, "look_ahead": False, "tracking_rate": 1.4, "turn_rate_gain": 5}


def trajectories_of(dataset):
    """Episodes as `imitation` has them: images [T + 1, 3, 60, 80], the expert's actions [T, 2]."""
    return [
        Trajectory(
            obs=episode.observations.transpose(0, 3, 1, 2),
            acts=episode.expert_actions,
            infos=None,
            terminal=bool(episode.terminations[-1]),
        )
        for episode in dataset.episodes
    ]


def clone(trajectories, epochs, seed):
    """Trains a convolutional policy of Stable-Baselines3 with `imitation`; returns it."""
    env = gym.make("imprint/LaneFollowing-v0", channels_first=True, **SETTINGS)
    spaces = {"observation_space": env.observation_space, "action_space": env.action_space}
    env.close()
    policy = ActorCriticCnnPolicy(**spaces, lr_schedule=lambda _: 3e-4)
    learner = BC(
        **spaces, rng=np.random.default_rng(seed), policy=policy, demonstrations=trajectories
    )
    learner.train(n_epochs=epochs, progress_bar=False)
    return learner.policy


def main(arguments=None):
    parser = argparse.ArgumentParser(description="behaviour cloning of the package imitation")
    for name, default in (
        ("episodes", 100),
        ("epochs", 8),
        ("seed", 1),
        ("out", Path("imitation")),
    ):
        parser.add_argument(f"--{name}", type=type(default), default=default)
    options = parser.parse_args(arguments)
    torch.manual_seed(options.seed)
    expert = imprint.load_policy("expert", **EXPERT)
    size = {"episodes": options.episodes, "steps": 200}
    imprint.collect(options.out / "data", expert=expert, noise=0.08, **size, **SETTINGS)
    begin = time.process_time()
    trajectories = trajectories_of(imprint.Dataset(options.out / "data"))
    policy = clone(trajectories, options.epochs, options.seed)
    frames = sum(len(trajectory) for trajectory in trajectories)
    print(f"{frames} frames, {time.process_time() - begin:.0f} s of processor time")
    print(imprint.evaluate(policy_of(policy), episodes=20, steps=600, **SETTINGS))


if __name__ == "__main__":
    main()
