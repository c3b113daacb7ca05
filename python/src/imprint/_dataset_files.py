"""Datasets on disk as the library opens them: mapped files, and arrays that are views of them.

A folder is opened once. Its arrays lie in mappings of the shards, which are read when they are
touched; where a shard cannot be mapped (compressed, another byte order), the library copies it.
Views keep the mappings alive, and cannot be written to.
"""

import enum
import json
import math
import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from imprint._conditions import numbers_by_input
from imprint._errors import BadInputError, call, text
from imprint._hdf5 import hdf5_lock
from imprint._native import ffi, lib


@dataclass(frozen=True)
class DatasetInfo:
    """What holds for a whole dataset; see docs/formats.md.

    width, height: of an observation [px]. time_step: between two samples [s]. map: its name, or
    "several". lens: its name. policy: who drove. observation: "image" or "segments". settings: of
    the command that recorded it. finished: whether the recording was; else more may follow.
    """

    width: int
    height: int
    time_step: float
    map: str
    lens: str
    policy: str
    observation: str
    settings: dict[str, Any]
    finished: bool


class DatasetFolder:
    """A dataset folder, open for reading. Fails with the library's exceptions if it is none."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path).absolute()
        out = ffi.new("imp_dataset **")
        with hdf5_lock:
            call(lib.imp_dataset_open, out, os.fsencode(path))
        self.handle = ffi.gc(out[0], lib.imp_dataset_close)
        self.info = self._read_info()
        count = lib.imp_dataset_episode_count(self.handle)
        if count == 0:
            reason = "the recording was finished without any"
            if not self.info.finished:
                reason = "it is being recorded, or was stopped before its first file was complete"
            raise BadInputError(f"{path}: has no episodes: {reason}")
        self.episodes = tuple(Episode(self, k) for k in range(count))

    def _read_info(self) -> DatasetInfo:
        info = lib.imp_dataset_get_info(self.handle)
        segments = text(info.observation) == "segments"
        return DatasetInfo(
            info.width,
            info.height,
            info.time_step,
            text(info.map),
            text(info.lens),
            text(info.policy),
            "segments" if segments else "image",
            _json(text(info.settings)),
            lib.imp_dataset_is_finished(self.handle),
        )

    def forget(self) -> None:
        """Gives back the memory that was read. It is read again when it is touched."""
        lib.imp_dataset_advise_readahead(self.handle, ffi.NULL, 0, lib.IMP_READ_DONE)


class Driver(enum.IntEnum):
    """Who drove in a step: `drivers` of an episode."""

    EXPERT = lib.IMP_DRIVER_EXPERT
    POLICY = lib.IMP_DRIVER_POLICY
    PERSON = lib.IMP_DRIVER_PERSON


class Episode:
    """One recorded episode of T steps, `len(episode)`. Its arrays are read-only views of the files.

    Arrays with T + 1 rows hold the state before each action, and in the last row that at the end.
    What a recording does not know is NaN.

    source: the open dataset. number: in that dataset. map: its name. time_step: between samples
    [s]. seed, stream: the environment's seed, and the episode's number in its random streams.
    """

    def __init__(self, folder: DatasetFolder, number: int) -> None:
        self.source = folder
        self._episode = lib.imp_dataset_episode(folder.handle, number)
        self.number = number
        self._steps = int(self._episode.steps)

    def __len__(self) -> int:
        return self._steps

    def __repr__(self) -> str:
        return f"<Episode {self.number} of {self.folder}: {len(self)} steps on {self.map}>"

    @property
    def folder(self) -> Path:
        """The dataset's folder."""
        return self.source.path

    @property
    def map(self) -> str:
        """Name of the map."""
        return text(self._episode.map)

    @property
    def time_step(self) -> float:
        """Between two samples [s]."""
        return float(self._episode.time_step)

    @property
    def seed(self) -> int:
        """Of the environment."""
        return int(self._episode.seed)

    @property
    def stream(self) -> int:
        """Number of the episode in its environment: `reset(options={"episode_number": ...})`."""
        return int(self._episode.number)

    @property
    def randomization(self) -> dict[str, Any] | None:
        """What was drawn for the episode, or None without randomisation."""
        return _json(text(self._episode.randomization)) if self._episode.randomization else None

    @property
    def map_text(self) -> str | None:
        """The map's YAML, if the map is not built in."""
        if not self._episode.map_text:
            return None
        return bytes(ffi.buffer(self._episode.map_text, self._episode.map_bytes)).decode()

    @cached_property
    def observations(self) -> NDArray[np.uint8]:
        """[T + 1, height, width, 3], RGB."""
        info = self.source.info
        return self._view("observations", np.uint8, 1, info.height, info.width, 3)

    @cached_property
    def actions(self) -> NDArray[np.float32]:
        """[T, 2]: executed duty cycles of the left and the right wheel, in [-1, 1]."""
        return self._view("actions", np.float32, 0, 2)

    @cached_property
    def expert_actions(self) -> NDArray[np.float32]:
        """[T, 2]: what the expert would do in the same states; NaN where nobody said so."""
        return self._view("expert_actions", np.float32, 0, 2)

    @cached_property
    def labelled(self) -> NDArray[np.bool_]:
        """[T]: whether `expert_actions` is known; in drives of people it may not be."""
        return ~np.isnan(self.expert_actions[:, 0])

    @cached_property
    def drivers(self) -> NDArray[np.uint8] | None:
        """[T]: who drove, see Driver; None: unknown."""
        return self._view("drivers", np.uint8, 0) if self._episode.drivers else None

    @cached_property
    def commands(self) -> NDArray[np.uint8] | None:
        """[T]: the navigation command before each action, see Command; None: nobody gave any."""
        return self._view("commands", np.uint8, 0) if self._episode.commands else None

    @cached_property
    def conditions(self) -> dict[str, NDArray[np.float64]]:
        """The numbers of the inputs that hold throughout the episode, in their units, by name:
        "speed", "time_step", "robot".
        """
        return numbers_by_input(lib.imp_episode_conditions(self._episode, 0).numbers)

    @cached_property
    def poses(self) -> NDArray[np.float64]:
        """[T + 1, 3]: x [m], z [m], heading [rad]."""
        return self._view("poses", np.float64, 1, 3)

    @cached_property
    def lane(self) -> NDArray[np.float64]:
        """[T + 1, 2]: distance from the lane's centre [m], angle to its direction [rad]."""
        return self._view("lane", np.float64, 1, 2)

    @cached_property
    def rewards(self) -> NDArray[np.float32]:
        """[T]."""
        return self._view("rewards", np.float32, 0)

    @cached_property
    def terminations(self) -> NDArray[np.bool_]:
        """[T]: whether an invalid pose or a collision ended it. Only the last can be true."""
        return self._view("terminations", np.bool_, 0)

    @cached_property
    def truncations(self) -> NDArray[np.bool_]:
        """[T]: whether it was cut off. Only the last can be true."""
        return self._view("truncations", np.bool_, 0)

    def _view(self, member: str, dtype: DTypeLike, more_rows: int, *row: int) -> NDArray[Any]:
        """An array of the episode, with T + more_rows rows."""
        memory = _Memory(self.source, getattr(self._episode, member), dtype)
        memory.__array_interface__["shape"] = (self._steps + more_rows, *row)
        return np.asarray(memory)


