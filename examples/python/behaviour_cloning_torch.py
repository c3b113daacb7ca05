"""Behaviour cloning in PyTorch: record our expert, train a module of one's own, let it drive.

pip install torch
python behaviour_cloning_torch.py [--episodes 100] [--epochs 8] [--out cloning]
"""

import argparse
from pathlib import Path

import torch
from torch import nn

import imprint

SETTINGS = {"map": "loop_empty", "start_angle": 0.3}
# an image does not show speed and pending commands, which our full expert goes by
EXPERT = {"pose_only": True, "look_ahead": False, "tracking_rate": 1.4, "turn_rate_gain": 5}


def network():
    return nn.Sequential(
        *(nn.Conv2d(3, 16, 5, stride=3), nn.ReLU(), nn.Conv2d(16, 32, 5, stride=3), nn.ReLU()),
        *(nn.Flatten(), nn.Linear(32 * 8 * 5, 64), nn.ReLU(), nn.Linear(64, 2), nn.Tanh()),
    )


def read(*folders):
    """All frames of datasets: images [N, 3, 60, 80] uint8, labels [N, 2]."""
    frames = imprint.Dataset(folders, channels_first=True)[:]
    return torch.tensor(frames["observation"]), torch.tensor(frames["expert_action"])


def train(module, images, labels, epochs, rate=1e-3, batch=64):
    optimiser = torch.optim.AdamW(module.parameters(), rate)
    for epoch in range(epochs):
        total = 0.0
        for rows in torch.randperm(len(images)).split(batch):
            loss = nn.functional.mse_loss(module(images[rows] / 255.0), labels[rows])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            total += loss.item() * len(rows)
        print(f"epoch {epoch}: loss {total / len(images):.5f}")


def main(arguments=None):
    parser = argparse.ArgumentParser(description="behaviour cloning in PyTorch")
    for name, default in (("episodes", 100), ("epochs", 8), ("out", Path("cloning"))):
        parser.add_argument(f"--{name}", type=type(default), default=default)
    options = parser.parse_args(arguments)
    torch.manual_seed(1)
    data, module = options.out / "data", network()
    expert = imprint.load_policy("expert", **EXPERT)
    size = {"episodes": options.episodes, "steps": 200}
    imprint.collect(data, expert=expert, noise=0.08, **size, **SETTINGS)
    train(module, *read(data), options.epochs)
    print(imprint.evaluate(module, episodes=20, steps=600, **SETTINGS))


if __name__ == "__main__":
    main()
