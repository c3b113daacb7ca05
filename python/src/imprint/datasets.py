"""Reading datasets: Dataset, frames of recorded episodes for training.

A Dataset is what torch.utils.data.DataLoader takes, and needs no torch itself:

    data = imprint.Dataset("data", frames=3, last_actions=2)
    training, validation = data.split(validation=0.1, seed=1)
    loader = DataLoader(training, batch_size=64, shuffle=True, num_workers=2)

It is read from mapped files, so that it may be larger than memory.
"""

import importlib
import operator
import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from imprint._arrays import pointer
from imprint._dataset_files import (
    EPISODE_ROW,
    DatasetFolder,
    DatasetInfo,
    Episode,
    episode_row,
)
from imprint._errors import BadInputError, UsageError, call
from imprint._native import ffi, lib
from imprint._statistics import ColumnStatistics, ImageStatistics, statistics_of_rows

Key = Literal[
    "observation",
    "action",
    "expert_action",
    "past_actions",
    "next_observation",
    "reward",
    "terminated",
    "truncated",
    "pose",
    "lane",
    "driver",
    "command",
    "speed",
    "time_step",
    "robot",
    "episode",
    "step",
]
Sample = dict[str, Any]
Paths = str | os.PathLike[str] | Iterable[str | os.PathLike[str]]

# arrays of an episode that a sample holds a row of
_ROWS = {
    "action": "actions",
    "expert_action": "expert_actions",
    "reward": "rewards",
    "terminated": "terminations",
    "truncated": "truncations",
    "pose": "poses",
    "lane": "lane",
}
# an episode's array that may be missing, what stands for it then, and its type
_OPTIONAL: dict[str, tuple[str, int, type[np.integer[Any]]]] = {
    "driver": ("drivers", -1, np.int8),
    "command": ("commands", 0, np.uint8),
}
# inputs of networks that hold throughout an episode, and how many numbers each has
_CONDITIONS = {"speed": 1, "time_step": 1, "robot": 7}
_KEYS = (
    *_ROWS,
    "observation",
    "next_observation",
    "past_actions",
    *_OPTIONAL,
    *_CONDITIONS,
    "episode",
    "step",
)

# bytes of images after which the memory that was read is given back
_FORGET_AFTER = 256 << 20


@dataclass(frozen=True)
class DatasetStatistics:
    """Figures of a dataset: observation, of each channel, in [0, 1]; action and expert_action, of
    the left and the right wheel; expert_action, of those frames that have one. frames: how many the
    dataset has.
    """

    observation: ColumnStatistics
    action: ColumnStatistics
    expert_action: ColumnStatistics
    frames: int


