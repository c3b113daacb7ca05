"""LeRobot: export_lerobot() writes a dataset in LeRobot's format v3.0.

The format is described in LeRobot's documentation ("LeRobotDataset v3.0"). Numbers are in Parquet
files, one group of rows for each episode; images are in MP4 files, or as PNG in the Parquet files;
meta/ says what there is. Needs pyarrow, and for videos PyAV or ffmpeg:
`pip install imprint-sim[lerobot]`.
"""

import importlib
import json
import math
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from imprint._dataset_files import Episode
from imprint._errors import Hint, InputOutputError, UsageError
from imprint._monitor import Progress, ProgressCallback
from imprint._statistics import QUANTILES, ColumnStatistics, ImageStatistics, statistics_of_rows
from imprint._video import VideoWriter, create_video, png
from imprint.datasets import Dataset, Paths

CAMERA = "observation.images.front"
_WHEELS = ["left", "right"]
_FILE = "chunk-{chunk_index:03d}/file-{file_index:03d}"
_DATA_PATH = f"data/{_FILE}.parquet"
_VIDEO_PATH = f"videos/{{video_key}}/{_FILE}.mp4"
_FILES_IN_CHUNK = 1000
_DATA_FILE_MB, _VIDEO_FILE_MB = 100, 200

# statistics of larger images are taken from some of them
_SMALL_IMAGE = 150 * 150
_SAMPLED_IMAGES = 100


@dataclass(frozen=True)
class LeRobotExport:
    """What export_lerobot() wrote: a folder, with so many episodes and frames a second."""

    folder: Path
    episodes: int
    frames: int
    fps: int


def export_lerobot(
    dataset: Dataset | Paths,
    path: str | os.PathLike[str],
    *,
    task: str = "drive along the right lane",
    labels: Literal["expert", "executed"] = "expert",
    video: bool = True,
    codec: str = "libx264",
    crf: int = 18,
    fps: int | None = None,
    license: str | None = None,
    progress: ProgressCallback | None = None,
) -> LeRobotExport:
    """Writes episodes as a dataset of LeRobot (v3.0), which appears complete or not at all.

    dataset: folders, or a Dataset, whose episodes are written: a part of a split, for instance.
    path: a folder that does not exist. task: the words that LeRobot's policies get. labels: what
    `action` is: what the expert wants, or what was executed. video: images as MP4, which loses
    a little; else as PNG. codec, crf: FFmpeg's encoder and its quality, smaller is better. fps:
    frames a second, where the recording's are no whole number. license: for the dataset's card.

    | feature | array |
    |---|---|
    | observation.images.front | the image |
    | observation.state | float32 [2]: duty cycles that were executed last, 0 at the start |
    | action | float32 [2]: duty cycles of the left and the right wheel |
    | executed_action | float32 [2]: duty cycles that were executed |
    | next.reward, next.done | float32, if known; bool |
    | pose | float32 [3]: x [m], z [m], heading [rad], if known |
    """
    parquet = _parquet()
    data = dataset if isinstance(dataset, Dataset) else Dataset(dataset)
    if labels not in ("expert", "executed"):
        raise UsageError(f"labels: {labels!r}; 'expert' or 'executed' is needed")
    if not data.episodes:
        raise UsageError("there are no episodes to export")
    if labels == "expert":
        _check_labels(data)
    folder = Path(path)
    if folder.exists():
        raise InputOutputError(f"{folder} exists", Hint.OUTPUT_EXISTS)
    partial = folder.with_name(f"{folder.name}.partial")
    writer = _Writer(parquet, data, partial, task, labels, fps, (codec, crf) if video else None)
    try:
        partial.mkdir(parents=True)
        writer.write(progress)
        writer.write_metadata(license)
        partial.rename(folder)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise
    return LeRobotExport(folder, len(data.episodes), writer.frames, writer.fps)


def _check_labels(data: Dataset) -> None:
    """Fails where the expert's action is unknown, for which LeRobot has no word."""
    for episode in data.episodes:
        if not episode.labelled.all():
            raise UsageError(
                f"{episode.folder}: episode {episode.number} has no label in step "
                f"{np.argmin(episode.labelled)}, where the person did not drive: import the drives "
                f"with the expert's labels, or export labels='executed'"
            )


def _parquet() -> Any:
    try:
        return importlib.import_module("pyarrow.parquet")
    except ImportError:
        raise UsageError("pyarrow is not installed: pip install pyarrow av") from None


