"""Exports: datasets in the formats of Minari, robomimic and Duckietown's baseline.

export_lerobot() of imprint.lerobot writes LeRobot's. docs/import.md describes what each contains.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass

from imprint._definitions import Definition
from imprint._hdf5 import hdf5_lock
from imprint._monitor import Monitor, ProgressCallback
from imprint._native import ffi, lib
from imprint._old_names import with_present_names

AnyPath = str | os.PathLike[str]


@dataclass(frozen=True)
class RobomimicExport:
    """How many demonstrations are in `mask/train` and `mask/valid`; 0 without a split."""

    training: int
    held_out: int


def export_minari(
    dataset: AnyPath,
    path: AnyPath,
    *,
    id: str | None = None,
    progress: ProgressCallback | None = None,
) -> None:
    """Writes a dataset as a folder for Minari: one HDF5 file for all episodes, and its metadata.

    path: a folder that does not exist. id: "NAMESPACE/NAME-vNUMBER", which must be where the folder
    lies in Minari's own, `NAMESPACE/NAME-vNUMBER/data`; None: the dataset's own.
    """
    _export("minari", dataset, path, {"id": id}, progress)


def export_robomimic(
    dataset: AnyPath,
    path: AnyPath,
    *,
    validation: float = 0.1,
    seed: int = 1,
    force: bool = False,
    progress: ProgressCallback | None = None,
    **old: bool,
) -> RobomimicExport:
    """Writes a dataset as an HDF5 file for robomimic, whose `actions` are the expert's.

    validation: share of episodes that `mask/valid` lists, those of Dataset.split() with the same
    seed; 0: no lists. force: replace an existing file.
    """
    settings = {"validation": validation, "seed": seed, "replace": _force(force, old)}
    summary = _export("robomimic", dataset, path, settings, progress)
    return RobomimicExport(*summary)


def export_trainlog(
    dataset: AnyPath,
    path: AnyPath,
    *,
    force: bool = False,
    progress: ProgressCallback | None = None,
    **old: bool,
) -> None:
    """Writes a dataset as a `train.log` of Duckietown's baseline: pickles, one for each episode.

    force: replace an existing file.
    """
    _export("trainlog", dataset, path, {"replace": _force(force, old)}, progress)


def _force(force: bool, old: Mapping[str, bool]) -> bool:
    """Whether to replace a file, as told by this or by the earlier name."""
    unknown = set(old) - {"replace"}
    if unknown:
        raise TypeError(f"there is no argument '{min(unknown)}'")
    return bool(with_present_names(old).get("force", force))


def _export(
    kind: str,
    dataset: AnyPath,
    path: AnyPath,
    settings: Mapping[str, object],
    progress: ProgressCallback | None,
) -> tuple[int, int]:
    definition = Definition("imp_export_def", lib.imp_default_export_def())
    definition.update({"format": kind, **settings})
    summary = ffi.new("imp_export_summary *")
    with Monitor(progress) as monitor, hdf5_lock:
        monitor.call(
            lib.imp_export_dataset,
            summary,
            os.fsencode(dataset),
            os.fsencode(path),
            definition.pointer,
            monitor.pointer,
        )
    return summary.training, summary.held_out
