"""DAgger with a network of one's own in PyTorch, and with an expert of one's own.

pip install torch
python dagger_torch.py [--rounds 3] [--episodes 40] [--out dagger] [--resume]
"""

import argparse
from pathlib import Path

import torch
from behaviour_cloning_torch import SETTINGS, network, read, train
from own_expert import pursuit

import imprint


def load(folder):
    """The module that a round left in its folder."""
    module = network()
    module.load_state_dict(torch.load(folder / "weights.pt", weights_only=True))
    return module


def train_round(training):
    """Trains further on the frames of all rounds: training is an imprint.Training."""
    module = network() if training.previous is None else training.previous
    module.train()
    train(module, *read(*training.datasets), epochs=2)
    torch.save(module.state_dict(), training.folder / "weights.pt")
    return module


def main(arguments=None):
    parser = argparse.ArgumentParser(description="DAgger in PyTorch")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--episodes", type=int, default=40)
    parser.add_argument("--out", type=Path, default=Path("dagger"))
    parser.add_argument("--resume", action="store_true")
    options = parser.parse_args(arguments)
    torch.manual_seed(1)
    result = imprint.dagger(
        options.out,
        expert=pursuit,
        train=train_round,
        load=load,
        rounds=options.rounds,
        episodes=options.episodes,
        noise=0.05,
        eval_episodes=20,
        eval_steps=600,
        resume=options.resume,
        **SETTINGS,
    )
    for number, row in enumerate(result.rounds):
        best = ", kept" if number == result.best else ""
        print(f"round {number}: {row.frames} frames, completed {row.completed} of 20{best}")


if __name__ == "__main__":
    main()