class _Writer:
    """Writes the files of one export, one episode after the other."""

    def __init__(
        self,
        parquet: Any,
        data: Dataset,
        folder: Path,
        task: str,
        labels: str,
        fps: int | None,
        encoder: tuple[str, int] | None,
    ) -> None:
        self._parquet, self._arrow = parquet, importlib.import_module("pyarrow")
        self._data, self._folder, self._task, self._labels = data, folder, task, labels
        self.fps = _frames_a_second(data) if fps is None else fps
        self._encoder = encoder
        self.frames = sum(len(episode) for episode in data.episodes)
        info = data.info
        self._size = info.width, info.height
        self._known_rewards = not any(np.isnan(e.rewards[0]) for e in data.episodes)
        self._known_poses = not any(np.isnan(e.poses[0, 0]) for e in data.episodes)
        self.features = self._make_features()
        self._rows = _RollingFile(_DATA_FILE_MB)
        self._videos = _RollingFile(_VIDEO_FILE_MB)
        self._images = ImageStatistics()
        self._columns: dict[str, list[NDArray[Any]]] = {}
        self._episodes: list[dict[str, Any]] = []

    def _make_features(self) -> dict[str, dict[str, Any]]:
        """LeRobot's description of what a frame holds."""
        shape = [self._size[1], self._size[0], 3]
        features = {
            CAMERA: {
                "dtype": "image" if self._encoder is None else "video",
                "shape": shape,
                "names": ["height", "width", "channels"],
            },
            "observation.state": _feature("float32", 2, _WHEELS),
            "action": _feature("float32", 2, _WHEELS),
            "executed_action": _feature("float32", 2, _WHEELS),
        }
        if self._encoder is not None:
            features[CAMERA]["info"] = _video_info(self._size, self.fps, self._encoder[0])
        if self._known_rewards:
            features["next.reward"] = _feature("float32", 1)
        features["next.done"] = _feature("bool", 1)
        if self._known_poses:
            features["pose"] = _feature("float32", 3, ["x", "z", "heading"])
        features["timestamp"] = _feature("float32", 1)
        for name in ("frame_index", "episode_index", "index", "task_index"):
            features[name] = _feature("int64", 1)
        return features

    def write(self, progress: ProgressCallback | None) -> None:
        """Writes all frames."""
        rows: Any = None
        video: VideoWriter | None = None
        first = 0
        try:
            for k, episode in enumerate(self._data.episodes):
                if self._rows.starts(self._folder, _DATA_PATH):
                    rows = self._next_rows(rows)
                if self._encoder is not None and self._videos.starts(self._folder, _VIDEO_PATH):
                    video = self._next_video(video)
                self._write_episode(k, episode, first, rows, video)
                first += len(episode)
                if progress is not None:
                    count = len(self._data.episodes)
                    progress(Progress("export", "episodes", k + 1, count, ""))
        finally:
            if rows is not None:
                rows.close()
            if video is not None:
                video.close()

    def _next_rows(self, before: Any) -> Any:
        """Starts the next Parquet file."""
        if before is not None:
            before.close()
        self._rows.path.parent.mkdir(parents=True, exist_ok=True)
        return self._parquet.ParquetWriter(self._rows.path, self._schema())

    def _next_video(self, before: VideoWriter | None) -> VideoWriter:
        """Starts the next video."""
        if before is not None:
            before.close()
        assert self._encoder is not None
        return create_video(self._videos.path, self._size, self.fps, *self._encoder)

    def _write_episode(
        self, number: int, episode: Episode, first: int, rows: Any, video: VideoWriter | None
    ) -> None:
        steps = len(episode)
        images = episode.observations[:steps]
        columns = self._columns_of(number, episode, first)
        table: dict[str, Any] = {name: _arrow_values(v) for name, v in columns.items()}
        metadata = {
            "episode_index": number,
            "tasks": [self._task],
            "length": steps,
            "data/chunk_index": self._rows.chunk,
            "data/file_index": self._rows.file,
            "dataset_from_index": first,
            "dataset_to_index": first + steps,
        }
        if video is None:
            table[CAMERA] = [{"bytes": png(image), "path": None} for image in images]
        else:
            start = self._videos.frames / self.fps
            video.add(images)
            self._videos.frames += steps
            metadata[f"videos/{CAMERA}/chunk_index"] = self._videos.chunk
            metadata[f"videos/{CAMERA}/file_index"] = self._videos.file
            metadata[f"videos/{CAMERA}/from_timestamp"] = start
            metadata[f"videos/{CAMERA}/to_timestamp"] = start + steps / self.fps
        schema = self._schema()
        arrays = [self._arrow.array(table[field.name], field.type) for field in schema]
        rows.write_table(self._arrow.table(arrays, schema=schema))
        statistics = self._statistics_of(images, columns)
        for name, figures in statistics.items():
            metadata.update({f"stats/{name}/{key}": value for key, value in figures.items()})
        metadata["meta/episodes/chunk_index"] = metadata["meta/episodes/file_index"] = 0
        self._episodes.append(metadata)
        episode.source.forget()

    def _columns_of(self, number: int, episode: Episode, first: int) -> dict[str, NDArray[Any]]:
        """The numbers of an episode's frames: [steps], or [steps, D]."""
        steps = len(episode)
        frames = np.arange(steps)
        labels = episode.expert_actions if self._labels == "expert" else episode.actions
        done = np.zeros(steps, np.bool_)
        done[-1] = True
        columns: dict[str, NDArray[Any]] = {
            "observation.state": np.concatenate([np.zeros((1, 2), np.float32), episode.actions])[
                :steps
            ],
            "action": labels,
            "executed_action": episode.actions,
            "next.done": done,
            "timestamp": (frames / self.fps).astype(np.float32),
            "frame_index": frames,
            "episode_index": np.full(steps, number),
            "index": frames + first,
            "task_index": np.zeros(steps, np.int64),
        }
        if self._known_rewards:
            columns["next.reward"] = episode.rewards
        if self._known_poses:
            columns["pose"] = episode.poses[:steps].astype(np.float32)
        return columns

    def _schema(self) -> Any:
        """Types of the columns of Parquet files."""
        arrow = self._arrow
        kinds = {"float32": arrow.float32(), "int64": arrow.int64(), "bool": arrow.bool_()}
        fields = []
        for name, feature in self.features.items():
            if feature["dtype"] == "image":
                kind = arrow.struct([("bytes", arrow.binary()), ("path", arrow.string())])
                fields.append((name, kind))
            elif feature["dtype"] != "video":
                kind, length = kinds[feature["dtype"]], feature["shape"][0]
                fields.append((name, kind if length == 1 else arrow.list_(kind, length)))
        return arrow.schema(fields)

    def _statistics_of(
        self, images: NDArray[np.uint8], columns: dict[str, NDArray[Any]]
    ) -> dict[str, dict[str, Any]]:
        """Figures of an episode, which count for the whole dataset, too."""
        counted = ImageStatistics()
        counted.add(_sampled(images))
        self._images.merge(counted)
        figures = {CAMERA: _figures(counted.result(), image=True)}
        for name, values in columns.items():
            values = values.reshape(len(values), -1)
            self._columns.setdefault(name, []).append(values)
            figures[name] = _figures(statistics_of_rows(values))
        return figures

    def write_metadata(self, license: str | None) -> None:
        """Writes what LeRobot reads first: features, tasks, episodes and statistics; and a card."""
        arrow, parquet, meta = self._arrow, self._parquet, self._folder / "meta"
        info = {
            "codebase_version": "v3.0",
            "robot_type": "duckiebot",
            "total_episodes": len(self._episodes),
            "total_frames": self.frames,
            "total_tasks": 1,
            "chunks_size": _FILES_IN_CHUNK,
            "data_files_size_in_mb": _DATA_FILE_MB,
            "video_files_size_in_mb": _VIDEO_FILE_MB,
            "fps": self.fps,
            "splits": {"train": f"0:{len(self._episodes)}"},
            "data_path": _DATA_PATH,
            "video_path": None if self._encoder is None else _VIDEO_PATH,
            "features": self.features,
        }
        statistics = {CAMERA: _figures(self._images.result(), image=True)}
        for name, parts in self._columns.items():
            statistics[name] = _figures(statistics_of_rows(np.concatenate(parts)))
        episodes = meta / "episodes" / f"{_FILE}.parquet".format(chunk_index=0, file_index=0)
        episodes.parent.mkdir(parents=True)
        _write_json(meta / "info.json", info)
        _write_json(meta / "stats.json", statistics)
        parquet.write_table(arrow.Table.from_pylist(self._episodes), episodes)
        parquet.write_table(_task_table(arrow, self._task), meta / "tasks.parquet")
        (self._folder / "README.md").write_text(self._card(license, info), encoding="utf-8")

    def _card(self, license: str | None, info: dict[str, Any]) -> str:
        """The dataset's card: what a hub shows of it."""
        data = self._data.info
        maps = sorted({episode.map for episode in self._data.episodes})
        action = "what the expert wants" if self._labels == "expert" else "what was executed"
        return _CARD.format(
            license="" if license is None else f"license: {license}\n",
            episodes=len(self._episodes),
            frames=self.frames,
            seconds=self.frames / self.fps,
            fps=self.fps,
            task=self._task,
            maps=", ".join(maps),
            policy=data.policy,
            width=data.width,
            height=data.height,
            lens=data.lens,
            action=action,
            info=json.dumps(info, indent=2),
        )


