#!/usr/bin/env python3
"""Makes tests/data/golden/torch_losses.csv: what PyTorch, in double precision, loses in 100 steps.

Usage: tests/data/make_torch_golden.py (needs numpy and torch)
The one-residual network for 80 x 60 pictures starts from weights, pictures and labels that
tests/nn/test_torch.c makes by the same formula. Each column is a way of training.
"""
import pathlib

import numpy as np
import torch
import torch.nn.functional as F

WIDTH, HEIGHT, SAMPLES, BATCH, STEPS = 80, 60, 64, 16, 100

# name, shape, inputs per output and outputs (0 and 0: not a weight)
TENSORS = [
    ("conv1.weight", (32, 3, 5, 5)), ("conv1.bias", (32,)),
    ("norm1.weight", (32,)), ("norm1.bias", (32,)),
    ("conv2.weight", (32, 32, 3, 3)), ("conv2.bias", (32,)),
    ("norm2.weight", (32,)), ("norm2.bias", (32,)),
    ("conv3.weight", (32, 32, 3, 3)), ("conv3.bias", (32,)),
    ("shortcut.weight", (32, 32, 1, 1)), ("shortcut.bias", (32,)),
    ("dense1.weight", (64, 2240)), ("dense1.bias", (64,)),
    ("dense2.weight", (32, 64)), ("dense2.bias", (32,)),
    ("action.weight", (2, 32)), ("action.bias", (2,)),
]


def uniform(stream, count):
    """Values in [-1, 1): a hash of stream and index."""
    x = np.arange(count, dtype=np.uint64) * 747796405 + stream * 2891336453 + 1
    x &= 0xFFFFFFFF
    for _ in range(2):
        x ^= x >> np.uint64(16)
        x = x * 0x45D9F3B & 0xFFFFFFFF
    x ^= x >> np.uint64(16)
    return x.astype(np.float64) / 2147483648.0 - 1.0


def make_weights():
    weights = {}
    for stream, (name, shape) in enumerate(TENSORS):
        values = uniform(stream, int(np.prod(shape)))
        if len(shape) > 1:
            values *= np.sqrt(3.0 / np.prod(shape[1:]))
        else:
            values = 0.1 * values + (1.0 if name in ("norm1.weight", "norm2.weight") else 0.0)
        # as single precision has them
        values = values.astype(np.float32).astype(np.float64).reshape(shape)
        weights[name] = torch.tensor(values, requires_grad=True)
    return weights


def make_data():
    size = 3 * WIDTH * HEIGHT
    pictures = np.floor(128 + 127 * uniform(100, SAMPLES * size)).reshape(SAMPLES, size)
    # a grey that differs between pictures, so that there is something to see
    grey = np.floor(60 * uniform(101, SAMPLES)).reshape(SAMPLES, 1)
    pictures = np.clip(np.floor(pictures / 2) + 60 + grey, 0, 255)
    mean, deviation = pictures.mean(1, keepdims=True), pictures.std(1, keepdims=True)
    pictures = (pictures - mean) / np.maximum(deviation, 1 / np.sqrt(size))
    pictures = pictures.reshape(SAMPLES, HEIGHT, WIDTH, 3).transpose(0, 3, 1, 2)
    labels = uniform(102, SAMPLES * 2).reshape(SAMPLES, 2).astype(np.float32).astype(np.float64)
    return torch.tensor(pictures.copy()), torch.tensor(labels)


def convolve(x, w, name, stride):
    kernel = w[name + ".weight"].shape[-1]
    sides = []
    for size in (x.shape[3], x.shape[2]):
        padding = max((-(-size // stride) - 1) * stride + kernel - size, 0)
        sides += [padding // 2, padding - padding // 2]
    return F.conv2d(F.pad(x, sides), w[name + ".weight"], w[name + ".bias"], stride)


def normalise(x, w, name, batch_norm):
    zeros, ones = torch.zeros(32, dtype=x.dtype), torch.ones(32, dtype=x.dtype)
    return F.batch_norm(x, zeros, ones, w[name + ".weight"], w[name + ".bias"], batch_norm, 0.1, 1e-3)


def network(x, w, batch_norm):
    pool = F.max_pool2d(convolve(x, w, "conv1", 2), 3, 2)
    x = convolve(F.relu(normalise(pool, w, "norm1", batch_norm)), w, "conv2", 2)
    x = convolve(F.relu(normalise(x, w, "norm2", batch_norm)), w, "conv3", 1)
    x = (x + convolve(pool, w, "shortcut", 2)).flatten(1)
    x = F.relu(F.linear(x, w["dense1.weight"], w["dense1.bias"]))
    x = F.relu(F.linear(x, w["dense2.weight"], w["dense2.bias"]))
    return F.linear(x, w["action.weight"], w["action.bias"])


def train(make_optimiser, batch_norm=False, loss_of=F.mse_loss, clip=None):
    weights, (pictures, labels) = make_weights(), make_data()
    decaying = [w for name, w in weights.items() if w.dim() > 1]
    staying = [w for name, w in weights.items() if w.dim() == 1]
    optimiser = make_optimiser([{"params": decaying}, {"params": staying, "weight_decay": 0.0}])
    for step in range(STEPS):
        begin = step * BATCH % SAMPLES
        loss = loss_of(network(pictures[begin:begin + BATCH], weights, batch_norm),
                       labels[begin:begin + BATCH])
        optimiser.zero_grad()
        loss.backward()
        if clip is not None:
            torch.nn.utils.clip_grad_norm_(weights.values(), clip)
        optimiser.step()
        yield loss.item()


def huber(output, labels):
    return F.huber_loss(output, labels, delta=0.1)


def main():
    torch.set_num_threads(1)
    columns = {
        "adam": train(lambda p: torch.optim.Adam(p, 2e-5)),
        "adam_batch_norm": train(lambda p: torch.optim.Adam(p, 2e-5), batch_norm=True),
        "adam_decay": train(lambda p: torch.optim.Adam(p, 2e-5, weight_decay=1e-2)),
        "adamw_huber": train(lambda p: torch.optim.AdamW(p, 2e-5, weight_decay=0.1), loss_of=huber),
        "sgd_nesterov_clip": train(
            lambda p: torch.optim.SGD(p, 2e-4, 0.9, weight_decay=1e-3, nesterov=True), clip=1.0),
    }
    path = pathlib.Path(__file__).parent / "golden" / "torch_losses.csv"
    with open(path, "w", encoding="utf-8") as out:
        out.write(",".join(columns) + "\n")
        for row in zip(*columns.values()):
            out.write(",".join(f"{value:.9g}" for value in row) + "\n")


main()
