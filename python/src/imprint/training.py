"""Behaviour cloning with the library's networks: train()."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from imprint._definitions import Definition
from imprint._errors import UsageError
from imprint._hdf5 import hdf5_lock
from imprint._monitor import Monitor, ProgressCallback
from imprint._native import ffi, lib
from imprint.policies import Network


@dataclass(frozen=True)
class Trained:
    """What train() did; imp_train_summary of imprint/train.h.

    policy: the model with the smallest validation loss. samples, validation_samples: frames.
    parameters: of the network. epochs: done in all. stopped_early: because of patience. loss,
    validation_loss: of the last epoch, mean squared error of the duty cycles. best_loss,
    best_epoch: smallest validation loss, and its epoch, from 1. seconds: that it took.
    """

    folder: Path
    policy: Network
    samples: int
    validation_samples: int
    parameters: int
    epochs: int
    stopped_early: bool
    loss: float
    validation_loss: float
    best_loss: float
    best_epoch: int
    seconds: float


def train(
    folder: str | os.PathLike[str],
    data: str | os.PathLike[str] | Sequence[str | os.PathLike[str]],
    *,
    network: str | os.PathLike[str] = "one-residual",
    epochs: int = 10,
    seed: int = 1,
    resume: bool = False,
    progress: ProgressCallback | None = None,
    **settings: Any,
) -> Trained:
    """Trains a network of ours on the expert's actions in datasets, as `imprint train` does.

    folder: gets model.safetensors, history.csv, loss.svg and what resuming needs. data: a dataset
    of collect(), or several. network: a built-in architecture, or a YAML file (docs/networks.md).
    seed: of weights, order and validation. settings: other fields of imp_train_def
    (imprint/train.h), as patience=3 or trainer={"threads": 1}. Without resume the folder must not
    hold a training yet.

    Ctrl-C ends it within a second; `resume=True` goes on from there, to the same bytes.
    """
    folders = [data] if isinstance(data, (str, os.PathLike)) else list(data)
    if not folders:
        raise UsageError("data: a dataset is needed")
    definition = Definition("imp_train_def", lib.imp_default_train_def())
    definition.update(settings)
    definition.update({"epochs": epochs, "seed": seed, "resume": resume})
    definition.set("network.architecture", network)
    names = [ffi.new("char[]", os.fsencode(name)) for name in folders]
    summary = ffi.new("imp_train_summary *")
    with Monitor(progress) as monitor, hdf5_lock:
        monitor.call(
            lib.imp_train,
            summary,
            os.fsencode(folder),
            ffi.new("char *[]", names),
            len(names),
            definition.pointer,
            monitor.pointer,
        )
    figures = {
        name: getattr(summary, name)
        for name in Trained.__dataclass_fields__
        if name not in ("folder", "policy")
    }
    return Trained(folder=Path(folder), policy=Network(folder), **figures)
