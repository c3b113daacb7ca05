#!/usr/bin/env python3
"""Draws the learning curve of examples/python/ppo_sb3.py, which its monitor.csv holds.

    python examples/python/ppo_sb3.py --out ppo
    bench/ppo_curve.py ppo/monitor.csv --out docs/images/ppo.png
"""

import argparse
from pathlib import Path

import matplotlib
import numpy as np

matplotlib.use("agg")
import matplotlib.pyplot as plt


def main():
    parser = argparse.ArgumentParser(description="draws the learning curve of PPO")
    parser.add_argument("monitor", type=Path)
    parser.add_argument("--window", type=int, default=50, help="episodes that are averaged")
    parser.add_argument("--out", type=Path, default=Path("ppo.png"))
    options = parser.parse_args()
    rewards, lengths = np.loadtxt(options.monitor, delimiter=",", skiprows=2, usecols=(0, 1)).T
    steps = np.cumsum(lengths) / 1000  # of all robots together, episodes in the order of their ends
    kernel = np.ones(options.window) / options.window
    figure, panels = plt.subplots(1, 2, figsize=(9, 3), layout="constrained")
    for panel, values, title in (
        (panels[0], rewards, "progress reward of an episode"),
        (panels[1], lengths, "length of an episode [actions], at most 200"),
    ):
        panel.plot(steps, values, ".", color="0.75", markersize=2)
        mean = np.convolve(values, kernel, "valid")
        panel.plot(steps[options.window - 1 :], mean, color="tab:blue")
        panel.set_xlabel("steps of all robots [thousands]")
        panel.set_title(title, fontsize=10)
        panel.grid(alpha=0.3)
    figure.savefig(options.out)


if __name__ == "__main__":
    main()