class Dataset:
    """Frames of recorded episodes, in order. A frame is a state in which an action was taken.

    `data[k]` is a dict of arrays, which are copies; `data[[3, 1, 2]]` and `data[10:20]` are dicts
    of arrays with one row for each frame. `data.episodes` has the recorded arrays themselves.

    path: a dataset's folder, or several, whose images have the same size.
    keys: what a sample holds, see below. frames, frames_every: images of an observation, and steps
        between them: earlier ones first, the present one last; those before an episode are its
        first. stack: they share the axis of channels, [height, width, 3 * frames]; else they have
        an axis of their own, [frames, height, width, 3]. channels_first: [3, height, width], views
        of the same memory unless stacked. last_actions: executed before the present one, earlier
        ones first, 0 before an episode; adds the key "past_actions". labelled: only frames whose
        expert_action is known: in drives in which a person took over, others have NaN there.

    | key | array |
    |---|---|
    | observation, next_observation | uint8, as above: before the action, after it |
    | action, expert_action | float32 [2]: duty cycles that were executed; that the expert wants |
    | past_actions | float32 [last_actions, 2] |
    | reward | float32 |
    | terminated, truncated | bool |
    | pose | float64 [3]: x [m], z [m], heading [rad] |
    | lane | float64 [2]: distance from its centre [m], angle [rad]; NaN off the lanes |
    | driver | int8: who drove, see Driver; -1: unknown |
    | command | uint8: the navigation command, see Command; 0 where nobody gave any |
    | speed, time_step | float64 [1]: wanted [m/s], 0: none; between decisions [s] |
    | robot | float64 [7]: gain, trim, wheel radius and distance [m], delay [s], camera's pitch
        [rad] and height [m], as a network meets them |
    | episode, step | int64: index in `episodes`, and in the episode |

    It can be pickled, and used in processes that are forked or spawned: these open the files again.
    A recording that goes on is read as it was; open it again for what is new.
    """

    def __init__(
        self,
        path: Paths,
        *,
        keys: Sequence[Key] = ("observation", "action", "expert_action"),
        frames: int = 1,
        frames_every: int = 1,
        last_actions: int = 0,
        stack: bool = False,
        channels_first: bool = False,
        labelled: bool = False,
    ) -> None:
        paths = [path] if isinstance(path, (str, os.PathLike)) else path
        self._folders = tuple(DatasetFolder(folder) for folder in paths)
        self._check_folders()
        self._frames = _count("frames", frames, 1)
        self._frames_every = _count("frames_every", frames_every, 1)
        self._last_actions = _count("last_actions", last_actions, 0)
        self._stack, self._channels_first = bool(stack), bool(channels_first)
        self._labelled = bool(labelled)
        self._keys = _checked_keys(keys, self._last_actions)
        self._set_episodes([e for folder in self._folders for e in folder.episodes])
        self._whole = True

    def _check_folders(self) -> None:
        if not self._folders:
            raise UsageError("path: a folder is needed, or several")
        first = self._folders[0]
        for folder in self._folders[1:]:
            for name in ("width", "height", "observation"):
                values = getattr(first.info, name), getattr(folder.info, name)
                if values[0] != values[1]:
                    raise UsageError(
                        f"{folder.path}: its {name} is {values[1]}, but that of {first.path} is "
                        f"{values[0]}: use them one by one"
                    )

    def _set_episodes(self, episodes: Iterable[Episode]) -> None:
        self._episodes = tuple(episodes)
        lengths = [len(e) for e in self._episodes]
        # of each frame, its step in its episode; None: episodes count from 0 on
        self._steps: NDArray[np.int64] | None = None
        if self._labelled:
            kept = [np.flatnonzero(e.labelled) for e in self._episodes]
            if sum(map(len, kept)) < sum(lengths):
                self._steps = np.concatenate(kept)
            lengths = [len(steps) for steps in kept]
        self._starts = np.array([0, *accumulate(lengths)], np.int64)
        self._read = 0

    @property
    def info(self) -> DatasetInfo:
        """Of the first folder."""
        return self._folders[0].info

    @property
    def finished(self) -> bool:
        """Whether the recordings were finished; else there may be more of them by now."""
        return all(folder.info.finished for folder in self._folders)

    @property
    def episodes(self) -> tuple[Episode, ...]:
        """The episodes, whose arrays are views of the files."""
        return self._episodes

    def __len__(self) -> int:
        return int(self._starts[-1])

    def __repr__(self) -> str:
        paths = ", ".join(str(folder.path) for folder in self._folders)
        more = "" if self.finished else ", recording not finished"
        return f"<Dataset {paths}: {len(self._episodes)} episodes, {len(self)} frames{more}>"

    def __getitem__(self, frame: int | slice | Sequence[int] | NDArray[np.integer], /) -> Sample:
        """A frame, or a batch of frames."""
        if isinstance(frame, slice):
            return self._batch(np.arange(*frame.indices(len(self))))
        numbers = self._numbers(frame)
        if numbers.ndim == 0:
            return {key: rows[0] for key, rows in self._batch(numbers[None]).items()}
        return self._batch(numbers)

    def __getitems__(self, frames: Sequence[int]) -> list[Sample]:
        """Frames one by one, read together: what DataLoader asks for."""
        batch = self._batch(self._numbers(frames))
        return [{key: rows[k] for key, rows in batch.items()} for k in range(len(frames))]

    def _numbers(self, frames: ArrayLike) -> NDArray[np.int64]:
        """Frame numbers from 0 on, of what may be negative. Fails on those that do not exist."""
        numbers = np.asarray(frames)
        if numbers.size == 0:
            return numbers.astype(np.int64)
        if numbers.dtype.kind not in "iu" or numbers.ndim > 1:
            raise TypeError(
                f"a frame's number, a slice, or a row of numbers is needed, not {frames!r}"
            )
        wrong = (numbers < -len(self)) | (numbers >= len(self))
        if wrong.any():
            number = int(numbers[wrong][0]) if numbers.ndim else int(numbers)
            raise IndexError(f"frame {number}: there are {len(self)}, from 0 to {len(self) - 1}")
        return np.where(numbers < 0, numbers + len(self), numbers).astype(np.int64)

    def _batch(self, numbers: NDArray[np.int64]) -> Sample:
        """The arrays of some frames, with one row for each."""
        indices, steps = self._places_of(numbers)
        episodes = [self._episodes[k] for k in indices.tolist()]
        batch: Sample = {}
        for key in self._keys:
            if key == "observation":
                batch[key] = self._images(episodes, steps)
            elif key == "next_observation":
                batch[key] = self._images(episodes, steps + 1)
            elif key == "past_actions":
                batch[key] = self._past_actions(episodes, steps)
            elif key in ("episode", "step"):
                batch[key] = indices if key == "episode" else steps
            elif key in _CONDITIONS:
                rows = [episode.conditions[key] for episode in episodes]
                batch[key] = np.array(rows, np.float64).reshape(-1, _CONDITIONS[key])
            elif key in _OPTIONAL:
                batch[key] = _optional_values(key, episodes, steps)
            else:
                batch[key] = self._rows(episodes, steps, _ROWS[key])
        return batch

    def _places_of(self, numbers: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Of frames, the index of the episode and the step in it."""
        indices = np.searchsorted(self._starts, numbers, "right") - 1
        if self._steps is not None:
            return indices, self._steps[numbers]
        return indices, numbers - self._starts[indices]

    def _rows(self, episodes: list[Episode], steps: NDArray[np.int64], name: str) -> NDArray[Any]:
        """One row of a recorded array for each step."""
        get: Callable[[Episode], NDArray[Any]] = operator.attrgetter(name)
        if not episodes:
            return get(self._folders[0].episodes[0])[:0].copy()
        return np.array([get(e)[step] for e, step in zip(episodes, steps.tolist(), strict=True)])

    def _images(self, episodes: list[Episode], steps: NDArray[np.int64]) -> NDArray[np.uint8]:
        """Observations at some steps, with their history: [N, ...]."""
        count, height, width = self._frames, self.info.height, self.info.width
        out = np.empty((len(episodes), count, height, width, 3), np.uint8)
        back = self._frames_every * np.arange(count - 1, -1, -1)
        places = np.maximum(steps[:, None] - back, 0).tolist()
        for images, episode, row in zip(out, episodes, places, strict=True):
            recorded = episode.observations
            for k, step in enumerate(row):
                images[k] = recorded[step]
        self._read += out.nbytes
        if self._read > _FORGET_AFTER:
            self._read = 0
            for folder in self._folders:
                folder.forget()
        return self._arranged(out)

    def _arranged(self, images: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Images [N, frames, height, width, 3] with the axes that were asked for."""
        count, frames, height, width, _ = images.shape
        if self._channels_first:
            images = images.transpose(0, 1, 4, 2, 3)
        if frames == 1:
            return images[:, 0]
        if self._stack and self._channels_first:
            return images.reshape(count, 3 * frames, height, width)
        if self._stack:
            return images.transpose(0, 2, 3, 1, 4).reshape(count, height, width, 3 * frames)
        return images

    def _past_actions(
        self, episodes: list[Episode], steps: NDArray[np.int64]
    ) -> NDArray[np.float32]:
        """What was executed before some steps: [N, last_actions, 2]."""
        out = np.zeros((len(episodes), self._last_actions, 2), np.float32)
        for actions, episode, step in zip(out, episodes, steps.tolist(), strict=True):
            known = min(step, self._last_actions)
            if known > 0:
                actions[-known:] = episode.actions[step - known : step]
        return out

    def select(self, episodes: ArrayLike) -> "Dataset":
        """The same with some of the episodes only, given by their indices, or by a mask."""
        wanted = np.asarray(episodes)
        if wanted.size == 0:
            wanted = np.zeros(0, np.int64)
        if wanted.dtype.kind not in "iub" or wanted.ndim != 1:
            raise TypeError(f"episodes: a row of indices or a mask is needed, not {episodes!r}")
        if wanted.dtype.kind == "b" and len(wanted) != len(self._episodes):
            raise UsageError(f"episodes: {len(self._episodes)} in the mask are needed")
        try:
            indices = np.arange(len(self._episodes))[wanted]
        except IndexError:
            raise IndexError(
                f"episodes: there are {len(self._episodes)}, from 0 to {len(self._episodes) - 1}"
            ) from None
        part = self.__class__.__new__(self.__class__)
        part.__dict__.update(self.__dict__)
        part._set_episodes(self._episodes[k] for k in indices)
        part._whole = False
        return part

    def split(self, *, validation: float = 0.1, seed: int = 1) -> tuple["Dataset", "Dataset"]:
        """Two parts, by whole episodes: for training, and held out for validation.

        The share `validation` of each folder's episodes is held out: those that `imprint train` and
        exports hold out with the same seed. An episode that occurs twice is on one side only.
        """
        if not self._whole:
            raise UsageError("split() needs whole datasets, not selected episodes: use select()")
        held_out = np.zeros(len(self._episodes), np.bool_)
        handles = ffi.new("imp_dataset *[]", [folder.handle for folder in self._folders])
        call(
            lib.imp_dataset_split,
            pointer(held_out),
            handles,
            len(self._folders),
            validation,
            operator.index(seed),
        )
        return self.select(~held_out), self.select(held_out)

    def table(self) -> NDArray[Any]:
        """A row for each episode: a structured array.

        folder: which of the paths. episode: number in that dataset. first_frame: here. steps,
        seconds. map, seed, stream: see Episode. terminated, truncated: how it ended. reward: sum.
        distance: driven [m]. speed: mean [m/s]. lane_distance: mean |distance from the lane's
        centre| [m]. expert_difference: root mean square of executed minus the expert's duty cycle.
        labels: steps whose expert_action is known. driver: "expert", "policy", "person", "several",
        or "" where it is unknown. Unknown figures are NaN.
        """
        places = self._places()
        rows = [
            episode_row(episode, places[id(episode.source)], int(first))
            for episode, first in zip(self._episodes, self._starts, strict=False)
        ]
        return np.array(rows, EPISODE_ROW)

    def _places(self) -> dict[int, int]:
        """Which of the paths a folder is, by the folder's identity."""
        return {id(folder): k for k, folder in enumerate(self._folders)}

    def to_pandas(self) -> Any:
        """table() as a pandas.DataFrame. Needs pandas."""
        try:
            pandas: Any = importlib.import_module("pandas")
        except ImportError:
            raise UsageError("pandas is not installed: pip install pandas") from None
        table = self.table()
        return pandas.DataFrame({name: table[name] for name in table.dtype.names or ()})

    def statistics(self, images: int | None = 10_000) -> DatasetStatistics:
        """Mean, standard deviation, range and quantiles of observations and actions.

        images: how many, evenly spread, the figures of observations are taken from; None: all.
        """
        if len(self) == 0:
            raise UsageError("there are no frames to take statistics of")
        count = len(self) if images is None else min(_count("images", images, 1), len(self))
        numbers = np.linspace(0, len(self) - 1, count).round().astype(np.int64)
        counted = ImageStatistics()
        indices, steps = self._places_of(numbers)
        for k in np.unique(indices).tolist():
            recorded = self._episodes[k].observations
            counted.add(recorded[step] for step in steps[indices == k].tolist())
        kept = [e.labelled if self._labelled else slice(None) for e in self._episodes]
        pairs = list(zip(self._episodes, kept, strict=True))
        actions = np.concatenate([episode.actions[rows] for episode, rows in pairs])
        expert_actions = np.concatenate([e.expert_actions[e.labelled] for e in self._episodes])
        return DatasetStatistics(
            counted.result(),
            statistics_of_rows(actions),
            statistics_of_rows(expert_actions),
            len(self),
        )

    def __getstate__(self) -> dict[str, Any]:
        """Settings and which episodes these are: the files are opened again."""
        places = self._places()
        return {
            **self.__dict__,
            "_folders": [folder.path for folder in self._folders],
            "_episodes": [(places[id(e.source)], e.number, len(e)) for e in self._episodes],
        }

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._folders = tuple(DatasetFolder(path) for path in state["_folders"])
        episodes = []
        for folder, number, steps in state["_episodes"]:
            known = self._folders[folder].episodes
            if number >= len(known) or len(known[number]) != steps:
                raise BadInputError(
                    f"{self._folders[folder].path}: has changed since this Dataset was made: "
                    f"make it again"
                )
            episodes.append(known[number])
        self._set_episodes(episodes)


def _optional_values(
    key: str, episodes: list[Episode], steps: NDArray[np.int64]
) -> NDArray[np.integer[Any]]:
    """What some steps hold under a key of _OPTIONAL."""
    name, missing, kind = _OPTIONAL[key]
    arrays = (getattr(e, name) for e in episodes)
    known = (
        missing if array is None else array[step]
        for array, step in zip(arrays, steps.tolist(), strict=True)
    )
    return np.fromiter(known, kind, len(episodes))


def _checked_keys(keys: Sequence[Key], last_actions: int) -> tuple[Key, ...]:
    wanted = tuple(keys)
    if last_actions > 0 and "past_actions" not in wanted:
        wanted = (*wanted, "past_actions")
    for key in wanted:
        if key not in _KEYS:
            raise UsageError(f"keys: there is no '{key}'; there are: {', '.join(_KEYS)}")
    if not wanted or len(set(wanted)) < len(wanted):
        raise UsageError(f"keys: {keys!r} must name one or more, each once")
    if "past_actions" in wanted and last_actions == 0:
        raise UsageError("keys: past_actions needs last_actions, how many")
    return wanted


def _count(name: str, value: int, least: int) -> int:
    """A whole number, also NumPy's."""
    try:
        number = operator.index(value)
    except TypeError:
        raise UsageError(f"{name}: a whole number is needed, not {value!r}") from None
    if number < least:
        raise UsageError(f"{name}: {number}; at least {least} is needed")
    return number