class _Memory:
    """Memory of the library for numpy.asarray(), and what keeps it alive."""

    def __init__(self, owner: DatasetFolder, pointer: Any, dtype: DTypeLike) -> None:
        self._owner = owner
        address = int(ffi.cast("uintptr_t", pointer))
        self.__array_interface__ = {
            "version": 3,
            "data": (address, True),
            "typestr": np.dtype(dtype).str,
            "shape": (),
        }


EPISODE_ROW: np.dtype[Any] = np.dtype(
    [
        ("folder", "i4"),
        ("episode", "i4"),
        ("first_frame", "i8"),
        ("steps", "i4"),
        ("seconds", "f8"),
        ("map", "U64"),
        ("seed", "u8"),
        ("stream", "u4"),
        ("terminated", "?"),
        ("truncated", "?"),
        ("reward", "f8"),
        ("distance", "f8"),
        ("speed", "f8"),
        ("lane_distance", "f8"),
        ("expert_difference", "f8"),
        ("labels", "i4"),
        ("driver", "U16"),
    ]
)


def episode_row(episode: Episode, folder: int, first_frame: int) -> tuple[Any, ...]:
    """The figures of an episode as a row of EPISODE_ROW."""
    seconds = len(episode) * episode.time_step
    way = np.diff(episode.poses[:, :2], axis=0)
    distance = float(np.hypot(way[:, 0], way[:, 1]).sum())
    lane = np.abs(episode.lane[1:, 0])
    lane = lane[~np.isnan(lane)]
    labelled = episode.labelled
    difference = episode.actions[labelled].astype(np.float64) - episode.expert_actions[labelled]
    return (
        folder,
        episode.number,
        first_frame,
        len(episode),
        seconds,
        episode.map,
        episode.seed,
        episode.stream,
        bool(episode.terminations[-1]),
        bool(episode.truncations[-1]),
        float(episode.rewards.sum(dtype=np.float64)),
        distance,
        distance / seconds,
        float(lane.mean()) if len(lane) else math.nan,
        math.sqrt(float(np.mean(difference**2))) if labelled.any() else math.nan,
        int(labelled.sum()),
        _driver_of(episode.drivers),
    )


def _driver_of(drivers: NDArray[np.uint8] | None) -> str:
    """The word for who drove an episode: "" if that is unknown."""
    if drivers is None:
        return ""
    first = int(drivers[0])
    return text(lib.imp_driver_name(first)) if (drivers == first).all() else "several"


def _json(content: str) -> dict[str, Any]:
    """A JSON object; empty if the text is none."""
    read: Callable[[str], Any] = json.loads
    try:
        value = read(content)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
