#!/usr/bin/env python3
"""Loads a model of `imprint train` into PyTorch, and writes one that imprint takes back.

    imprint log --policy MODEL_DIR --episodes 2 --steps 100 --out driven
    python3 load_in_pytorch.py MODEL_DIR/model.safetensors --check driven --out same.safetensors
    imprint eval --policy same.safetensors

--check compares PyTorch's outputs with the actions that the network took when imprint let it drive.
Needs torch, numpy and safetensors; --check needs h5py as well.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np
import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.nn import functional

TOLERANCE = 1e-5


class SameConv2d(nn.Conv2d):
    """A convolution with TensorFlow's SAME padding: the odd pixel at the bottom and right."""

    def forward(self, x: Tensor) -> Tensor:
        sides: list[int] = []
        for size, kernel, stride in zip(
            reversed(x.shape[2:]), reversed(self.kernel_size), reversed(self.stride)
        ):
            outputs = -(-size // stride)
            padding = max((outputs - 1) * stride + kernel - size, 0)
            sides += [padding // 2, padding - padding // 2]
        return super().forward(functional.pad(x, sides))


class OneResidual(nn.Module):
    """networks/one-residual.yaml and one-residual-actions.yaml, which goes by the last actions, too;
    the members have the names of the tensors in the file."""

    def __init__(
        self, width: int, height: int, outputs: int, epsilon: float, actions: int = 0
    ) -> None:
        super().__init__()
        self.actions = actions
        self.conv1 = SameConv2d(3, 32, 5, 2)
        self.norm1 = nn.BatchNorm2d(32, epsilon)
        self.conv2 = SameConv2d(32, 32, 3, 2)
        self.norm2 = nn.BatchNorm2d(32, epsilon)
        self.conv3 = SameConv2d(32, 32, 3, 1)
        self.shortcut = SameConv2d(32, 32, 1, 2)
        with torch.no_grad():
            size = self.features(torch.zeros(1, 3, height, width)).shape[1]
        self.dense1 = nn.Linear(size + 2 * actions, 64)
        self.dense2 = nn.Linear(64, 32)
        self.action = nn.Linear(32, outputs)

    def features(self, x: Tensor) -> Tensor:
        pooled = functional.max_pool2d(self.conv1(x), 3, 2)
        x = self.conv2(functional.relu(self.norm1(pooled)))
        x = self.conv3(functional.relu(self.norm2(x)))
        return torch.flatten(x + self.shortcut(pooled), 1)

    def forward(self, x: Tensor, actions: Tensor) -> Tensor:
        x = functional.relu(self.dense1(torch.cat([self.features(x), actions], 1)))
        return self.action(functional.relu(self.dense2(x)))


def standardise(images: np.ndarray, skipped: int = 0) -> Tensor:
    """From (n, height, width, 3) RGB bytes to what the network takes, (n, 3, rows, width), which are
    the rows from number `skipped` on."""
    x = images[:, skipped:].astype(np.float64)
    x -= x.mean((1, 2, 3), keepdims=True)
    x /= np.maximum(x.std((1, 2, 3), keepdims=True), 1.0 / np.sqrt(x[0].size))
    return torch.from_numpy(x.transpose(0, 3, 1, 2).astype(np.float32))


def last_actions(executed: np.ndarray, count: int) -> Tensor:
    """For each step of an episode the actions before it, the last one first, zeros before the first:
    (steps, 2 * count)."""
    steps = len(executed)
    padded = np.concatenate([np.zeros((count, 2), np.float32), executed])
    rows = [padded[count - k : count - k + steps] for k in range(1, count + 1)]
    return torch.from_numpy(np.concatenate(rows, 1) if rows else np.zeros((steps, 0), np.float32))


def load(path: Path) -> tuple[OneResidual, dict[str, str]]:
    """The network of a model file, ready to decide, and the file's metadata."""
    with safe_open(path, framework="pt") as file:
        metadata: dict[str, str] = file.metadata()
        tensors = {name: file.get_tensor(name) for name in file.keys()}
    if metadata["architecture"] not in ("one-residual", "one-residual-actions"):
        sys.exit(f"{path}: this example does not know the network {metadata['architecture']}")
    network = OneResidual(
        int(metadata["width"]),
        int(metadata["height"]) - int(metadata.get("skipped_rows", "0")),
        int(metadata["outputs"]),
        float(metadata["batch_norm_epsilon"]),
        int(metadata.get("last_actions", "0")),
    )
    missing, unexpected = network.load_state_dict(tensors, strict=False)
    counters = [name for name in missing if name.endswith(".num_batches_tracked")]
    if unexpected or len(counters) != len(missing):
        sys.exit(f"{path}: missing {missing}, unexpected {unexpected}")
    return network.eval(), metadata


def save(path: Path, network: OneResidual, metadata: dict[str, str]) -> None:
    """Writes a model file that imprint takes; PyTorch's counters are not part of it."""
    tensors = {
        name: tensor.contiguous()
        for name, tensor in network.state_dict().items()
        if not name.endswith(".num_batches_tracked")
    }
    save_file(tensors, path, metadata)


def largest_difference(
    network: OneResidual, dataset: Path, skipped: int = 0
) -> tuple[int, float]:
    """How many frames a driven dataset has, and how far our outputs are from what was driven."""
    import h5py

    frames, difference = 0, 0.0
    with h5py.File(dataset / "main_data.hdf5") as file, torch.no_grad():
        for episode in file.values():
            actions = episode["actions"][()]
            images = episode["observations"][: len(actions)]
            past = last_actions(actions, network.actions)
            outputs = network(standardise(images, skipped), past).clamp(-1.0, 1.0).numpy()
            difference = max(difference, float(np.abs(outputs - actions).max()))
            frames += len(actions)
    return frames, difference


def main() -> int:
    parser = argparse.ArgumentParser(description="Loads a model of imprint into PyTorch.")
    parser.add_argument("model", type=Path, help="model.safetensors")
    parser.add_argument("--check", type=Path, metavar="DIR", help="dataset that the model drove")
    parser.add_argument("--out", type=Path, metavar="FILE", help="model to write")
    arguments = parser.parse_args()
    network, metadata = load(arguments.model)
    parameters = sum(parameter.numel() for parameter in network.parameters())
    print(f"{arguments.model}: {metadata['architecture']}, {parameters} parameters")
    if arguments.out is not None:
        save(arguments.out, network, metadata)
        print(f"{arguments.out}: written")
    if arguments.check is None:
        return 0
    frames, difference = largest_difference(
        network, arguments.check, int(metadata.get("skipped_rows", "0"))
    )
    same = frames > 0 and difference <= TOLERANCE
    verdict = "the same" if same else "NOT the same"
    print(f"{frames} frames, at most {difference:.1e} apart: {verdict}")
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main())