class _RollingFile:
    """Which file of a kind is written: `file-000` of `chunk-000` first."""

    def __init__(self, megabytes: int) -> None:
        self.chunk, self.file, self.frames = 0, -1, 0
        self.path = Path()
        self._limit = megabytes << 20

    def starts(self, folder: Path, pattern: str) -> bool:
        """Whether another file begins, because there is none, or it is full."""
        if self.file >= 0 and (not self.path.exists() or self.path.stat().st_size < self._limit):
            return False
        self.file += 1
        if self.file == _FILES_IN_CHUNK:
            self.chunk, self.file = self.chunk + 1, 0
        place = {"chunk_index": self.chunk, "file_index": self.file}
        self.path = folder / pattern.format(video_key=CAMERA, **place)
        self.frames = 0
        return True


def _frames_a_second(data: Dataset) -> int:
    """Of all episodes: a whole number."""
    steps = {episode.time_step for episode in data.episodes}
    rates = {round(1.0 / step) for step in steps}
    exact = all(math.isclose(step * max(round(1.0 / step), 1), 1.0, rel_tol=1e-3) for step in steps)
    if len(rates) > 1 or not exact:
        times = ", ".join(f"{step:g}" for step in sorted(steps))
        raise UsageError(
            f"LeRobot needs a whole number of frames a second, the same in all episodes, but the "
            f"time between two is {times} s: give fps=..."
        )
    return rates.pop()


