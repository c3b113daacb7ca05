"""PPO of Stable-Baselines3 learns to drive from images, by trial and error, without an expert.

pip install stable-baselines3
python ppo_sb3.py [--steps 200000] [--seed 1] [--threads 1] [--out ppo]
"""

import argparse
import time
from pathlib import Path

import torch
from stable_baselines3 import PPO
from stable_baselines3.common.vec_env import VecMonitor, VecNormalize

import imprint
from imprint.sb3 import LaneFollowingVecEnv, policy_of

FRAMES = 3  # for each action, a tenth of a second: what an action does is seen sooner
EPISODE = 600  # frames: 20 s
SETTINGS = {"map": "loop_empty", "width": 48, "height": 36, "frame_skip": FRAMES}


def learn(options):
    """Trains with 16 environments. Writes each episode's reward and length to monitor.csv."""
    robots = LaneFollowingVecEnv(16, reward="progress", max_steps=EPISODE, **SETTINGS)
    robots = VecMonitor(robots, str(options.out / "monitor.csv"))
    # rewards of unit variance, which the defaults of PPO are made for
    robots = VecNormalize(robots, norm_obs=False)
    rollout = {"n_steps": 128, "batch_size": 256, "n_epochs": 6, "gamma": 0.98}
    # half of the default's noise, because duty cycles are clipped to [-1, 1]
    network = {"log_std_init": -0.7}
    model = PPO("CnnPolicy", robots, **rollout, policy_kwargs=network, seed=options.seed, verbose=1)
    model.learn(options.steps, log_interval=5)
    robots.close()
    return model


def main(arguments=None):
    parser = argparse.ArgumentParser(description="PPO of Stable-Baselines3")
    parser.add_argument("--steps", type=int, default=200_000, help="of all robots together")
    parser.add_argument("--episodes", type=int, default=100, help="to evaluate")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1, help="of PyTorch")
    parser.add_argument("--out", type=Path, default=Path("ppo"))
    options = parser.parse_args(arguments)
    options.out.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(options.threads)
    begin, begin_cpu = time.time(), time.process_time()
    model = learn(options)
    wall, cpu = time.time() - begin, time.process_time() - begin_cpu
    print(f"{options.steps} steps: {wall:.0f} s, {cpu:.0f} s of processor time")
    model.save(options.out / "model")
    size = {"episodes": options.episodes, "steps": EPISODE // FRAMES}
    for name, policy in (("PPO", policy_of(model)), ("our expert", "expert")):
        result = imprint.evaluate(policy, start_angle=1.0, **size, **SETTINGS)
        print(f"{name}: survived {result.statistics.survived} of {options.episodes}; {result}")


if __name__ == "__main__":
    main()