def _feature(dtype: str, length: int, names: list[str] | None = None) -> dict[str, Any]:
    return {"dtype": dtype, "shape": [length], "names": names}


def _video_info(size: tuple[int, int], fps: int, codec: str) -> dict[str, Any]:
    return {
        "video.width": size[0],
        "video.height": size[1],
        "video.codec": {"libx264": "h264", "libx265": "hevc", "libsvtav1": "av1"}.get(codec, codec),
        "video.pix_fmt": "yuv420p",
        "video.is_depth_map": False,
        "video.fps": fps,
        "video.channels": 3,
        "has_audio": False,
    }


def _arrow_values(values: NDArray[Any]) -> list[Any]:
    """Rows as Python lists, which pyarrow makes lists of a fixed length of."""
    return list(values.tolist())


def _sampled(images: NDArray[np.uint8]) -> Iterator[NDArray[np.uint8]]:
    """The images that statistics are taken from: all, unless they are large."""
    count, height, width, _ = images.shape
    if height * width <= _SMALL_IMAGE:
        yield from images
        return
    stride = max(1, max(height, width) // 150)
    for k in np.unique(np.linspace(0, count - 1, min(count, _SAMPLED_IMAGES)).astype(np.int64)):
        yield images[k, ::stride, ::stride]


def _figures(statistics: ColumnStatistics, *, image: bool = False) -> dict[str, Any]:
    """Figures as LeRobot names them; those of images have the shape [3, 1, 1]."""
    shape = (3, 1, 1) if image else (-1,)
    values = {name: getattr(statistics, name) for name in ("min", "max", "mean", "std")}
    for share, value in zip(QUANTILES, statistics.quantiles, strict=True):
        values[f"q{round(100 * share):02d}"] = value
    figures = {name: value.reshape(shape).tolist() for name, value in values.items()}
    return {**figures, "count": [statistics.count]}


def _task_table(arrow: Any, task: str) -> Any:
    """The tasks, which pandas reads with the text as the index."""
    columns = [
        {"name": name, "field_name": name, "pandas_type": kind, "numpy_type": dtype}
        for name, kind, dtype in (("task_index", "int64", "int64"), ("task", "unicode", "object"))
    ]
    pandas = {
        "index_columns": ["task"],
        "column_indexes": [],
        "columns": [{**column, "metadata": None} for column in columns],
        "pandas_version": "2.0.0",
    }
    schema = arrow.schema(
        [("task_index", arrow.int64()), ("task", arrow.string())],
        metadata={b"pandas": json.dumps(pandas).encode()},
    )
    return arrow.table([[0], [task]], schema=schema)


def _write_json(path: Path, content: dict[str, Any]) -> None:
    path.write_text(json.dumps(content, indent=4, allow_nan=False) + "\n", encoding="utf-8")


_CARD = """---
{license}task_categories:
- robotics
tags:
- LeRobot
- duckietown
configs:
- config_name: default
  data_files: data/*/*.parquet
---

# {task}

{episodes} episodes of a simulated Duckiebot, {frames} frames, {seconds:.0f} s at {fps} frames a
second, in LeRobot's format v3.0. The simulator is imprint (`imprint-sim` in Python).

| what | |
|---|---|
| task | {task} |
| maps | {maps} |
| who drove | {policy} |
| images | {width} x {height}, RGB, lens: {lens} |
| `action` | duty cycles of the left and the right wheel, in [-1, 1]: {action} |
| `executed_action` | duty cycles that were executed |
| `observation.state` | duty cycles that were executed last |

```python
from lerobot.datasets.lerobot_dataset import LeRobotDataset

dataset = LeRobotDataset("me/drive", root="this folder")
```

## Structure

`meta/info.json`:

```json
{info}
```
"""
